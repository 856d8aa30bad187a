"""What a party's data would come to in a run: for `cleanroom check`, before anything touches the network.

Exact counts about one's own people: for the owner's eyes, never for the peer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

import numpy as np
import pandas as pd

from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.readers import Terms, load_tables, read_tables
from cleanroom.consent.devices import tie_devices
from cleanroom.consent.gate import Admitted, GateReport, gate
from cleanroom.contract.keys import KEY_TYPES, KeyType
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.flow import place
from cleanroom.identity.columns import COLUMNS_OF
from cleanroom.identity.matching import KeyCounts, MatchKeys, match_keys
from cleanroom.identity.numbering import numbered
from cleanroom.identity.tables import AdvertiserTables, RetailerTables, among
from cleanroom.rules import CURRENT, Pack

Step = Literal["week", "month", "year"]
_STEPS: Final[Mapping[Step, str]] = {"week": "W-MON", "month": "MS", "year": "YS"}
_MOST_BARS: Final = 32  # of a chart that fits on a page


@dataclass(frozen=True, slots=True)
class CellCount:
    """People of one cell that would be sent."""

    values: tuple[str, ...]
    period: int
    people: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Events of a dated table by week (its Monday), month or year, none left out between the first and the last."""

    step: Step
    events: Mapping[date, int]

    def document(self) -> dict[str, object]:
        """JSON-compatible form."""
        return {"step": self.step, "events": {day.isoformat(): count for day, count in self.events.items()}}


@dataclass(frozen=True, slots=True)
class PartyProfile:
    """One party's data in numbers.

    `rows` and `strangers` (rows of people who are not in people or members) are by table; `days` holds the first and
    last day of each dated table, `calendar` its events over time. With a contract: `gate`, `sent` and, for the
    advertiser, `cells` and `excluded` (people by reason); `keys` and `without_key` then count admitted people, else
    everyone.
    """

    rows: Mapping[str, int]
    strangers: Mapping[str, int]
    days: Mapping[str, tuple[date, date]]
    calendar: Mapping[str, Calendar]
    keys: Mapping[KeyType, KeyCounts]
    without_key: int
    gate: GateReport | None = None
    sent: int | None = None
    cells: tuple[CellCount, ...] = ()
    excluded: Mapping[str, int] | None = None

    def document(self) -> dict[str, object]:
        """JSON-compatible form."""
        return {
            "rows": dict(self.rows),
            "strangers": dict(self.strangers),
            "days": {name: [day.isoformat() for day in span] for name, span in self.days.items()},
            "calendar": {name: found.document() for name, found in self.calendar.items()},
            "keys": {key: _document(counts) for key, counts in self.keys.items()},
            "without_key": self.without_key,
            "consent": None if self.gate is None else self.gate.document(),
            "sent": self.sent,
            "cells": [{"values": list(c.values), "period": c.period, "people": c.people} for c in self.cells],
            "excluded": None if self.excluded is None else dict(self.excluded),
        }


def _document(counts: KeyCounts) -> dict[str, object]:
    """The four counts, and what there is to say about refused and shared values: reasons, masked forms, kinds."""
    said = {"reasons": dict(counts.reasons), "forms": {why: dict(forms) for why, forms in counts.shapes.items()},
            "shared_by": {kind: people for kind, people in counts.shared.items() if people}}
    return {"valid": counts.valid, "missing": counts.missing, "invalid": counts.invalid,
            "duplicate": counts.duplicate, **{name: found for name, found in said.items() if found}}


def profile_party(settings: PartySettings, contract: Contract | None, now: datetime,
                  pack: Pack = CURRENT) -> PartyProfile:
    """Read the party's files and work out what a run at `now` (timezone-aware) would send.

    `pack`: the rules, another than the current ones to replay. Without a contract only the files are checked; their
    days are then taken in UTC. DataError as readers.
    """
    if contract is None:
        tables = numbered(read_tables(settings, Terms("UTC")))
        return _profile(tables, match_keys(tables.roster, _own_keys(tables.roster)))
    tables = numbered(load_tables(settings, contract, now))
    if isinstance(tables, AdvertiserTables):
        tables, untied = tie_devices(contract, tables, now, pack)
        found = _advertiser(contract, tables, gate(contract, tables, now, pack))
        return replace(found, excluded={**(found.excluded or {}), **untied})
    admitted = gate(contract, tables, now, pack)
    keys = admitted.match_keys(contract.match)
    return replace(_profile(tables, keys), gate=admitted.report, sent=len(keys))


def _own_keys(roster: pd.DataFrame) -> tuple[KeyType, ...]:
    """The key types that the file has columns for."""
    return tuple(key for key in KEY_TYPES if set(COLUMNS_OF[key]) <= set(roster.columns))


def _profile(tables: AdvertiserTables | RetailerTables, keys: MatchKeys) -> PartyProfile:
    return PartyProfile(tables.counts(), _strangers(tables), _days(tables),
                        {name: _calendar(days) for name, days in _dated(tables).items()}, keys.counts, keys.without_key)


def _advertiser(contract: Contract, tables: AdvertiserTables,
                admitted: Admitted[AdvertiserTables]) -> PartyProfile:
    keys, plan = admitted.match_keys(contract.match), Plan(contract)
    placed = place(plan, admitted.tables, keys)
    counts = np.bincount(placed.cells, minlength=len(plan.cells))
    cells = tuple(CellCount(c.values, c.period, int(n)) for c, n in zip(plan.cells, counts, strict=True))
    return replace(_profile(tables, keys), gate=admitted.report, sent=len(placed.cells), cells=cells,
                   excluded={**placed.excluded, **placed.merged})


def _strangers(tables: AdvertiserTables | RetailerTables) -> dict[str, int]:
    known = pd.Index(tables.roster["person"])
    return {name: int((~among(frame["person"], known)).sum()) for name, frame in tables.frames().items()}


def _days(tables: AdvertiserTables | RetailerTables) -> dict[str, tuple[date, date]]:
    return {name: (days.min().date(), days.max().date()) for name, days in _dated(tables).items()}


def _dated(tables: AdvertiserTables | RetailerTables) -> dict[str, pd.Series]:
    return {name: frame["day"] for name, frame in tables.frames().items() if "day" in frame.columns and len(frame)}


def _calendar(days: pd.Series) -> Calendar:
    """By the shortest step that needs at most `_MOST_BARS`."""
    numbers = days.to_numpy().astype("datetime64[D]")
    counts = np.bincount((numbers - numbers.min()).astype(np.int64))
    events = pd.Series(counts, index=pd.date_range(numbers.min(), periods=len(counts)))
    counted = {step: events.resample(rule, label="left", closed="left").sum() for step, rule in _STEPS.items()}
    step, found = next(((step, found) for step, found in counted.items() if len(found) <= _MOST_BARS),
                       ("year", counted["year"]))
    starts = pd.DatetimeIndex(found.index).date.tolist()
    return Calendar(step, dict(zip(starts, found.astype(int).tolist(), strict=True)))
