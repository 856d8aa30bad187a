"""The released table as JSON: every opened number with its cap and the interval its noise leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from cleanroom.contract.model import Release
from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue.base import Cohort, asked, cohort
from cleanroom.measures.noise import Noised, noised
from cleanroom.measures.statistics import Level, mean
from cleanroom.table import ReleasedTable, Row

Labels = dict[str, str]


def released(plan: Plan, table: ReleasedTable) -> list[dict[str, Any]]:
    """One entry per release of the contract. A suppressed group has no number at all."""
    return [
        {"release": index, "dimensions": list(terms.axes), "attribution": terms.attribution,
         "statistics": list(terms.statistics), "epsilon": format(terms.epsilon, "f"),
         "groups": [_group(plan, row) for row in table.of(index)]}
        for index, terms in enumerate(plan.contract.releases)
    ]


def suppression(table: ReleasedTable, threshold: int) -> dict[str, Any]:
    """How many groups were withheld, over all releases, and their share of all groups."""
    groups, hidden = len(table.rows), sum(row.suppressed for row in table.rows)
    return {"groups": groups, "suppressed": hidden, "threshold": threshold,
            "share": round(hidden / groups, 4) if groups else 0.0}


def matched(plan: Plan, table: ReleasedTable, admitted: int) -> dict[str, Any]:
    """People found on both sides: in total, by arm, and as a share of the own people admitted.

    Every release splits the same people, so the one with the smallest suppressed share, then fewest groups,
    is the sharpest. `complete` is false when a group of it is suppressed: the count then misses those people.
    """
    total = _sharpest(plan, table, lambda terms: terms.attribution is None)
    by_arm = _sharpest(plan, table, lambda terms: "arm" in terms.dimensions)
    arms = dict.fromkeys(labels(plan, row)["arm"] for row in by_arm)
    people = _added(plan, total)
    return {
        **_people(total, people),
        "arms": [{"arm": arm, **_people(rows, _added(plan, rows))} for arm in arms
                 for rows in [[row for row in by_arm if labels(plan, row)["arm"] == arm]]],
        "own_admitted": admitted,
        "own_match_rate": _rate(people, admitted),
    }


def categories(plan: Plan, table: ReleasedTable) -> list[dict[str, Any]]:
    """Sales per person (cents) of every category and arm, over all strata.

    The interval holds sampling error only when the contract also releases the squares of the category;
    `note` is `noise_only` otherwise. Empty unless the contract releases the arms by themselves.
    """
    release = next((index for index, terms in enumerate(plan.contract.releases) if terms.dimensions == ("arm",)), None)
    if release is None:
        return []
    opened = [plan.contract.statistics[index] for index in plan.statistics_of(release)]
    return [
        {"category": statistic.category, "group": labels(plan, row),
         **_per_person(cohort(plan, row), statistic.category, statistic.cap)}
        for statistic in opened if asked("sales", "category").fits(statistic) and statistic.category is not None
        for row in table.of(release)
    ]


def labels(plan: Plan, row: Row) -> Labels:
    """The group as {dimension: value}; empty for the grand total."""
    return dict(zip(plan.contract.releases[row.group.release].axes, row.group.key, strict=True))


def _group(plan: Plan, row: Row) -> dict[str, Any]:
    found = cohort(plan, row)
    shown = {"group": labels(plan, row), "suppressed": row.suppressed, "people": None, "sums": None}
    if row.people is not None:
        units = plan.denominator(row.group.release)
        shown["people"] = _number(noised(row.people, plan.people_scale(row.group.release)).scaled(1 / units), 1)
    if found is not None:
        statistics = plan.contract.statistics
        shown["sums"] = {statistics[index].name: _number(found.statistic(index), statistics[index].cap)
                         for index in plan.statistics_of(row.group.release)}
    return shown


def _number(total: Noised, cap: int | None = None) -> dict[str, Any]:
    half = total.noise.half_width
    shown = {"value": round(total.value), "low": round(total.value - half), "high": round(total.value + half),
             "noise_sd": round(math.sqrt(total.noise.variance), 2)}
    return shown if cap is None else {**shown, "cap": cap}


def _sharpest(plan: Plan, table: ReleasedTable, fits: Callable[[Release], bool]) -> Sequence[Row]:
    parts = [table.of(index) for index, terms in enumerate(plan.contract.releases) if fits(terms)]
    return min((rows for rows in parts if rows), key=_blur, default=())


def _blur(rows: Sequence[Row]) -> tuple[float, int]:
    return sum(row.suppressed for row in rows) / len(rows), len(rows)


def _added(plan: Plan, rows: Iterable[Row]) -> Noised | None:
    shown = [noised(row.people, plan.people_scale(row.group.release))
             for row in rows if row.people is not None]
    return reduce(Noised.__add__, shown) if shown else None


def _people(rows: Sequence[Row], people: Noised | None) -> dict[str, Any]:
    return {"people": None if people is None else _number(people),
            "complete": bool(rows) and not any(row.suppressed for row in rows)}


def _rate(people: Noised | None, admitted: int) -> Mapping[str, float] | None:
    if people is None or admitted <= 0:
        return None
    bounds = _number(people)
    return {name: round(min(1.0, max(0.0, bounds[name] / admitted)), 4) for name in ("value", "low", "high")}


def _per_person(people: Cohort | None, category: str | None, cap: int) -> dict[str, Any]:
    nothing = {"metric": "sales", "name": "category_sales_per_person", "value": None, "low": None,
               "high": None, "suppressed": people is None, "unit": "cents_per_person"}
    total = people.total("sales", category=category) if people else None
    if people is None or total is None:
        return {**nothing, "note": "suppressed"}
    found = mean(total, people.total("sales_squared", category=category), people.people, cap)
    if not isinstance(found, Level):
        return {**nothing, "note": found.note}
    interval = found.interval()
    return {**nothing, "value": round(interval.value, 2), "low": round(interval.low, 2),
            "high": round(interval.high, 2), "note": interval.note}
