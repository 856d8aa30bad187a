"""Sales: what the matched people of a group bought in the window."""

from __future__ import annotations

from dataclasses import dataclass

from cleanroom.contract.model import Measure, Statistic
from cleanroom.contract.plan import Group, Plan
from cleanroom.measures.catalogue.base import Cohort, Context, MetricDefinition, cap_of, cohort, publish
from cleanroom.measures.estimate import Estimate, Unit
from cleanroom.measures.noise import Noised
from cleanroom.measures.statistics import Result, Undefined, census, mean, ratio
from cleanroom.table import ReleasedTable

_UNITS: dict[Measure, Unit] = {"buyers": "people", "sales": "cents", "baskets": "baskets", "units": "units"}
_TOTALS: tuple[Measure, ...] = ("sales", "baskets", "units")


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """Totals, then ratios, of each released group.

    `sales`, `baskets`, `units`, and `category_<measure>` for each statistic with a category (named in
    `numerator`): a census of the matched people, intervals hold noise only. `sales_per_person`,
    `baskets_per_person`, `units_per_person`: only sales have a released square, so only they have a sampling
    part (the others are noted `noise_only`). `sales_per_buyer` = sales / buyers: buyers are everybody with a
    value, so their squares are the same. `average_basket` = sales / baskets, with an upper bound of its
    sampling part.
    """
    return [estimate for row in table.rows for estimate in (*_totals(plan, row.group, cohort(plan, row)),
                                                            *_ratios(plan, row.group, cohort(plan, row)))]


def _totals(plan: Plan, group: Group, people: Cohort | None) -> list[Estimate]:
    return [_total(statistic, group, people.statistic(index) if people else None)
            for index, statistic in enumerate(plan.contract.statistics) if _is_total(statistic)]


def _is_total(statistic: Statistic) -> bool:
    return statistic.measure in (_TOTALS if statistic.category is None else _UNITS)


def _total(statistic: Statistic, group: Group, total: Noised | None) -> Estimate:
    outcome = Undefined("suppressed") if total is None else census(total)
    name = statistic.measure if statistic.category is None else f"category_{statistic.measure}"
    return publish("sales", name, _UNITS[statistic.measure], outcome, group=group,
                   numerator=statistic.category or "")


@dataclass(frozen=True, slots=True)
class _Ratio:
    name: str
    unit: Unit
    numerator: Measure
    denominator: str


def _ratios(plan: Plan, group: Group, people: Cohort | None) -> list[Estimate]:
    offered = {statistic.measure for statistic in plan.contract.statistics if statistic.category is None}
    wanted = [_Ratio(f"{measure}_per_person", "cents_per_person" if measure == "sales" else "per_person",
                     measure, "matched people") for measure in _TOTALS if measure in offered]
    if {"sales", "buyers"} <= offered:
        wanted.append(_Ratio("sales_per_buyer", "cents_per_person", "sales", "buyers"))
    if {"sales", "baskets"} <= offered:
        wanted.append(_Ratio("average_basket", "cents_per_basket", "sales", "baskets"))
    return [publish("sales", item.name, item.unit, _outcome(plan, people, item), group=group,
                    numerator=item.numerator, denominator=item.denominator) for item in wanted]


def _outcome(plan: Plan, people: Cohort | None, item: _Ratio) -> Result:
    if people is None:
        return Undefined("suppressed")
    total, baskets = people.needed(item.numerator), people.total("baskets")
    squares = people.total("sales_squared") if item.numerator == "sales" else None
    buyers = people.total("buyers") if item.denominator != "matched people" else None
    average = mean(total, squares, buyers or people.people, cap_of(plan, item.numerator))
    if item.denominator == "baskets" and baskets:
        return ratio(total, baskets, buyers or people.people, average)
    return average


SALES = MetricDefinition("sales", "Sales, baskets and units", 3, ("sales",), compute, "sales")
