"""Lift: the exposed against the control, in each stratum and standardised over all strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from cleanroom.contract.model import Contract, Measure
from cleanroom.contract.plan import CONTROL, EXPOSED, EXPOSURE_DIMENSIONS, Group, Plan
from cleanroom.measures.catalogue.base import (
    SUPPRESSED,
    Cohort,
    Context,
    MetricDefinition,
    Outcome,
    Part,
    asked,
    cohort,
    publish,
)
from cleanroom.measures.estimate import Estimate, Unit
from cleanroom.measures.noise import Noised
from cleanroom.measures.statistics import (
    Interval,
    Level,
    Result,
    Undefined,
    census,
    difference,
    mean,
    rate,
    relative,
    standardise,
)
from cleanroom.table import ReleasedTable

_MEASURES: tuple[Measure, ...] = ("buyers", "sales", "sales_squared")
_PART = Part(tuple(asked(measure) for measure in _MEASURES), dimensions=("arm",))
_NO_COST = Undefined("undefined_zero_denominator")


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a comparison: matched people, buyers, sales in cents, and the two levels compared."""

    people: Noised
    buyers: Noised
    sales: Noised
    conversion: Result
    spending: Result


@dataclass(frozen=True, slots=True)
class _Pair:
    exposed: Cohort
    control: Cohort


def compute(plan: Plan, table: ReleasedTable, context: Context) -> list[Estimate]:
    """Comparisons of every release that has `arm`, one per combination of its other dimensions.

    `conversion_difference`, `conversion_relative_lift`, `incremental_buyers`, `sales_per_person_difference`,
    `sales_relative_lift`, `incremental_sales`: exposed minus control, relative to control, and the difference
    times the matched exposed people. Where the comparison covers the whole campaign and its cost is known
    also `roas` = sales of the matched exposed / cost and `iroas` = incremental sales / cost, `cost_per_buyer` and
    `cost_per_incremental_buyer`: the cost is that of the whole campaign while the sales and buyers are of matched
    people only, so returns are low and costs high for the campaign. The cost is the contract's, else that of the
    own files.

    A release with other dimensions gets the same names with `_standardised` (no group): control strata
    weighted by the exposed people in them, so that both sides have the same mix. It needs every stratum
    released. In an observational contract every defined number is noted `association`. Releases split by exposures
    are not compared: the control has none. A campaign without cost has no return: `undefined_zero_denominator`.
    """
    return [estimate for index, release in enumerate(plan.contract.releases)
            if _PART.reads(plan, index) is not None and not set(release.dimensions) & set(EXPOSURE_DIMENSIONS)
            for estimate in _release(plan, index, table, plan.contract.campaign.cost_cents or context.cost_cents or 0)]


def _release(plan: Plan, index: int, table: ReleasedTable, cost: int) -> list[Estimate]:
    arm = plan.contract.releases[index].dimensions.index("arm")
    cohorts = {row.group.key: cohort(plan, row) for row in table.of(index)}
    found: list[Estimate] = []
    pairs: list[_Pair | None] = []
    for key, people in cohorts.items():
        if key[arm] == EXPOSED:
            against = (*key[:arm], CONTROL, *key[arm + 1:])
            pairs.append(_pair(people, cohorts.get(against)))
            outcomes = _outcomes(cost, [pairs[-1]], whole=len(key) == 1)
            found += _published(plan.contract, outcomes, "", Group(index, key), Group(index, against))
    if len(plan.contract.releases[index].dimensions) > 1:
        found += _published(plan.contract, _outcomes(cost, pairs, whole=True), "_standardised", None, None)
    return found


def _pair(exposed: Cohort | None, control: Cohort | None) -> _Pair | None:
    return _Pair(exposed, control) if exposed and control else None


def _published(contract: Contract, outcomes: dict[str, Outcome], suffix: str, group: Group | None,
               against: Group | None) -> list[Estimate]:
    note = "association" if contract.campaign.assignment == "observational" else ""
    return [publish("lift", name + suffix, _TERMS[name][0], outcome, group=group, against=against,
                    numerator=_TERMS[name][1], denominator=_TERMS[name][2], note=note)
            for name, outcome in outcomes.items()]


