"""From a party's own tables to its side of a run: consent gate, keys, cells or columns.

Tables come whole or in parts. A part holds every row of its people, so all but three things can be done part by part:
values that two people share, rare paths, and what the caps took are known only when all parts were seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cleanroom.audit.events import Kind
from cleanroom.consent.gate import Admitted, GateReport, combined, gate
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.padding import check_people
from cleanroom.errors import DataError, MisuseError
from cleanroom.identity.matching import MatchKeys, RawKeys, distinct_keys
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.identity.values import KeyValues
from cleanroom.measures.cells import assign_cells, compacted, exposure_days
from cleanroom.measures.columns import ClippingReport, ColumnPart, column_part, counts_visits, join_parts
from cleanroom.measures.merging import merge, rare_values
from cleanroom.measures.own import exposure_coverage, sales_coverage
from cleanroom.ports import Noise
from cleanroom.session.advertiser import AdvertiserSide
from cleanroom.session.retailer import RetailerSide
from cleanroom.session.setup import Setup

Tables = AdvertiserTables | RetailerTables


@dataclass(frozen=True, slots=True, repr=False)
class Own:
    """What a party learns about its own data on the way; exact, and for its own report only."""

    gate: GateReport
    excluded: Mapping[str, int]
    clipping: ClippingReport | None
    sent: int  # people whose tokens take part
    coverage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    merged: Mapping[str, int] = field(default_factory=dict)  # people whose path or set of channels became `other`


@dataclass(frozen=True, slots=True, repr=False)
class Placement:
    """The advertiser's people who take part: (n, K) keys, (n,) cells, and who was left out why (exact counts)."""

    keys: KeyValues
    cells: npt.NDArray[np.int16]
    excluded: Mapping[str, int]
    merged: Mapping[str, int]


def prepare(setup: Setup, tables: Tables | Iterable[Tables]) -> tuple[AdvertiserSide | RetailerSide, Own]:
    """Consent gate, keys, cells or columns: everything a side needs before the first message."""
    parts = [tables] if isinstance(tables, AdvertiserTables | RetailerTables) else tables
    return _advertiser(setup, parts) if setup.role == "advertiser" else _retailer(setup, parts)


def place(plan: Plan, tables: AdvertiserTables, keys: MatchKeys, noise: Noise | None = None) -> Placement:
    """Put each person of `keys` into the cell of their arm, segment, exposures and first-exposure period.

    A run passes its `noise`, which decides on merging; without it the counts are exact, for a check of own data.
    """
    people, left_out = _dated(plan, tables)
    rows = keys.persons.get_indexer(pd.Index(people["person"]))
    return _placed(plan, [people], [rows], keys.values, left_out, noise)


class _Gathered:
    """What is kept of each part: keys, counts of the gate, coverage."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._now = setup.ports.clock.now()
        self._reports: list[GateReport] = []
        self._keys: list[RawKeys] = []
        self.people = 0
        self.coverage: Counter[tuple[str, int]] = Counter()

    def admit(self, part: Tables) -> Admitted[AdvertiserTables] | Admitted[RetailerTables]:
        """The people of one part who may take part; their numbers continue those of the parts before."""
        if part.role != self._setup.role:
            raise MisuseError("the tables are those of the other role")
        contract = self._setup.plan.contract
        admitted = _gate(contract, part, self._now)
        self._reports.append(admitted.report)
        self._keys.append(admitted.read_keys(contract.match.keys))
        self.people += len(admitted)
        return admitted

    def covered(self, found: Mapping[str, tuple[int, int]]) -> None:
        """Add the coverage of one part."""
        self.coverage.update({(name, place): count for name, pair in found.items() for place, count in enumerate(pair)})

    def coverages(self) -> dict[str, tuple[int, int]]:
        """Of all parts together."""
        names = dict.fromkeys(name for name, _ in self.coverage)
        return {name: (self.coverage[name, 0], self.coverage[name, 1]) for name in names}

    def report(self) -> GateReport:
        """The gate's counts, which go to the log."""
        whole = combined(self._reports)
        self._setup.audit.record(Kind.CONSENT_GATE, admitted=whole.admitted, refused=dict(whole.refused))
        return whole

    def keys(self) -> tuple[MatchKeys, dict[str, int]]:
        """The keys of all admitted people by number, and who was left out why."""
        raw, self._keys = self._keys, []
        keys = distinct_keys(pd.RangeIndex(self.people), self._setup.plan.contract.match.keys, raw)
        excluded = {"no_key": keys.without_key}
        for key_type, count in keys.counts.items():
            excluded |= {f"{key_type}_invalid": count.invalid, f"{key_type}_shared": count.duplicate}
        return keys, excluded


