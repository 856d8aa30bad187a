"""Which tables each role brings, and their product columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cleanroom.consent.columns import AS_OF, OPTIONAL_COLUMNS, REPEATED_COLUMNS, REQUIRED_COLUMNS
from cleanroom.contract.model import Role
from cleanroom.identity.columns import KEY_COLUMNS


@dataclass(frozen=True, slots=True)
class Layout:
    """Product columns of one table; a dated table may say the time zone of its naive times.

    `may_lack`: the party may do without the table. `repeated`: texts of which a file has few, read as categories, which
    take less memory.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    dated: bool = False
    may_lack: bool = False
    repeated: tuple[str, ...] = ()


_CONSENTS = Layout(REQUIRED_COLUMNS, OPTIONAL_COLUMNS, repeated=REPEATED_COLUMNS)
_SUPPRESSIONS = Layout(("person",), (AS_OF,))
_ROSTER = Layout(("person",), (*KEY_COLUMNS, "segment"))

LAYOUTS: Final[Mapping[Role, Mapping[str, Layout]]] = MappingProxyType({
    "advertiser": MappingProxyType({
        "people": _ROSTER,
        "exposures": Layout(("person", "channel", "campaign", "day"), ("type", "device", "cost", "currency"),
                            dated=True),
        "arms": Layout(("person", "arm", "day"), dated=True),
        "identities": Layout(("device", "person", "first_seen", "last_seen"), dated=True, may_lack=True),
        "consents": _CONSENTS,
        "suppressions": _SUPPRESSIONS,
    }),
    "retailer": MappingProxyType({
        "members": _ROSTER,
        "purchases": Layout(("person", "day", "basket", "amount", "quantity", "category"),
                            ("sales_channel", "brand", "currency"), dated=True),
        "visits": Layout(("person", "day"), dated=True, may_lack=True),
        "consents": _CONSENTS,
        "suppressions": _SUPPRESSIONS,
    }),
})
