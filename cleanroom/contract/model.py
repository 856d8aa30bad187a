"""The contract as a typed document. Unknown keys are refused; nothing has a default, so its hash is stable.

Rules that need more than one field (COMPLIANCE C-10 and shape) are in `check`; the derived run is in `plan`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from cleanroom import limits
from cleanroom.contract.consent import Consent
from cleanroom.contract.legal import Legal
from cleanroom.contract.policy import Policy
from cleanroom.contract.types import (
    Base64,
    Delta,
    Document,
    Epsilon,
    KeyType,
    Label,
    Measure,
    Metric,
    Name,
    Percent,
    Role,
    Text,
    TimeZone,
    Weight,
)

__all__ = ["Base64", "Calendar", "Campaign", "Consent", "Contract", "Delta", "Dimension", "Disclosure", "Document",
           "Epsilon", "KeyType", "Label", "Match", "Measure", "Metric", "Name", "Parties", "Party", "Release", "Role",
           "Signature", "Statistic", "Text", "TimeZone", "Weight", "other"]


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
    normalisation: Literal["cleanroom-1"]
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


class Dimension(Document):
    """A closed list of values that splits the advertiser's people. `arm` is always the first dimension."""

    name: Literal["arm", "segment"]
    values: Annotated[tuple[Label, ...], Field(min_length=1, max_length=64)]


class Statistic(Document):
    """One sum over the matched people of a cell, over purchases in the window.

    Units: buyers = people, sales = cents, sales_squared = whole currency units squared, baskets = baskets,
    units = units. `cap` bounds one person's value, in the same unit.
    """

    name: Name
    measure: Measure
    category: Label | None = None
    cap: Annotated[int, Field(ge=1, le=limits.MAX_CAP)]
    weight: Weight  # share of a release's ε


class Release(Document):
    """One partition that is opened: cells summed over the dimensions that are not named."""

    dimensions: tuple[Literal["arm", "segment"], ...]
    epsilon: Epsilon
    people_weight: Weight  # share of ε for the person count


class Disclosure(Document):
    """When a number may be opened, and how much privacy all runs together may spend."""

    threshold: Annotated[int, Field(ge=1, le=10**6)]  # rule C-10 has the floor
    dominance_percent: Percent  # most of an amount that one person may make up
    budget_epsilon: Epsilon
    budget_delta: Delta


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
    consent: Consent
    legal: Legal
    disclosure: Disclosure
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1, max_length=8)]
    statistics: Annotated[tuple[Statistic, ...], Field(min_length=1, max_length=256)]
    releases: Annotated[tuple[Release, ...], Field(min_length=1, max_length=16)]
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1, max_length=32)]
    signatures: tuple[Signature, ...] = ()

    def party(self, role: Role) -> Party:
        """The terms of the party that plays `role`."""
        return self.parties.advertiser if role == "advertiser" else self.parties.retailer

    def is_valid_at(self, moment: datetime) -> bool:
        """Whether `moment` is inside the validity window."""
        return self.not_before <= moment < self.not_after


def other(role: Role) -> Role:
    """The peer's role."""
    return "retailer" if role == "advertiser" else "advertiser"
