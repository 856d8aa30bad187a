"""The run that follows from a contract: cells, columns, groups, noise scales and privacy cost.

Both sides derive the same plan from the same contract, so none of it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import product

from cleanroom.contract.model import Calendar, Contract, Statistic


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination of dimension values and one first-exposure period."""

    values: tuple[str, ...]
    period: int


@dataclass(frozen=True, slots=True)
class Column:
    """One encrypted column of the retailer: a statistic over the window that belongs to a period."""

    statistic: Statistic
    period: int


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a released partition: index of the release, and a value for each of its dimensions."""

    release: int
    key: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What both nodes will compute.

    Column 0 of the encrypted table is 1 for every real person; the columns of `columns` follow it.
    """

    contract: Contract

    @cached_property
    def periods(self) -> int:
        """Number of first-exposure periods."""
        calendar = self.contract.calendar
        days = (calendar.exposures_until - calendar.exposures_from).days + 1
        return -(-days // calendar.period_days)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, in contract order, the period varying fastest."""
        values = product(*(dimension.values for dimension in self.contract.dimensions))
        return tuple(Cell(value, period) for value in values for period in range(self.periods))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Columns 1, 2, …: by statistic, the period varying fastest."""
        return tuple(Column(s, p) for s in self.contract.statistics for p in range(self.periods))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All rows of all released partitions, in contract order."""
        named = {dimension.name: dimension.values for dimension in self.contract.dimensions}
        return tuple(
            Group(index, key)
            for index, release in enumerate(self.contract.releases)
            for key in product(*(named[name] for name in release.dimensions))
        )

    def cells_of(self, group: Group) -> tuple[int, ...]:
        """Indices into `cells` of the cells that a group adds up."""
        names = [dimension.name for dimension in self.contract.dimensions]
        wanted = {names.index(name): value for name, value in
                  zip(self.contract.releases[group.release].dimensions, group.key, strict=True)}
        return tuple(i for i, cell in enumerate(self.cells)
                     if all(cell.values[d] == value for d, value in wanted.items()))

    def column_index(self, statistic: int, period: int) -> int:
        """Index into the encrypted table (column 0 is the column of ones)."""
        return 1 + statistic * self.periods + period

    def people_scale(self, release: int) -> float:
        """Scale of each side's discrete Laplace noise on a person count (sensitivity 1)."""
        terms = self.contract.releases[release]
        return float(Fraction(self._weights(release), terms.people_weight) / Fraction(terms.epsilon))

    def sum_scale(self, release: int, statistic: int) -> float:
        """Scale of each side's noise on a sum (sensitivity = cap), in the statistic's unit."""
        terms, stat = self.contract.releases[release], self.contract.statistics[statistic]
        return float(Fraction(stat.cap * self._weights(release), stat.weight) / Fraction(terms.epsilon))

    def _weights(self, release: int) -> int:
        return self.contract.releases[release].people_weight + sum(s.weight for s in self.contract.statistics)


def window_of(calendar: Calendar, period: int) -> tuple[date, date]:
    """First day (inclusive) and last day (exclusive) of the purchases that count for a period."""
    start = calendar.exposures_from + timedelta(days=(period + 1) * calendar.period_days)
    return start, start + timedelta(days=calendar.window_days)
