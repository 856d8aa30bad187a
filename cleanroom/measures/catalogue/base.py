"""What every metric is made of: its definition, the reader's context, and a released row with its noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from cleanroom.contract.model import Contract, DimensionName, Measure, Metric, Role, Statistic
from cleanroom.contract.plan import Group, Plan
from cleanroom.errors import MisuseError
from cleanroom.measures.estimate import Estimate, Unit
from cleanroom.measures.noise import Noised, noised
from cleanroom.measures.statistics import Interval, Level, Undefined
from cleanroom.table import ReleasedTable, Row

FILTERS: Final = ("category", "sales_channel", "scope", "days", "within", "member_segment", "customers")
SUPPRESSED: Final = Undefined("suppressed")
_CENTS_SQUARED = 10_000.0  # cents² in one whole currency unit squared

Outcome: TypeAlias = Level | Interval | Undefined


@dataclass(frozen=True, slots=True)
class Context:
    """What one party knows besides the table.

    `admitted`: own people admitted to the run, exact. `peer_padded`: the peer's padded size, never below its
    true one; None when unknown. `role`: which party this is. `coverage`: own numbers, (part, whole) by name, exact.
    `cost_cents`: of the campaign by the own files, for a contract that declares none.
    """

    role: Role
    admitted: int
    peer_padded: int | None
    coverage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    cost_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """A statistic as a metric asks for it: `filters` it must have (name, value), `free` ones it may have besides."""

    measure: Measure
    filters: tuple[tuple[str, str], ...] = ()
    free: tuple[str, ...] = ()

    def fits(self, statistic: Statistic) -> bool:
        """Whether this is the statistic asked for."""
        wanted = dict(self.filters)
        return statistic.measure == self.measure and all(
            name in self.free or getattr(statistic, name) == wanted.get(name) for name in FILTERS)

    def __str__(self) -> str:
        return " ".join([self.measure, *(f"with {name} {value}" for name, value in self.filters)])


def asked(measure: Measure, *free: str, **filters: str) -> Sum:
    """A sum with these filters; `free` names filters that may be anything."""
    return Sum(measure, tuple(filters.items()), free)


@dataclass(frozen=True, slots=True)
class Part:
    """What a metric reads of one release: it must have `dimensions` (more split the same numbers further) and open
    `needs`; `may` make the metric better. `attribution`: of a release of credits. `credited`: what is asked of people
    is credited to their exposures, so where the contract has look-backs the same sums within them are needed, too."""

    needs: tuple[Sum, ...] = ()
    may: tuple[Sum, ...] = ()
    dimensions: tuple[DimensionName, ...] = ()
    attribution: bool = False
    credited: bool = False

    def wanted(self, contract: Contract) -> tuple[tuple[Sum, ...], tuple[Sum, ...]]:
        """What it needs and what it may have in a contract."""
        if not (self.credited and contract.calendar.lookback):
            return self.needs, self.may
        return self._looking_back(self.needs), self._looking_back(self.may)

    def _looking_back(self, sums: tuple[Sum, ...]) -> tuple[Sum, ...]:
        return (*sums, *(replace(each, filters=(*each.filters, ("within", "lookback"))) for each in sums))

    def reads(self, plan: Plan, release: int) -> frozenset[int] | None:
        """Indices of the statistics it reads of a release; None when the release is not one for it."""
        terms = plan.contract.releases[release]
        if (terms.attribution is not None) != self.attribution or not set(self.dimensions) <= set(terms.dimensions):
            return None
        offered = {index: plan.contract.statistics[index] for index in plan.statistics_of(release)}
        needs, may = self.wanted(plan.contract)
        if not all(any(each.fits(statistic) for statistic in offered.values()) for each in needs):
            return None
        return frozenset(index for index, statistic in offered.items()
                         if any(each.fits(statistic) for each in (*needs, *may)))


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """One metric: `number` in the catalogue of measures, the parts it is made of, its computation, and the key of its
    wording in reports. A metric without parts is about the owner's own data."""

    name: Metric
    title: str
    number: int
    parts: tuple[Part, ...]
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
        """Matched people; in a row of credit, their credited parts."""
        return noised(self.counted, self.plan.people_scale(self.group.release)).scaled(1 / self._units)

    def total(self, measure: Measure, **filters: str | None) -> Noised | None:
        """Sum of a statistic in its unit (sales_squared: cents squared); None when the release does not open it."""
        index = self.index(measure, **filters)
        if index is None:
            return None
        number = self.statistic(index)
        return number.scaled(_CENTS_SQUARED) if measure == "sales_squared" else number

    def needed(self, measure: Measure, **filters: str | None) -> Noised:
        """The same for a measure the metric requires; MisuseError when `check_metrics` was not asked."""
        total = self.total(measure, **filters)
        if total is None:
            raise MisuseError(f"the release has no statistic of {measure}")
        return total

    def index(self, measure: Measure, **filters: str | None) -> int | None:
        """Index of the contract's statistic with exactly these filters, when the release opens it."""
        for index in self.plan.statistics_of(self.group.release):
            statistic = self.plan.contract.statistics[index]
            if statistic.measure == measure and all(getattr(statistic, name) == filters.get(name) for name in FILTERS):
                return index
        return None

    def cap(self, measure: Measure, **filters: str | None) -> int:
        """Cap of one person's value, in its unit; MisuseError when the release does not open the statistic."""
        index = self.index(measure, **filters)
        if index is None:
            raise MisuseError(f"the release has no statistic of {measure}")
        return self.plan.contract.statistics[index].cap

    def statistic(self, index: int) -> Noised:
        """Sum of the contract's statistic with this index, in its unit."""
        release = self.group.release
        number = self.sums[self.plan.statistics_of(release).index(index)]
        return noised(number, self.plan.sum_scale(release, index)).scaled(1 / self._units)

    @property
    def _units(self) -> int:
        return self.plan.denominator(self.group.release)


def cohort(plan: Plan, row: Row) -> Cohort | None:
    """The people of a row; None when it is suppressed."""
    if row.people is None or row.sums is None:
        return None
    return Cohort(plan, row.group, row.people, row.sums)


def reading(plan: Plan, table: ReleasedTable, part: Part) -> Iterator[tuple[Row, Cohort | None]]:
    """Rows of every release that a part reads, with their people; None where suppressed."""
    for release in range(len(plan.contract.releases)):
        if part.reads(plan, release) is not None:
            yield from ((row, cohort(plan, row)) for row in table.of(release))


def publish(metric: Metric, name: str, unit: Unit, outcome: Outcome, *, group: Group | None,
            against: Group | None = None, numerator: str = "", denominator: str = "",
            note: str = "", detail: str = "") -> Estimate:
    """The estimate of an outcome. Its note says why it has no number, else is `note` or its own."""
    if isinstance(outcome, Undefined):
        return Estimate(metric, name, group, against, unit, None, None, None, None, None,
                        numerator, denominator, outcome.note, detail)
    found = outcome.interval() if isinstance(outcome, Level) else outcome
    return Estimate(metric, name, group, against, unit, found.value, found.low, found.high, found.sampling_se,
                    found.noise_se, numerator, denominator, note or found.note, detail)
