"""What one side of a run is made of: the agreed plan, this node's ports, and the records it must keep."""

from __future__ import annotations

from dataclasses import dataclass

from cleanroom.audit.events import Kind
from cleanroom.audit.log import AuditLog
from cleanroom.contract.check import signing_key
from cleanroom.contract.model import Role, other
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import Part, RunCost, charge, run_cost, spent
from cleanroom.match.dummies import Padding
from cleanroom.ports import Cap, Clock, ConsentProofs, Entropy, Ledger, Noise, PastRuns
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
    past: PastRuns


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
    caps: tuple[Cap, ...] = ()  # this party's own bounds on what its contracts with the peer may spend together
    same: tuple[str, ...] = ()  # earlier runs of the same question on the same own data

    @property
    def cost(self) -> RunCost:
        """What this run costs in privacy."""
        return run_cost(self.plan)

    @property
    def partner(self) -> str:
        """The peer's public signing key in hex: who a spend is counted for."""
        return signing_key(self.plan.contract, other(self.role)).hex()

    def charge(self, part: Part) -> None:
        """Durably pay for a part before it is spent: the transcript before the own sizes, the first message
        that depends on people, the release before the first commitment. BudgetError when the contract's budget, or a
        bound of a period, does not allow it."""
        ledger, contract = self.ports.ledger, self.plan.contract.id
        cost = charge(ledger, self.plan, self.partner, self.run.hex(), part, self.caps)
        total = spent(ledger, contract)
        self.audit.record(Kind.PRIVACY_CHARGED, part=part, epsilon=cost.epsilon_text, delta=cost.delta_text,
                          total_epsilon=total.epsilon_text, total_delta=total.delta_text)

    def confirm(self, part: Part) -> None:
        """Remember that the peer has charged a part: it sent what that part pays for."""
        self.ports.ledger.confirm(self.plan.contract.id, self.run.hex(), part)
