"""From a party's own tables to its side of a run: consent gate, keys, cells or columns.

Tables come whole or in parts. A part holds every row of its people, so all but four things can be done part by part:
values that two people share, whose exposures those of a device are, rare paths, and what the caps took are known only
when all parts were seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from cleanroom import limits
from cleanroom.audit.events import Kind
from cleanroom.consent.devices import tied
from cleanroom.consent.evidence import SECRET_BYTES, Records, commit
from cleanroom.consent.gate import Admitted, GateReport, Judged, admit, combined, judge, settle
from cleanroom.contract.keys import DEFAULT_SHARED, KeyType
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import merging
from cleanroom.disclosure.earlier import Close, closest, memory_of
from cleanroom.disclosure.padding import check_people
from cleanroom.disclosure.run_rules import apart
from cleanroom.errors import DataError, MisuseError
from cleanroom.identity.matching import KeyCounts, MatchKeys, NormalisedKeys, distinct_keys
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.identity.values import KeyValues
from cleanroom.match.diagnostics import KeyMatches
from cleanroom.measures.cells import assign_cells, compacted, exposure_days
from cleanroom.measures.columns import ClippingReport, ColumnPart, column_part, counts_visits, join_parts
from cleanroom.measures.compact import Compact, smallest
from cleanroom.measures.merging import merge, rare_values
from cleanroom.measures.own import cost_cents, cost_micros, exposure_coverage, sales_coverage
from cleanroom.ports import Noise
from cleanroom.rules import CURRENT
from cleanroom.session.setup import Setup
from cleanroom.session.side import RunSide
from cleanroom.session.sides import advertiser_side, retailer_side

Tables = AdvertiserTables | RetailerTables


class Parts(Protocol):
    """A party's tables in parts, each with every row of its people."""

    def __len__(self) -> int:
        """How many there are, one at least."""
        ...

    def people(self, number: int) -> Tables:
        """What the consent rules look at of one part: roster, consents, suppressions; the others may be empty."""
        ...

    def tie(self, agreed: Sequence[npt.NDArray[np.bool_]]) -> Mapping[str, int]:
        """Give the exposures of devices to people (`consent.devices`); the rows that stay nobody's, by reason.

        `agreed`: for each part a flag for each row of the roster. Once, after `people` and before `take`.
        """
        ...

    def take(self, number: int) -> Tables:
        """All of one part, for the last time."""
        ...


class OnePart:
    """`Parts` of tables that fit the memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def __repr__(self) -> str:
        return "OnePart"

    def __len__(self) -> int:
        return 1

    def people(self, _: int) -> Tables:
        """See `Parts`."""
        return self._tables

    def tie(self, agreed: Sequence[npt.NDArray[np.bool_]]) -> Mapping[str, int]:
        """See `Parts`."""
        if not isinstance(self._tables, AdvertiserTables):
            return {}
        self._tables, untied = tied(self._tables, agreed[0])
        return untied

    def take(self, _: int) -> Tables:
        """See `Parts`."""
        return self._tables


@dataclass(frozen=True, slots=True, repr=False)
class Own:
    """What a party learns about its own data on the way; exact, and for its own report only."""

    gate: GateReport
    excluded: Mapping[str, int]
    clipping: ClippingReport | None
    sent: int  # people whose tokens take part
    close: Close | None = None  # an earlier run of nearly the same people
    coverage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    merged: Mapping[str, int] = field(default_factory=dict)  # people whose path or set of channels became `other`
    cost_cents: int | None = None  # of the campaign, by the advertiser's exposures
    keys: Mapping[KeyType, KeyCounts] = field(default_factory=dict)  # by key type, in the contract's order
    matched: tuple[KeyMatches, ...] = ()  # by key type; the advertiser's side only, and no better than its padding


@dataclass(frozen=True, slots=True, repr=False)
class Placement:
    """The advertiser's people who take part: (n, K) keys, (n,) cells, and who was left out why (exact counts)."""

    keys: KeyValues
    cells: npt.NDArray[np.int16]
    excluded: Mapping[str, int]
    merged: Mapping[str, int]


def prepare(setup: Setup, tables: Tables | Parts) -> tuple[RunSide, Own]:
    """Consent gate, keys, cells or columns: everything a side needs before the first message."""
    parts = OnePart(tables) if isinstance(tables, AdvertiserTables | RetailerTables) else tables
    setup.judge("X-01", "", DataError)  # tables exist only after the readers found the suppression list fresh
    return _advertiser(setup, parts) if setup.role == "advertiser" else _retailer(setup, parts)


