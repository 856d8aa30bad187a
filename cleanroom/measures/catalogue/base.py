"""What every metric is made of: its definition, the reader's context, and a released row with its noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from cleanroom.contract.model import Measure, Metric, Role
from cleanroom.contract.plan import Group, Plan
from cleanroom.errors import MisuseError
from cleanroom.measures.estimate import Estimate, Unit
from cleanroom.measures.noise import Noised, noised
from cleanroom.measures.statistics import Interval, Level, Undefined
from cleanroom.table import ReleasedTable, Row

_CENTS_SQUARED = 10_000.0  # cents² in one whole currency unit squared

Outcome: TypeAlias = Level | Interval | Undefined


@dataclass(frozen=True, slots=True)
class Context:
    """What one party knows besides the table.

    `admitted`: own people admitted to the run, exact. `peer_padded`: the peer's padded size, never below its
    true one; None when unknown. `role`: which party this is.
    """

    role: Role
    admitted: int
    peer_padded: int | None


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """One metric: `number` in the catalogue of measures, uncategorised measures it cannot do without, its
    computation, and the key of its wording in reports."""

    name: Metric
    title: str
    number: int
    requires: tuple[Measure, ...]
    compute: Callable[[Plan, ReleasedTable, Context], list[Estimate]]
    wording: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """The people of one released group, not suppressed, with the noise of each of their totals."""

    plan: Plan
    group: Group
    counted: int
    sums: tuple[int, ...]

    @property
    def people(self) -> Noised:
        """Matched people."""
        return noised(self.counted, self.plan.people_scale(self.group.release))

    def total(self, measure: Measure, category: str | None = None) -> Noised | None:
        """Sum of a statistic in its unit (sales_squared: cents squared); None when the contract lacks it."""
        for index, statistic in enumerate(self.plan.contract.statistics):
            if (statistic.measure, statistic.category) == (measure, category):
                number = self.statistic(index)
                return number.scaled(_CENTS_SQUARED) if measure == "sales_squared" else number
        return None

    def needed(self, measure: Measure) -> Noised:
        """The same for a measure the metric requires; MisuseError when `check_metrics` was not asked."""
        total = self.total(measure)
        if total is None:
            raise MisuseError(f"the contract has no statistic of {measure}")
        return total

    def statistic(self, index: int) -> Noised:
        """Sum of the statistic with this index, in its unit."""
        return noised(self.sums[index], self.plan.sum_scale(self.group.release, index))


def cohort(plan: Plan, row: Row) -> Cohort | None:
    """The people of a row; None when it is suppressed."""
    if row.people is None or row.sums is None:
        return None
    return Cohort(plan, row.group, row.people, row.sums)


def cap_of(plan: Plan, measure: Measure) -> int:
    """Cap of one person's uncategorised value, in its unit; MisuseError when the contract lacks it."""
    for statistic in plan.contract.statistics:
        if (statistic.measure, statistic.category) == (measure, None):
            return statistic.cap
    raise MisuseError(f"the contract has no statistic of {measure}")


def publish(metric: Metric, name: str, unit: Unit, outcome: Outcome, *, group: Group | None,
            against: Group | None = None, numerator: str = "", denominator: str = "",
            note: str = "") -> Estimate:
    """The estimate of an outcome. Its note says why it has no number, else is `note` or its own."""
    if isinstance(outcome, Undefined):
        return Estimate(metric, name, group, against, unit, None, None, None, None, None,
                        numerator, denominator, outcome.note)
    found = outcome.interval() if isinstance(outcome, Level) else outcome
    return Estimate(metric, name, group, against, unit, found.value, found.low, found.high, found.sampling_se,
                    found.noise_se, numerator, denominator, note or found.note)