_TERMS: dict[str, tuple[Unit, str, str]] = {  # name → unit, numerator, denominator
    "conversion_difference": ("share", "buyers", "matched people"),
    "conversion_relative_lift": ("ratio", "conversion difference", "conversion rate of the control"),
    "incremental_buyers": ("people", "", ""),
    "sales_per_person_difference": ("cents_per_person", "sales", "matched people"),
    "sales_relative_lift": ("ratio", "sales per person difference", "sales per person of the control"),
    "incremental_sales": ("cents", "", ""),
    "roas": ("ratio", "sales of the matched exposed", "campaign cost"),
    "iroas": ("ratio", "incremental sales of the matched exposed", "campaign cost"),
    "cost_per_buyer": ("cents_per_person", "campaign cost", "buyers of the matched exposed"),
    "cost_per_incremental_buyer": ("cents_per_person", "campaign cost", "incremental buyers of the matched exposed"),
}
_OF_COST = ("roas", "iroas", "cost_per_buyer", "cost_per_incremental_buyer")


def _outcomes(cost: int, pairs: Sequence[_Pair | None], *, whole: bool) -> dict[str, Outcome]:
    names = [name for name in _TERMS if name not in _OF_COST or whole]
    known = [pair for pair in pairs if pair is not None]
    if not known or len(known) < len(pairs):
        return dict.fromkeys(names, SUPPRESSED)
    exposed = _side([pair.exposed for pair in known])
    control = _standard(known) if len(known) > 1 else _side([known[0].control])
    found = _compare(exposed, control)
    if whole:
        found |= _of_cost(cost, exposed, found) if cost else dict.fromkeys(_OF_COST, _NO_COST)
    return {name: found[name] for name in names}


def _of_cost(cost: int, exposed: _Side, found: dict[str, Outcome]) -> dict[str, Outcome]:
    gain = found["incremental_sales"]
    return {"roas": census(exposed.sales).scaled(1 / cost),
            "iroas": gain.scaled(1 / cost) if isinstance(gain, Level) else gain,
            "cost_per_buyer": _per(cost, census(exposed.buyers)),
            "cost_per_incremental_buyer": _per(cost, found["incremental_buyers"])}


def _per(cost: int, count: Outcome) -> Outcome:
    """An exact cost over a count: the ends of its interval turn round. Nothing when they are not all above 0."""
    if isinstance(count, Undefined):
        return count
    found = count.interval() if isinstance(count, Level) else count
    if found.low <= 0:
        return Undefined("too_noisy")
    slope = cost / found.value**2
    return Interval(cost / found.value, cost / found.high, cost / found.low,
                    None if found.sampling_se is None else slope * found.sampling_se, slope * found.noise_se)


def _compare(exposed: _Side, control: _Side) -> dict[str, Outcome]:
    conversion = difference(exposed.conversion, control.conversion)
    spending = difference(exposed.spending, control.spending)
    return {
        "conversion_difference": conversion,
        "conversion_relative_lift": relative(exposed.conversion, control.conversion),
        "incremental_buyers": _scaled(conversion, exposed.people.value),
        "sales_per_person_difference": spending,
        "sales_relative_lift": relative(exposed.spending, control.spending),
        "incremental_sales": _scaled(spending, exposed.people.value),
    }


def _scaled(outcome: Result, factor: float) -> Result:
    """Difference × exposed people.

    The noise of that count is already in the difference, there with the exposed level as factor instead of
    the control level: the wider of the two when exposure raises it.
    """
    return outcome.scaled(factor) if isinstance(outcome, Level) else outcome


def _side(cohorts: Sequence[Cohort]) -> _Side:
    people = reduce(Noised.__add__, (each.people for each in cohorts))
    buyers, sales, squares = (reduce(Noised.__add__, (each.needed(measure) for each in cohorts))
                              for measure in _MEASURES)
    return _Side(people, buyers, sales, rate(buyers, people), mean(sales, squares, people, cohorts[0].cap("sales")))


def _standard(pairs: Sequence[_Pair]) -> _Side:
    sides = [_side([pair.control]) for pair in pairs]
    weights = [pair.exposed.people for pair in pairs]
    return _Side(reduce(Noised.__add__, (side.people for side in sides)),
                 reduce(Noised.__add__, (side.buyers for side in sides)),
                 reduce(Noised.__add__, (side.sales for side in sides)),
                 standardise([(n, side.conversion) for n, side in zip(weights, sides, strict=True)]),
                 standardise([(n, side.spending) for n, side in zip(weights, sides, strict=True)]))


LIFT = MetricDefinition("lift", "Lift of exposed over control", 10, (_PART,), compute, "lift")