def _gate(contract: Contract, part: Tables, now: datetime) -> Admitted[AdvertiserTables] | Admitted[RetailerTables]:
    if isinstance(part, AdvertiserTables):
        return gate(contract, part, now)
    return gate(contract, part, now)


def _advertiser(setup: Setup, parts: Iterable[Tables]) -> tuple[AdvertiserSide, Own]:
    gathered, people, left_out = _Gathered(setup), [], Counter[str]()
    for part in parts:
        first, admitted = gathered.people, gathered.admit(part)
        if not isinstance(part, AdvertiserTables) or not isinstance(admitted.tables, AdvertiserTables):
            raise MisuseError("the tables are those of the other role")
        dated, missing = _dated(setup.plan, admitted.tables)
        number = admitted.persons.get_indexer(pd.Index(dated["person"])) + first
        people.append(compacted(setup.plan, dated.assign(person=number)))
        left_out.update(missing)
        gathered.covered(exposure_coverage(setup.plan.contract, part.people, part.exposures))
    report, (keys, excluded) = gathered.report(), gathered.keys()
    number_of = np.where(keys.usable, np.cumsum(keys.usable, dtype=np.int32) - 1, np.int32(-1))
    rows = (number_of[part["person"].to_numpy()] for part in people)
    placed = _placed(setup.plan, people, rows, keys.values, left_out, setup.ports.noise)
    own = Own(report, {**excluded, **placed.excluded}, None, len(placed.cells), gathered.coverages(), placed.merged)
    _check_people(setup, own.sent)
    setup.ports.scratch.hold(placed.keys.size + placed.cells.nbytes)
    return AdvertiserSide(setup, placed.keys, placed.cells), own


def _retailer(setup: Setup, parts: Iterable[Tables]) -> tuple[RetailerSide, Own]:
    gathered, columns, visits = _Gathered(setup), list[ColumnPart](), 0
    for part in parts:
        admitted = gathered.admit(part)
        tables = admitted.tables
        if not isinstance(part, RetailerTables) or not isinstance(tables, RetailerTables):
            raise MisuseError("the tables are those of the other role")
        columns.append(column_part(setup.plan, admitted.persons, tables.purchases, members=tables.members,
                                   visits=tables.visits))
        visits += 0 if tables.visits is None else len(tables.visits)
        gathered.covered(sales_coverage(setup.plan, part.purchases))
    if counts_visits(setup.plan) and not visits:
        raise DataError("a statistic counts visits, and there are none", where="visits",
                        todo="name the table visits in party.toml, or agree on a contract without visits")
    report, (keys, excluded) = gathered.report(), gathered.keys()
    table, clipping = join_parts(setup.plan, columns, keys.usable)
    if setup.plan.contract.purchases.refunds == "gross":
        excluded["refund_lines"] = clipping.refund_lines
    own = Own(report, excluded, clipping, len(keys), gathered.coverages())
    _check_people(setup, own.sent)
    setup.ports.scratch.hold(keys.values.size + table.size)
    return RetailerSide(setup, keys.values, table), own


def _dated(plan: Plan, tables: AdvertiserTables) -> tuple[pd.DataFrame, dict[str, int]]:
    """The people who have an arm, with the day and the dimensions of each, and who was left out why."""
    arms = tables.arms.merge(tables.people.filter(items=["person", "segment"]), on="person", how="inner",
                             validate="one_to_one")
    dated, left_out = exposure_days(plan.contract, arms, tables.exposures)
    return dated, {"no_arm_row": len(tables.people) - len(arms), **left_out}


def _placed(plan: Plan, parts: list[pd.DataFrame], rows: Iterable[npt.NDArray[np.integer[Any]]], keys: KeyValues,
            left_out: Mapping[str, int], noise: Noise | None) -> Placement:
    """`rows`: for each part the row of each of its people in `keys`, or -1."""
    rare, counts, merged = rare_values(plan, parts, noise), Counter(left_out), Counter[str]()
    chosen, placed = [], []
    for people, where in zip(parts, rows, strict=True):
        people, changed = merge(plan, people, rare)  # noqa: PLW2901 - the frame before is not needed any more
        cells, unplaced = assign_cells(plan, people)
        usable = (where >= 0) & (cells >= 0)
        chosen.append(where[usable].astype(np.int32))
        placed.append(cells[usable].astype(np.int16))
        counts.update(unplaced)
        merged.update(changed)
    return Placement(keys.take(np.concatenate(chosen)), np.concatenate(placed), dict(counts), dict(merged))


def _check_people(setup: Setup, people: int) -> None:
    check_people(setup.plan, setup.role, setup.padding.most, people)
    setup.audit.record(Kind.PARAMETERS_CHECKED)
