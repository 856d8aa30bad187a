"""What one side of a run is made of: the agreed plan, this node's ports, and the records it must keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cleanroom import limits
from cleanroom.audit.events import Kind
from cleanroom.audit.log import AuditLog
from cleanroom.contract.check import signing_key
from cleanroom.contract.model import Role, other
from cleanroom.contract.plan import Plan
from cleanroom.contract.rules import in_both_languages
from cleanroom.disclosure.accounting import Part, RunCost, charge, run_cost, spent
from cleanroom.disclosure.earlier import Memory, closest
from cleanroom.disclosure.run_rules import apart
from cleanroom.errors import BudgetError, CleanroomError, DataError
from cleanroom.match.dummies import Padding
from cleanroom.ports import Cap, Clock, ConsentProofs, Entropy, Ledger, Noise, PastRuns, Scratch
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.dsse import SigningKey
from cleanroom.rules import Verdict, rule
from cleanroom.session.messages import Hello


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
    scratch: Scratch


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
    memory: Memory | None = None  # what is kept of this run once it is charged; absent in a run without tables
    same: tuple[str, ...] = ()  # earlier runs of the same question on the same own data
    started: datetime | None = None  # when the run began on this node; None: now, whenever that is asked
    hello: Hello | None = None  # ours, when the peer has it already
    versions: tuple[int, int] = (limits.OLDEST_PROTOCOL, limits.PROTOCOL_VERSION)  # of the protocol, that we speak
    resumable: bool = False  # whether a run that loses its peer may be taken up again, so that this is not its end
    overtaken: Callable[[], bool] = bool  # whether other runs of the contract were charged since this one began
    behind: Callable[[], bool] = bool  # whether it goes through what it did before it was interrupted: its log is ahead

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
        that depends on people, the release before the first commitment. BudgetError (X-05) when the contract's budget
        does not allow it, PeriodError (X-04) when the contract allows no more runs for now."""
        ledger, contract = self.ports.ledger, self.plan.contract.id
        try:
            cost = charge(ledger, self.plan, self.partner, self.run.hex(), part, self.caps)
        except BudgetError as error:
            self.audit.record(Kind.RULE_CHECKED, rule=error.rule, verdict="refused")
            detail = in_both_languages(Verdict(rule(error.rule), accepted=False))
            raise type(error)(f"{error.what} — {detail}", where=error.where, todo=error.todo) from error
        if part == "transcript":
            self.judge("X-05", "", BudgetError)
            if self.memory is not None:  # before anything is sent about the people it is about
                self._remember(self.memory)
        total = spent(ledger, contract)
        self.audit.record(Kind.PRIVACY_CHARGED, part=part, epsilon=cost.epsilon_text, delta=cost.delta_text,
                          total_epsilon=total.epsilon_text, total_delta=total.delta_text)

    def _remember(self, memory: Memory) -> None:
        """Keep what is remembered of this run, then look again where the contract refuses near overlaps: of two runs
        that looked before either was kept, at least one sees the other now. DataError (X-04)."""
        past, terms = self.ports.past, self.plan.contract.disclosure
        past.keep(self.run.hex(), memory.question, memory.sketch)
        if terms.overlap == "refuse":
            others = ((run, sketch) for run, sketch in past.sketches() if run != self.run.hex())
            if (close := closest(memory, others, terms.threshold)) is not None:
                self.judge("X-04", apart("refuse", close), DataError)

    def confirm(self, part: Part) -> None:
        """Remember that the peer has charged a part: it sent what that part pays for."""
        self.ports.ledger.confirm(self.plan.contract.id, self.run.hex(), part)

    def judge(self, rule_id: str, broken: str, error: type[CleanroomError], *, warned: bool = False) -> None:
        """Record what a run rule says. `broken` is nothing when it is kept; else raise `error` with the rule's id, its
        texts in both languages and what breaks it."""
        verdict = Verdict(rule(rule_id), accepted=not broken, detail=broken)
        self.audit.record(Kind.RULE_CHECKED, rule=rule_id,
                          verdict="refused" if broken else "warned" if warned else "accepted")
        if broken:
            raise error(in_both_languages(verdict), where=self.role, todo="see docs/consent.md for this rule")