def place(plan: Plan, tables: AdvertiserTables, keys: MatchKeys, noise: Noise | None = None) -> Placement:
    """Put each person of `keys` into the cell of their arm, segment, exposures and first-exposure period.

    A run passes its `noise`, which decides on merging; without it the counts are exact, for a check of own data.
    """
    people, left_out = _dated(plan, tables)
    rows = keys.persons.get_indexer(pd.Index(people["person"]))
    return _placed(plan, [people], [rows], keys.values, left_out, noise)


class _Gathered:
    """The gate over all parts, and what is kept of each: keys, counts, coverage."""

    def __init__(self, setup: Setup, parts: Parts) -> None:
        self._setup, self._parts = setup, parts
        self._reports: list[GateReport] = []
        self._keys: list[NormalisedKeys] = []
        self.people = 0
        self.untied: Mapping[str, int] = {}
        self.coverage: Counter[tuple[str, int]] = Counter()

    def admit(self, use: Callable[[Tables, Admitted[AdvertiserTables] | Admitted[RetailerTables]], None]) -> GateReport:
        """Judge the people of all parts, settle who shares keys, then hand each part to `use` with the people who may
        take part. Evidence of their consents is kept meanwhile; counts and root go to the log."""
        setup, now = self._setup, self._setup.ports.clock.now()
        judged = [judge(setup.plan.contract, self._of(self._parts.people(number)), now)
                  for number in range(len(self._parts))]
        verdicts = settle(judged)
        self.untied = self._parts.tie([each.agreed for each in judged])

        def records() -> Iterator[Records]:
            for number, (one, verdict) in enumerate(zip(judged, verdicts, strict=True)):
                part = self._parts.take(number)
                admitted = self._admitted(part, one, verdict)
                self._reports.append(admitted.report)
                self._keys.append(admitted.keys)
                use(part, admitted)
                self.people += len(admitted)
                yield admitted.records

        root = commit(records(), setup.run.hex(), setup.ports.entropy.bytes(SECRET_BYTES), setup.ports.proofs,
                      setup.ports.backend.sha256)
        whole = combined(self._reports)
        setup.audit.record(Kind.CONSENT_GATE, admitted=whole.admitted, refused=dict(whole.refused))
        setup.audit.record(Kind.CONSENT_ROOT, root=root.hex(), count=whole.admitted)
        return whole

    def covered(self, found: Mapping[str, tuple[int, int]]) -> None:
        """Add the coverage of one part."""
        self.coverage.update({(name, place): count for name, pair in found.items() for place, count in enumerate(pair)})

    def coverages(self) -> dict[str, tuple[int, int]]:
        """Of all parts together."""
        names = dict.fromkeys(name for name, _ in self.coverage)
        return {name: (self.coverage[name, 0], self.coverage[name, 1]) for name in names}

    def keys(self) -> tuple[MatchKeys, dict[str, int]]:
        """The keys of all admitted people by number, and who was left out why."""
        shared = self._setup.plan.contract.match.shared_values or DEFAULT_SHARED
        keys = distinct_keys(pd.RangeIndex(self.people), self._keys, shared)
        excluded = {"no_key": keys.without_key}
        for key_type, count in keys.counts.items():
            excluded |= {f"{key_type}_invalid": count.invalid, f"{key_type}_shared": count.duplicate}
        return keys, excluded

    def _of(self, part: Tables) -> Tables:
        if part.role != self._setup.role:
            raise MisuseError("the tables are those of the other role")
        return part

    def _admitted(self, part: Tables, judged: Judged,
                  verdict: npt.NDArray[np.intp]) -> Admitted[AdvertiserTables] | Admitted[RetailerTables]:
        contract = self._setup.plan.contract
        if isinstance(part, AdvertiserTables):
            return admit(contract, part, judged, verdict)
        return admit(contract, part, judged, verdict)


