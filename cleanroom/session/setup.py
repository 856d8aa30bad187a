"""What one side of a run is made of: the agreed plan, this node's ports, and the records it must keep."""

from __future__ import annotations

from dataclasses import dataclass

from cleanroom.audit.events import Kind
from cleanroom.audit.log import AuditLog
from cleanroom.contract.model import Role
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import Part, RunCost, charge, run_cost, spent
from cleanroom.match.dummies import Padding
from cleanroom.ports import Clock, ConsentProofs, Entropy, Ledger, Noise
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.dsse import SigningKey


@dataclass(frozen=True, slots=True, repr=False)
class Ports:
    """The outside world of one run, injected."""

    backend: Backend
    entropy: Entropy
    noise: Noise
    clock: Clock
    ledger: Ledger
    key: SigningKey
    proofs: ConsentProofs


@dataclass(frozen=True, slots=True, repr=False)
class Setup:
    """One run as one side sees it before the first message. `run` is the id, 16 bytes."""

    plan: Plan
    contract_hash: bytes
    role: Role
    run: bytes
    padding: Padding
    ports: Ports
    audit: AuditLog

    @property
    def cost(self) -> RunCost:
        """What this run costs in privacy."""
        return run_cost(self.plan)

    def charge(self, part: Part) -> None:
        """Durably pay for a part before it is spent: the transcript before the own sizes, the first message
        that depends on people, the release before the first commitment. BudgetError when the contract's budget does
        not allow it."""
        contract = self.contract_hash.hex()
        cost = charge(self.ports.ledger, self.plan, contract, self.run.hex(), part)
        total = spent(self.ports.ledger, contract)
        self.audit.record(Kind.PRIVACY_CHARGED, part=part, epsilon=cost.epsilon_text, delta=cost.delta_text,
                          total_epsilon=total.epsilon_text, total_delta=total.delta_text)
