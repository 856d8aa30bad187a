"""The contract as a typed document. Unknown keys are refused; nothing has a default, so its hash is stable.

Rules that need more than one field (COMPLIANCE C-10 and shape) are in `check`; the derived run is in `plan`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from cleanroom import limits
from cleanroom.contract.keys import KeyType, ProfileName, SharedValues

Role = Literal["advertiser", "retailer"]
Refunds = Literal["refuse", "net", "gross"]
SalesChannel = Literal["store", "online", "click_collect", "pickup_extra"]
Measure = Literal["buyers", "sales", "sales_squared", "baskets", "units", "visitors", "visits",
                  "collections_with_extra", "extra_sales"]
Customers = Literal["store_only", "online_only", "both_channels", "new_to_brand"]
Scope = Literal["campaign", "halo", "brand"]
DimensionName = Literal["arm", "segment", "campaign", "channels", "path", "frequency", "engagement"]
Attribution = Literal["first", "last", "linear", "position", "time_decay"]
Metric = Literal["reach", "conversion", "sales", "lift", "ropo", "vopo", "offline_share", "omnichannel",
                 "click_collect", "frequency", "attribution", "new_to_brand", "visits", "halo", "coverage"]


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error
    return name


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f<>]+$")]
Value = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f<]+$")]  # > is for paths
Text = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_TEXT, pattern=r"^[^\x00-\x1f]+$")]
Base64 = Annotated[str, StringConstraints(min_length=4, max_length=8192, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Epsilon = Annotated[Decimal, Field(gt=0, le=Decimal(str(limits.MAX_EPSILON)), decimal_places=6)]
Delta = Annotated[Decimal, Field(gt=0, le=Decimal(str(limits.MAX_DELTA)), decimal_places=18)]
Weight = Annotated[int, Field(ge=1, le=1000)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Party(_Document):
    """One legal entity and the keys of the node it controls."""

    name: Label
    contact: Text
    signing_key: Base64  # Ed25519 public key, 32 bytes
    certificate: Base64  # DER of the only certificate trusted for this party's node


class Parties(_Document):
    """The two parties, by role."""

    advertiser: Party
    retailer: Party


class Match(_Document):
    """How people are matched, and the privacy of the transcript."""

    protocol: Literal["ecdh-x25519-v1"]
    keys: Annotated[tuple[KeyType, ...], Field(min_length=1, max_length=limits.MAX_KEY_TYPES)]  # priority order
    normalisation: ProfileName
    shared_values: SharedValues | None = None  # what becomes of a value that several people have; absent: drop
    epsilon: Epsilon  # of one padded size or one padded pattern count
    delta: Delta
    max_people_advertiser: Annotated[int, Field(ge=1, le=limits.MAX_ROWS)]
    max_people_retailer: Annotated[int, Field(ge=1, le=limits.MAX_ROWS)]


class Campaign(_Document):
    """What was advertised, to whom, and how the arms came about."""

    names: Annotated[tuple[Label, ...], Field(min_length=1, max_length=64)]
    channels: Annotated[tuple[Name, ...], Field(min_length=1, max_length=32)]
    assignment: Literal["randomised", "observational"]
    assignment_note: Text
    cost_cents: Annotated[int, Field(ge=0, le=10**14)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    categories: Annotated[tuple[Label, ...], Field(min_length=1, max_length=256)] | None = None  # advertised; for halo


class Purchases(_Document):
    """How the retailer's lines are read. `refunds`: what a negative line does, see docs/measures.md."""

    refunds: Refunds


class Calendar(_Document):
    """Days in one time zone.

    A person first exposed (control: assigned) in period i, [from + i·d, from + (i+1)·d), is measured over the
    `window_days` days that follow the end of that period: a purchase never precedes the exposure.
    """

    time_zone: TimeZone
    exposures_from: date
    exposures_until: date  # inclusive
    period_days: Annotated[int, Field(ge=1, le=92)]
    window_days: Annotated[int, Field(ge=1, le=limits.MAX_LOOKBACK_DAYS)]


class Dimension(_Document):
    """A closed list of values that splits the advertiser's people. `arm` is always the first dimension."""

    name: DimensionName
    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=64)]


class Statistic(_Document):
    """One sum over the matched people of a cell, over purchases in the window.

    Units: buyers and visitors = people, sales and extra_sales = cents, sales_squared = whole currency units
    squared, baskets and collections_with_extra = baskets, units = units, visits = days with a visit. `cap`
    bounds one person's value, in the same unit.

    Filters, each absent when it does not apply. On lines: `category`, `sales_channel`, `scope`, `days` (of the
    window, `8-14`). On people: `member_segment` (the retailer's), `customers` (by where or what they bought).
    """

    name: Name
    measure: Measure
    category: Label | None = None
    sales_channel: SalesChannel | None = None
    scope: Scope | None = None
    days: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}-[1-9][0-9]{0,2}$")] | None = None
    member_segment: Label | None = None
    customers: Customers | None = None
    cap: Annotated[int, Field(ge=1, le=limits.MAX_CAP)]
    weight: Weight  # share of a release's ε


class Release(_Document):
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


class Disclosure(_Document):
    """When a number may be opened, and how much privacy all runs together may spend."""

    threshold: Annotated[int, Field(ge=limits.MIN_THRESHOLD, le=10**6)]
    cells_floor: Annotated[int, Field(ge=0, le=10**6)]  # rarer paths and channel sets become "other"; 0 = none
    budget_epsilon: Epsilon
    budget_delta: Delta


class Consent(_Document):
    """What a person must have agreed to, for their row to take part."""

    purpose: Literal["exposure_to_purchase_measurement"]
    lookback_days: Annotated[int, Field(ge=1, le=limits.MAX_LOOKBACK_DAYS)]


class Signature(_Document):
    """A party's Ed25519 signature over the DSSE encoding of the canonical contract."""

    role: Role
    signature: Base64


class Contract(_Document):
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
