"""What a contract's metrics would look like on assumed sizes and rates, before any data is touched.

The plan is the report of an imagined table: each group gets its expected totals, exposed and control alike (no
effect), and the catalogue computes the very intervals it will compute after the run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import bdtr, ndtri

from cleanroom.contract.model import Statistic
from cleanroom.contract.plan import Group, Plan
from cleanroom.errors import UsageError
from cleanroom.measures.catalogue import compute
from cleanroom.measures.catalogue.base import Context
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.noise import Z, noise_below
from cleanroom.table import ReleasedTable, Row

POWER: Final = 0.80
DETECTABLE: Final = ("conversion_difference", "sales_per_person_difference")
_NOISE_TAIL: Final = 45  # noise of both sides beyond so many scales: under 1e-17
_REST: Final = 4  # a measure that nothing is assumed about is a quarter of its cap a person: only noise matters then


@dataclass(frozen=True, slots=True)
class Assumptions:
    """`people`: of the advertiser by cell of the plan, before matching. `retailer`: people of the retailer.

    `overlap` is the share of the advertiser's people found at the retailer, `conversion` the share of matched
    people who buy in the window. `mean` and `sd` are sales per matched person in whole currency units, people who
    buy nothing counted as zero.
    """

    people: tuple[float, ...]
    retailer: int
    overlap: float
    conversion: float
    mean: float
    sd: float

    def check(self, plan: Plan) -> None:
        """UsageError for what cannot be."""
        if len(self.people) != len(plan.cells) or min(self.people) < 0 or self.retailer < 0:
            raise UsageError("the number of people must be zero or more, for each cell")
        if not (0 < self.overlap <= 1 and 0 < self.conversion <= 1):
            raise UsageError("overlap and conversion are shares above 0, at most 1")
        if not (self.mean >= 0 and self.sd >= 0 and math.isfinite(self.mean + self.sd)):
            raise UsageError("mean and sd are amounts of money, zero or more")

    @property
    def matched(self) -> float:
        """Expected share of the advertiser's people that match: the retailer cannot match more than it has."""
        everyone = sum(self.people)
        return min(self.overlap, self.retailer / everyone) if everyone else 0.0


@dataclass(frozen=True, slots=True)
class GroupForecast:
    """Expected matched people of a group, and the probability that it is suppressed."""

    group: Group
    people: float
    suppressed: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """One number of the report to come. Half-widths of its 95 % interval in the unit of the estimate.

    `half` joins `sampling` and `noise` (hypotenuse; None when there will be no number). `sampling` is None where the
    contract releases nothing that would tell it. `detectable` is the
    smallest true effect found with a power of 80 % at a two-sided 5 %; None for what is not a difference.
    """

    estimate: Estimate
    half: float | None
    sampling: float | None
    noise: float | None
    detectable: float | None


def group_forecasts(plan: Plan, assumed: Assumptions) -> tuple[GroupForecast, ...]:
    """One entry per released group, in plan order."""
    return tuple(GroupForecast(group, people * assumed.matched,
                               suppression(people, assumed.matched, plan.people_scale(group.release) / units,
                                           plan.contract.disclosure.threshold))
                 for group in plan.groups for units in [plan.denominator(group.release)]
                 for people in [_people(plan, assumed, group) / units])


def forecasts(plan: Plan, assumed: Assumptions) -> tuple[Forecast, ...]:
    """Every estimate that has a group or compares arms, with its expected precision."""
    context = Context("advertiser", round(sum(assumed.people)), assumed.retailer)
    return tuple(_forecast(estimate) for estimate in compute(plan, expected_table(plan, assumed), context))


def expected_table(plan: Plan, assumed: Assumptions) -> ReleasedTable:
    """The expected totals of every group, none suppressed."""
    rows = []
    for group in plan.groups:
        matched = _people(plan, assumed, group) * assumed.matched
        sums = tuple(round(matched * _expected(plan, plan.contract.statistics[index], assumed))
                     for index in plan.statistics_of(group.release))
        rows.append(Row(group, round(matched), sums))
    return ReleasedTable(tuple(rows))


def suppression(people: float, matched: float, scale: float, threshold: int) -> float:
    """P(N + X < threshold) for N binomial (`people`, `matched`) and X the noise of both sides, of this scale each."""
    size = round(people)
    if size == 0 or matched >= 1:
        return noise_below(threshold - size, scale)
    spread = 8 * math.sqrt(size * matched * (1 - matched)) + 1  # what lies beyond is under 1e-14
    if abs(size * matched - threshold) > spread + _NOISE_TAIL * scale:
        return float(size * matched < threshold)
    first, last = max(0, math.floor(size * matched - spread)), min(size, math.ceil(size * matched + spread))
    counts = np.arange(first, last + 1)
    mass = np.diff(bdtr(counts, size, matched), prepend=0.0)
    return float(min(1.0, sum(p * noise_below(threshold - int(n), scale) for n, p in zip(counts, mass, strict=True))))


def _forecast(estimate: Estimate) -> Forecast:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Forecast(estimate, None, None, None, None)
    half = max(estimate.high - estimate.value, estimate.value - estimate.low)
    sampling = None if estimate.sampling_se is None else min(half, Z * estimate.sampling_se)
    joint = math.hypot(estimate.sampling_se or 0.0, estimate.noise_se or 0.0)
    base = estimate.name.removesuffix("_standardised")
    detectable = half + float(ndtri(POWER)) * joint if base in DETECTABLE else None
    return Forecast(estimate, half, sampling, math.sqrt(half**2 - (sampling or 0.0) ** 2), detectable)


def _people(plan: Plan, assumed: Assumptions, group: Group) -> float:
    """People of a group, in the units of its release."""
    return sum(weight * assumed.people[cell] for cell, weight in plan.weights_of(group).items())


def _expected(plan: Plan, statistic: Statistic, assumed: Assumptions) -> float:
    """Expected value of one matched person, in the statistic's unit, never above its cap."""
    value = statistic.cap / _REST
    if statistic.measure == "buyers":
        value = assumed.conversion
    elif statistic.measure == "sales":
        value = 100 * assumed.mean * _share(plan.contract.statistics, statistic)
    elif statistic.measure == "sales_squared":
        share = _share(plan.contract.statistics, statistic)
        value = (assumed.mean**2 + assumed.sd**2) * share**2
    return min(value, float(statistic.cap))


def _share(statistics: Sequence[Statistic], statistic: Statistic) -> float:
    """The share of all sales that falls to a category: by its cap, as no sales are known."""
    if statistic.category is None:
        return 1.0
    caps = [each.cap for each in statistics if each.measure == statistic.measure and each.category is not None]
    return statistic.cap / sum(caps)
