"""A party's local tables as typed frames. They never leave the party; their repr shows row counts only.

Person ids are local texts, or the numbers that `identity.numbering` gave them. `day` is a date in the contract's time
zone (datetime64[ns], midnight, naive). Texts have the string dtype of the installed pandas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.contract.model import Role

_SPENT: Final = frozenset({"consents", "suppressions", "identities"})


def among(ids: pd.Series, persons: pd.Index) -> NDArray[np.bool_]:
    """Whether each id is one of `persons` (unique). A hash join: `isin` walks Arrow texts one by one."""
    found: NDArray[np.bool_] = persons.get_indexer(pd.Index(ids)) >= 0
    return found


class _Frames:
    """What both parties' tables can do."""

    __slots__ = ()

    def frames(self) -> dict[str, pd.DataFrame]:
        """Frames by table name, without those the party does not have."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        return {name: frame for name, frame in named.items() if frame is not None}

    def counts(self) -> dict[str, int]:
        """Rows by table name."""
        return {name: len(frame) for name, frame in self.frames().items()}

    def where(self, masks: Mapping[str, NDArray[np.bool_]]) -> Self:
        """Only the rows that the mask of their table keeps; tables without a mask stay whole."""
        frames = self.frames()
        return self.changed({name: frame if mask.all() else frame[mask].reset_index(drop=True)
                             for name, mask in masks.items() for frame in [frames[name]]})

    def changed(self, frames: Mapping[str, pd.DataFrame]) -> Self:
        """With other frames in place of those of the same name."""
        return replace(self, **frames)  # type: ignore[type-var]

    def select(self, persons: pd.Index) -> Self:
        """Only the rows of `persons` (unique ids), without consents, suppressions, identities: their work is done."""
        return self.where({name: among(frame["person"], persons) if name not in _SPENT
                           else np.zeros(len(frame), dtype=bool) for name, frame in self.frames().items()})

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={rows}" for name, rows in self.counts().items())
        return f"{type(self).__name__}({inside})"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class AdvertiserTables(_Frames):
    """The advertiser's side.

    people: person (unique), one raw text column per key type it has, segment (only when mapped);
    exposures: person (empty: nobody known), channel, campaign, day, type, device and cost_micros (millionths of the
    currency, int64) only when mapped;
    arms: person (unique), arm, day of assignment; identities (None: no devices): device, person, first_seen, last_seen;
    consents: texts, see `cleanroom.consent.events`; suppressions: person.
    """

    role: ClassVar[Role] = "advertiser"
    roster_name: ClassVar[str] = "people"
    people: pd.DataFrame
    exposures: pd.DataFrame
    arms: pd.DataFrame
    consents: pd.DataFrame
    suppressions: pd.DataFrame
    identities: pd.DataFrame | None = None

    @property
    def roster(self) -> pd.DataFrame:
        """The table with one row per person."""
        return self.people


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RetailerTables(_Frames):
    """The retailer's side.

    members: person (unique), one raw text column per key type it has, segment (only when mapped); purchases: person
    (empty: no card), day, basket, amount_cents (int64), quantity (int64), category, and sales_channel (text) and brand
    (bool) only when mapped; visits (None: not counted): person, day; consents and suppressions as for the advertiser.
    """

    role: ClassVar[Role] = "retailer"
    roster_name: ClassVar[str] = "members"
    members: pd.DataFrame
    purchases: pd.DataFrame
    consents: pd.DataFrame
    suppressions: pd.DataFrame
    visits: pd.DataFrame | None = None

    @property
    def roster(self) -> pd.DataFrame:
        """The table with one row per person."""
        return self.members
