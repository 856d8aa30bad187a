"""The types of single settings, shared by all parts of the contract."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from cleanroom import limits

Role = Literal["advertiser", "retailer"]
Refunds = Literal["refuse", "net", "gross"]
SalesChannel = Literal["store", "online", "click_collect", "pickup_extra"]
Measure = Literal["buyers", "sales", "sales_squared", "baskets", "units", "visitors", "visits",
                  "collections_with_extra", "extra_sales"]
Customers = Literal["store_only", "online_only", "both_channels", "new_to_brand"]
Scope = Literal["campaign", "halo", "brand"]
DimensionName = Literal["arm", "segment", "campaign", "channels", "path", "frequency", "engagement", "periods"]
Overlap = Literal["charge", "warn", "refuse"]
Repeats = Literal["replay", "run"]
Attribution = Literal["first", "last", "linear", "position", "time_decay"]
Metric = Literal["reach", "conversion", "sales", "lift", "ropo", "vopo", "offline_share", "omnichannel",
                 "click_collect", "frequency", "attribution", "new_to_brand", "visits", "halo", "coverage"]


# What these mean is each machine's own; the last two are other readings of every zone.
_NO_PLACE = ("localtime", "posixrules", "Factory", "posix/", "right/")


def time_zone(name: str) -> ZoneInfo:
    """The zone of the IANA database that `name` names, the same on every machine. ValueError for any other."""
    with suppress(ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, "Europe"
        if not name.startswith(_NO_PLACE):
            return ZoneInfo(name)
    raise ValueError(f"unknown time zone {name[:64]!r}")


def _time_zone(name: str) -> str:
    return str(time_zone(name))


# No control characters (a terminal would obey them) and none that reorder text: a lawyer must see what is signed.
_UNSEEN = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
SEEN = f"[^{_UNSEEN}]"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=f"^[^<>{_UNSEEN}]+$")]
Value = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=f"^[^<{_UNSEEN}]+$")]  # > is for paths
Text = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_TEXT, pattern=f"^{SEEN}+$")]
Blank = Annotated[str, StringConstraints(max_length=limits.MAX_TEXT, pattern=f"^{SEEN}*$")]  # a rule judges ""
Digest = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]  # SHA-256 in hex, or "" for none
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]  # ISO 3166-1 alpha-2
Base64 = Annotated[str, StringConstraints(min_length=4, max_length=8192, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
# Far above what rule C-10 allows, so that the rule refuses, by its id, and not the type.
Epsilon = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=6)]
Delta = Annotated[Decimal, Field(gt=0, le=Decimal(str(limits.MAX_DELTA)), decimal_places=18)]
Weight = Annotated[int, Field(ge=1, le=1000)]
Percent = Annotated[int, Field(ge=1, le=100)]
Days = Annotated[int, Field(ge=1, le=36_525)]


class Document(BaseModel):
    """A part of the contract: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
