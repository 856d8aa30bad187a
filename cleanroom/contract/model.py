"""The contract as a typed document. Unknown keys are refused; nothing has a default, so its hash is stable.

Rules that need more than one field (COMPLIANCE C-10 and shape) are in `check`; the derived run is in `plan`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from cleanroom import limits
from cleanroom.contract.consent import Consent
from cleanroom.contract.keys import KeyType, ProfileName, SharedValues
from cleanroom.contract.legal import Legal
from cleanroom.contract.policy import Policy
from cleanroom.contract.types import (
    Attribution,
    Base64,
    Customers,
    Days,
    Delta,
    DimensionName,
    Document,
    Epsilon,
    Label,
    Measure,
    Metric,
    Name,
    Overlap,
    Percent,
    Refunds,
    Repeats,
    Role,
    SalesChannel,
    Scope,
    Text,
    TimeZone,
    Value,
    Weight,
)

__all__ = ["Attribution", "Base64", "Calendar", "Campaign", "Consent", "Contract", "Customers", "Delta", "Dimension",
           "DimensionName", "Disclosure", "Document", "Epsilon", "Label", "Match", "Measure", "Metric",
           "Name", "Parties", "Party", "Purchases", "Refunds", "Release", "Role", "SalesChannel", "Scope", "Signature",
           "Statistic", "Text", "TimeZone", "Value", "Weight", "other"]


class Party(Document):
    """One legal entity and the keys of the node it controls."""

    name: Label
    contact: Text
    signing_key: Base64  # Ed25519 public key, 32 bytes
    certificate: Base64  # DER of the only certificate trusted for this party's node
    policy: Policy | None = None  # own limits, stricter than the contract's or not: the strictest value counts


class Parties(Document):
    """The two parties, by role."""

    advertiser: Party
    retailer: Party


class Match(Document):
    """How people are matched, and the privacy of the transcript."""

    protocol: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]  # rule C-10 has the allow-list
    keys: Annotated[tuple[KeyType, ...], Field(min_length=1, max_length=limits.MAX_KEY_TYPES)]  # priority order
    normalisation: ProfileName
    shared_values: SharedValues | None = None  # what becomes of a value that several people have; absent: drop
    epsilon: Epsilon  # of one padded size or one padded pattern count
    delta: Delta
    max_people_advertiser: Annotated[int, Field(ge=1, le=limits.MAX_ROWS)]
    max_people_retailer: Annotated[int, Field(ge=1, le=limits.MAX_ROWS)]


class Campaign(Document):
    """What was advertised, to whom, and how the arms came about."""

    names: Annotated[tuple[Label, ...], Field(min_length=1, max_length=64)]
    channels: Annotated[tuple[Name, ...], Field(min_length=1, max_length=32)]
    assignment: Literal["randomised", "observational"]
    assignment_note: Text
    cost_cents: Annotated[int, Field(ge=0, le=10**14)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    categories: Annotated[tuple[Label, ...], Field(min_length=1, max_length=256)] | None = None  # advertised; for halo


class Purchases(Document):
    """How the retailer's lines are read. `refunds`: what a negative line does, see docs/measures.md."""

    refunds: Refunds


Lookback = Annotated[int, Field(ge=1, le=limits.MAX_LOOKBACK_DAYS)]


class Lookbacks(Document):
    """For how many days an exposure counts, by engagement: one for each value of the dimension `engagement`."""

    click: Lookback | None = None
    visit: Lookback | None = None
    view: Lookback | None = None
    listen: Lookback | None = None
    opportunity: Lookback | None = None

    def by_engagement(self) -> dict[str, int]:
        """Those that are set, the strongest engagement first."""
        return {name: days for name, days in self.model_dump().items() if days is not None}


