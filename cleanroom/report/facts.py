"""What one party's node knows about its own run and puts beside the shared results.

The counts of this module are exact, so they belong in the report of the party they are about, never in the
peer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from cleanroom.contract.model import Role
from cleanroom.errors import MisuseError
from cleanroom.measures.columns import Clipping


@dataclass(frozen=True, slots=True)
class Refused:
    """Own people or rows that one consent rule refused: rule id (`R-05`), its text, exact count."""

    rule: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What became of one key type among own people, exactly; see `identity.matching.KeyCounts`.

    `reasons`: refused people by reason; `forms`: by reason, masked forms and how often; `shared_by`: people by kind of
    shared value. `matched`: people found by it and by none before, and half of the 95 % interval; None when not known.
    """

    key: str
    valid: int
    missing: int
    invalid: int
    shared: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    forms: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    shared_by: Mapping[str, int] = field(default_factory=dict)
    matched: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """An amount of differential privacy, (ε, δ) as decimal strings."""

    epsilon: str
    delta: str

    def __post_init__(self) -> None:
        """MisuseError unless both are finite decimal numbers, zero or more."""
        for text in (self.epsilon, self.delta):
            if not _is_amount(text):
                raise MisuseError("a privacy amount must be a finite decimal string, zero or more")

    def __add__(self, other: Spend) -> Spend:
        """Basic composition: both parts add up."""
        return Spend(_plain(Decimal(self.epsilon) + Decimal(other.epsilon)),
                     _plain(Decimal(self.delta) + Decimal(other.delta)))

    def left_of(self, budget: Spend) -> Spend:
        """What remains of `budget` after this spend; never below zero."""
        return Spend(_plain(max(Decimal(0), Decimal(budget.epsilon) - Decimal(self.epsilon))),
                     _plain(max(Decimal(0), Decimal(budget.delta) - Decimal(self.delta))))


@dataclass(frozen=True, slots=True)
class Texts:
    """What the node says about a run in another language: rule texts by id, `sends` and `privacy` of `RunFacts`."""

    refused: Mapping[str, str] = field(default_factory=dict)
    sends: tuple[tuple[str, str], ...] = ()
    privacy: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run, seen from one side.

    Times are aware and in UTC. `contract_sha256`, `transcript_sha256` and `audit_root` are hexadecimal.
    `admitted` and `excluded` count own people, exactly; `excluded` maps a label (`no_valid_key`, `no_cell`)
    to a count; `merged` those who take part under another value (`path_merged`). `cost_cents`: of
    the campaign by the own exposures.
    `keys` are the contract's, in order. `clipping` is empty for the advertiser.
    `rows_sent` and `peer_rows` include padding.
    `cumulative` is the spend of all runs of this contract, this one included. `timings` are seconds by stage.
    `sends` are (what was sent, what the peer could learn from it) and `privacy` are (title, text), in
    English; `translations` has the same by language.
    """

    run_id: str
    role: Role
    started: datetime
    ended: datetime
    software: str
    backend: str
    contract_sha256: str
    transcript_sha256: str
    audit_root: str
    admitted: int
    rows_sent: int
    peer_rows: int
    bytes_sent: int
    bytes_received: int
    transcript_cost: Spend
    release_cost: Spend
    cumulative: Spend
    budget: Spend
    refused: tuple[Refused, ...] = ()
    excluded: Mapping[str, int] = field(default_factory=dict)
    merged: Mapping[str, int] = field(default_factory=dict)
    cost_cents: int | None = None
    keys: tuple[KeyFacts, ...] = ()
    clipping: tuple[Clipping, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    sends: tuple[tuple[str, str], ...] = ()
    privacy: tuple[tuple[str, str], ...] = ()
    translations: Mapping[str, Texts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """MisuseError when a time is not in UTC or the run ends before it starts."""
        if any(moment.utcoffset() != timedelta(0) for moment in (self.started, self.ended)):
            raise MisuseError("the times of a run must be aware and in UTC")
        if self.ended < self.started:
            raise MisuseError("a run cannot end before it starts")

    @property
    def cost(self) -> Spend:
        """Privacy spent by this run: transcript and release together."""
        return self.transcript_cost + self.release_cost

    @property
    def seconds(self) -> float:
        """Wall-clock duration of the run."""
        return (self.ended - self.started).total_seconds()


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, as in `2026-03-01T09:30:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_amount(text: str) -> bool:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    return value.is_finite() and value >= 0


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
