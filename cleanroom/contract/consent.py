"""The `[consent]` part: what a person must have agreed to, and what may stand in a row. The rules R-01 … judge it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from cleanroom import limits
from cleanroom.contract.types import Days, Document, Label, Name, Role, Text

Categories = Annotated[tuple[Label, ...], Field(max_length=256)]
Vendors = Annotated[tuple[Annotated[int, Field(ge=1, le=65_535)], ...], Field(max_length=64)]
Columns = Annotated[tuple[Text, ...], Field(max_length=256)]


class Notice(Document):
    """A privacy notice that people accepted; their consent counts from the midnight it was published."""

    party: Role
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    published: date
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    partner: Label  # the other party, as the notice names it (C-05)


class TcfVendors(Document):
    """Global Vendor List ids of the vendors whose trackers a party's exposures come from; empty: no tracker."""

    advertiser: Vendors
    retailer: Vendors

    def of(self, role: Role) -> tuple[int, ...]:
        """The vendors that a person of this party must have consented to."""
        return self.advertiser if role == "advertiser" else self.retailer


class DeniedCategories(Document):
    """The retailer's product categories that never take part (GDPR 9), by kind; a list may be empty."""

    pharmacy: Categories
    sexual_health: Categories
    pregnancy_tests: Categories
    religious: Categories
    trade_union: Categories
    political: Categories

    def denies(self, category: str) -> bool:
        """Whether the category is in one of the lists. Case and outer white space make no difference."""
        lists = (self.pharmacy, self.sexual_health, self.pregnancy_tests, self.religious, self.trade_union,
                 self.political)
        return _comparable(category) in {_comparable(label) for labels in lists for label in labels}


def _comparable(label: str) -> str:
    return label.strip().casefold()


class Consent(Document):
    """What a person must have agreed to, for their row to take part, and what may stand in a row."""

    purpose: Name  # rule C-02 allows one
    lookback_days: Days  # rule C-08 has the most
    minimum_age: Annotated[int, Field(ge=limits.MIN_AGE, le=99)]
    inactive_days: Annotated[int, Field(ge=1, le=limits.MAX_INACTIVE_DAYS)]
    precise_location: bool
    tcf_vendors: TcfVendors
    denied_categories: DeniedCategories
    columns: Mapping[Name, Columns]  # by table: what its file may hold
    notices: Annotated[tuple[Notice, ...], Field(max_length=256)]  # C-05 asks for one of each party
