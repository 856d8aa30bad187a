"""Sales: what the matched people of a group bought in the window."""

from __future__ import annotations

from dataclasses import dataclass

from cleanroom.contract.model import Measure, Statistic
from cleanroom.contract.plan import Group, Plan
from cleanroom.measures.catalogue.base import (
    SUPPRESSED,
    Cohort,
    Context,
    MetricDefinition,
    Part,
    asked,
    publish,
    reading,
)
from cleanroom.measures.estimate import Estimate, Unit
from cleanroom.measures.noise import Noised
from cleanroom.measures.statistics import Result, census, mean, ratio
from cleanroom.table import ReleasedTable

_UNITS: dict[Measure, Unit] = {"buyers": "people", "sales": "cents", "baskets": "baskets", "units": "units"}
_TOTALS: tuple[Measure, ...] = ("sales", "baskets", "units")
_FREE = ("sales_channel", "category", "member_segment")
_PART = Part((asked("sales"),), (asked("buyers", *_FREE), asked("sales", *_FREE), asked("sales_squared", *_FREE),
                                 asked("baskets", *_FREE), asked("units", *_FREE)))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """Totals, then ratios, of each released group.

    `sales`, `baskets`, `units`, and `<filters>_<measure>` for each statistic by category, sales channel or segment of
    members (`category_sales`, `sales_channel_category_units`; the values in `detail`): a census of the matched people,
    intervals hold noise only. `sales_per_person`, `baskets_per_person`, `units_per_person`: only sales have a released
    square, so only they have a sampling part (the others are noted `noise_only`). `sales_per_buyer` = sales / buyers:
    buyers are everybody with a value, so their squares are the same. `average_basket` = sales / baskets, with an upper
    bound of its sampling part, and `sales_channel_average_basket` for each channel that has both.
    """
    return [estimate for row, people in reading(plan, table, _PART) for estimate in (
        *_totals(plan, row.group, people), *_ratios(plan, row.group, people), *_by_channel(plan, row.group, people))]


def _totals(plan: Plan, group: Group, people: Cohort | None) -> list[Estimate]:
    return [_total(plan.contract.statistics[index], group, people.statistic(index) if people else None)
            for index in sorted(_PART.reads(plan, group.release) or ())
            if _is_total(plan.contract.statistics[index])]


def _split(statistic: Statistic) -> dict[str, str]:
    return {name: value for name in _FREE if (value := getattr(statistic, name)) is not None}


def _is_total(statistic: Statistic) -> bool:
    return statistic.measure in (_UNITS if _split(statistic) else _TOTALS)


def _total(statistic: Statistic, group: Group, total: Noised | None) -> Estimate:
    split = _split(statistic)
    detail = ", ".join(split.values())
    return publish("sales", "_".join([*split, statistic.measure]), _UNITS[statistic.measure],
                   SUPPRESSED if total is None else census(total), group=group,
                   numerator=detail, detail=detail)


def _by_channel(plan: Plan, group: Group, people: Cohort | None) -> list[Estimate]:
    offered = [plan.contract.statistics[index] for index in plan.statistics_of(group.release)]
    channels = dict.fromkeys(s.sales_channel for s in offered if s.sales_channel and len(_split(s)) == 1)
    both = [name for name in channels
            if all(any(asked(m, sales_channel=name).fits(s) for s in offered) for m in ("sales", "baskets"))]
    return [publish("sales", "sales_channel_average_basket", "cents_per_basket",
                    _channel_basket(people, name) if people else SUPPRESSED, group=group, numerator="sales",
                    denominator="baskets", detail=name) for name in both]


def _channel_basket(people: Cohort, name: str) -> Result:
    total, squares, baskets, buyers = (people.total(measure, sales_channel=name)
                                       for measure in ("sales", "sales_squared", "baskets", "buyers"))
    if total is None or baskets is None:
        return SUPPRESSED
    whole = buyers or people.people
    return ratio(total, baskets, whole, mean(total, squares, whole, people.cap("sales", sales_channel=name)))


@dataclass(frozen=True, slots=True)
class _Ratio:
    name: str
    unit: Unit
    numerator: Measure
    denominator: str


def _ratios(plan: Plan, group: Group, people: Cohort | None) -> list[Estimate]:
    offered = {measure for index in plan.statistics_of(group.release) for statistic in [plan.contract.statistics[index]]
               for measure in _UNITS if asked(measure).fits(statistic)}
    wanted = [_Ratio(f"{measure}_per_person", "cents_per_person" if measure == "sales" else "per_person",
                     measure, "matched people") for measure in _TOTALS if measure in offered]
    if {"sales", "buyers"} <= offered:
        wanted.append(_Ratio("sales_per_buyer", "cents_per_person", "sales", "buyers"))
    if {"sales", "baskets"} <= offered:
        wanted.append(_Ratio("average_basket", "cents_per_basket", "sales", "baskets"))
    return [publish("sales", item.name, item.unit, _outcome(people, item), group=group,
                    numerator=item.numerator, denominator=item.denominator) for item in wanted]


def _outcome(people: Cohort | None, item: _Ratio) -> Result:
    if people is None:
        return SUPPRESSED
    total, baskets = people.needed(item.numerator), people.total("baskets")
    squares = people.total("sales_squared") if item.numerator == "sales" else None
    buyers = people.total("buyers") if item.denominator != "matched people" else None
    average = mean(total, squares, buyers or people.people, people.cap(item.numerator))
    if item.denominator == "baskets" and baskets:
        return ratio(total, baskets, buyers or people.people, average)
    return average


SALES = MetricDefinition("sales", "Sales, baskets and units", 3, (_PART,), compute, "sales")