def _advertiser(setup: Setup, parts: Parts) -> tuple[RunSide, Own]:
    gathered, people, left_out = _Gathered(setup, parts), list[pd.DataFrame](), Counter[str]()
    plan, costs = setup.plan, list[int | None]()

    def place_part(part: Tables, admitted: Admitted[AdvertiserTables] | Admitted[RetailerTables]) -> None:
        if not isinstance(part, AdvertiserTables) or not isinstance(admitted.tables, AdvertiserTables):
            raise MisuseError("the tables are those of the other role")
        costs.append(cost_micros(plan.contract, part.exposures))
        dated, missing = _dated(plan, admitted.tables)
        found = admitted.persons.get_indexer(pd.Index(dated["person"]))
        if (found < 0).any():
            raise MisuseError("somebody was placed whom the gate did not admit")
        people.append(compacted(plan, dated.assign(person=found + gathered.people)))
        left_out.update(missing)
        gathered.covered(exposure_coverage(plan.contract, part.people, part.exposures))

    report = gathered.admit(place_part)
    cost = cost_cents(plan.contract, None if None in costs else sum(each or 0 for each in costs))
    keys, excluded = gathered.keys()
    number_of = np.where(keys.usable, np.cumsum(keys.usable, dtype=np.int32) - 1, np.int32(-1))
    rows = [number_of[part["person"].to_numpy()] for part in people]
    placed = _placed(plan, people, rows, keys.values, left_out, setup.ports.noise)
    asked = _placed(plan, people, rows, keys.values, left_out, None) if merging(plan.contract) else placed
    setup, close = _check_people(setup, placed.keys, asked.keys, Compact([smallest(asked.cells.astype(np.int64))]))
    own = Own(report, {**excluded, **placed.excluded, **gathered.untied}, None, len(placed.cells), close,
              gathered.coverages(), placed.merged, cost, keys.counts)
    setup.ports.scratch.hold(placed.keys.size + placed.cells.nbytes)
    return advertiser_side(setup, placed.keys, placed.cells), own


def _retailer(setup: Setup, parts: Parts) -> tuple[RunSide, Own]:
    gathered, columns, visits = _Gathered(setup, parts), list[ColumnPart](), Counter[str]()

    def sum_part(part: Tables, admitted: Admitted[AdvertiserTables] | Admitted[RetailerTables]) -> None:
        tables = admitted.tables
        if not isinstance(part, RetailerTables) or not isinstance(tables, RetailerTables):
            raise MisuseError("the tables are those of the other role")
        columns.append(column_part(setup.plan, admitted.persons, tables.purchases, members=tables.members,
                                   visits=tables.visits))
        visits["rows"] += 0 if tables.visits is None else len(tables.visits)
        gathered.covered(sales_coverage(setup.plan, part.purchases))

    report = gathered.admit(sum_part)
    if counts_visits(setup.plan) and not visits["rows"]:
        raise DataError("a statistic counts visits, and there are none", where="visits",
                        todo="name the table visits in party.toml, or agree on a contract without visits")
    keys, excluded = gathered.keys()
    table, clipping = join_parts(setup.plan, columns, keys.usable)
    if setup.plan.contract.purchases.refunds == "gross":
        excluded["refund_lines"] = clipping.refund_lines
    setup, close = _check_people(setup, keys.values, keys.values, table)
    own = Own(report, excluded, clipping, len(keys), close, gathered.coverages(), keys=keys.counts)
    setup.ports.scratch.hold(keys.values.size + table.size)
    return retailer_side(setup, keys.values, table), own


def _dated(plan: Plan, tables: AdvertiserTables) -> tuple[pd.DataFrame, dict[str, int]]:
    """The people who have an arm, with the day and the dimensions of each, and who was left out why."""
    arms = tables.arms.merge(tables.people.filter(items=["person", "segment"]), on="person", how="inner",
                             validate="one_to_one")
    dated, left_out = exposure_days(plan.contract, arms, tables.exposures)
    return dated, {"no_arm_row": len(tables.people) - len(arms), **left_out}


def _placed(plan: Plan, parts: list[pd.DataFrame], rows: Sequence[npt.NDArray[np.integer[Any]]], keys: KeyValues,
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


def _check_people(setup: Setup, keys: KeyValues, asked: KeyValues, payload: Compact) -> tuple[Setup, Close | None]:
    """X-04, on this side: enough people, and not nearly those of an earlier run. With it comes what is remembered."""
    terms, past, most = setup.plan.contract.disclosure, setup.ports.past, setup.padding.most
    try:
        check_people(setup.plan, setup.role, most, len(keys))
    except DataError:
        setup.audit.record(Kind.RULE_CHECKED, rule="X-04", verdict="refused")
        raise
    memory = memory_of(past.key, (setup.contract_hash, bytes.fromhex(CURRENT.sha256)), setup.plan.contract.id,
                       terms.threshold, keys, asked, payload)
    close, overlap = closest(memory, past.sketches(), terms.threshold), terms.overlap or "warn"
    setup.judge("X-04", apart(overlap, close), DataError, warned=overlap == "warn" and close is not None)
    same = past.same(memory.question)[-limits.MAX_SAME_RUNS:] if terms.repeats == "replay" else ()
    setup.audit.record(Kind.PARAMETERS_CHECKED)
    return replace(setup, memory=memory, same=tuple(same)), close