class Calendar(Document):
    """Days in one time zone.

    A person first exposed (control: assigned) in period i, [from + i·d, from + (i+1)·d), is measured over the
    `window_days` days that follow the end of that period: a purchase never precedes the exposure.
    """

    time_zone: TimeZone
    exposures_from: date
    exposures_until: date  # inclusive
    period_days: Annotated[int, Field(ge=1, le=92)]
    window_days: Annotated[int, Field(ge=1, le=limits.MAX_LOOKBACK_DAYS)]
    lookback: Lookbacks | None = None


class Dimension(Document):
    """A closed list of values that splits the advertiser's people. `arm` is always the first dimension."""

    name: DimensionName
    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=64)]


class Statistic(Document):
    """One sum over the matched people of a cell, over purchases in the window.

    Units: buyers and visitors = people, sales and extra_sales = cents, sales_squared = whole currency units
    squared, baskets and collections_with_extra = baskets, units = units, visits = days with a visit. `cap`
    bounds one person's value, in the same unit.

    Filters, each absent when it does not apply. On lines: `category`, `sales_channel`, `scope`, `days` (since the
    last exposure, `8-14`), `within` (the look-back of the person's engagement).
    On people: `member_segment` (the retailer's), `customers` (by where or what they bought).
    """

    name: Name
    measure: Measure
    category: Label | None = None
    sales_channel: SalesChannel | None = None
    scope: Scope | None = None
    days: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}-[1-9][0-9]{0,2}$")] | None = None
    within: Literal["lookback"] | None = None
    member_segment: Label | None = None
    customers: Customers | None = None
    cap: Annotated[int, Field(ge=1, le=limits.MAX_CAP)]
    weight: Weight  # share of a release's ε


class Release(Document):
    """One partition that is opened: cells summed over the dimensions that are not named.

    With `attribution` it has no dimensions: its rows are the channels, and each row holds the credit of its
    channel, see `contract.attribution`.
    """

    dimensions: tuple[DimensionName, ...]
    statistics: tuple[Name, ...]  # opened with the person count; they share ε
    attribution: Attribution | None = None
    epsilon: Epsilon
    people_weight: Weight  # share of ε for the person count

    @property
    def axes(self) -> tuple[str, ...]:
        """What the entries of a group's key are."""
        return self.dimensions if self.attribution is None else ("channel",)


class Disclosure(Document):
    """When a number may be opened, and how much privacy all runs together may spend."""

    threshold: Annotated[int, Field(ge=1, le=10**6)]  # rule C-10 has the floor
    cells_floor: Annotated[int, Field(ge=0, le=10**6)]  # rarer paths and channel sets become "other"; 0 = none
    dominance_percent: Percent  # of one person, if alone in an amount; rule P-02
    budget_epsilon: Epsilon
    budget_delta: Delta
    runs_per_period: Annotated[int, Field(ge=1, le=10_000)] | None = None  # runs in the last `period_days` days
    period_days: Days | None = None
    overlap: Overlap | None = None  # what a run close to an earlier one becomes; absent: warn
    repeats: Repeats | None = None  # same question on same data; absent: run


class Signature(Document):
    """A party's Ed25519 signature over the DSSE encoding of the canonical contract."""

    role: Role
    signature: Base64


class Contract(Document):
    """The whole agreement."""

    format: Literal["cleanroom-contract/1"]
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
    version: Annotated[int, Field(ge=1, le=10_000)]
    title: Text
    not_before: AwareDatetime
    not_after: AwareDatetime
    parties: Parties
    match: Match
    campaign: Campaign
    calendar: Calendar
    purchases: Purchases
    consent: Consent
    legal: Legal
    disclosure: Disclosure
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1, max_length=8)]
    statistics: Annotated[tuple[Statistic, ...], Field(max_length=256)]
    releases: Annotated[tuple[Release, ...], Field(min_length=1, max_length=16)]
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1, max_length=32)]
    signatures: tuple[Signature, ...] = ()

    def party(self, role: Role) -> Party:
        """The terms of the party that plays `role`."""
        return self.parties.advertiser if role == "advertiser" else self.parties.retailer


def other(role: Role) -> Role:
    """The peer's role."""
    return "retailer" if role == "advertiser" else "advertiser"
