"""The run that follows from a contract: cells, columns, groups, noise scales and privacy cost.

Both sides derive the same plan from the same contract, so none of it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Final

from cleanroom.contract.attribution import NONE, channels_of, credits_of, denominator
from cleanroom.contract.model import Attribution, Contract, Release, Statistic
from cleanroom.contract.protocols import SALTED
from cleanroom.contract.windows import Ranges, days_that_count

EXPOSED: Final = "exposed"
CONTROL: Final = "control"
UNEXPOSED: Final = (CONTROL, "holdout")  # arms whose people must not have been reached
EXPOSURE_DIMENSIONS: Final = ("campaign", "channels", "path", "frequency", "engagement", "periods")


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination of dimension values and one first-exposure period."""

    values: tuple[str, ...]
    period: int


@dataclass(frozen=True, slots=True)
class Column:
    """One encrypted column of the retailer: a statistic over the days that count for some cells.

    `period`: whose window decides what kind of customer a person is; `days`: whose lines are added up.
    """

    statistic: Statistic
    period: int
    days: Ranges


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a released partition: index of the release, and a value for each of its axes."""

    release: int
    key: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What both nodes will compute.

    Column 0 of the encrypted table is 1 for every real person; the columns of `columns` follow it.
    """

    contract: Contract

    @property
    def salted(self) -> bool:
        """Whether people are matched by salted hashes, which tell the retailer which of its own are in which cell."""
        return self.contract.match.protocol == SALTED

    @cached_property
    def periods(self) -> int:
        """Number of first-exposure periods."""
        calendar = self.contract.calendar
        days = (calendar.exposures_until - calendar.exposures_from).days + 1
        return -(-days // calendar.period_days)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All cells that can hold a person, in contract order, the period varying fastest.

        An exposed person has a value of every exposure dimension, a person of an unexposed arm has `none` of each.
        """
        values = product(*(dimension.values for dimension in self.contract.dimensions))
        return tuple(Cell(value, period) for value in values if self._possible(value) for period in range(self.periods))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Columns 1, 2, …: by statistic, in the order of the first cell that each serves."""
        return self._layout[0]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All rows of all released partitions that have a cell, in contract order."""
        every = (Group(index, key) for index, release in enumerate(self.contract.releases)
                 for key in self._keys(release))
        return tuple(group for group in every if group in self._weights)

    def weights_of(self, group: Group) -> Mapping[int, int]:
        """How often a group counts each cell that it adds up, by index into `cells`: once, or its credit."""
        return self._weights.get(group, {})

    def width(self, group: Group) -> int:
        """Numbers that are opened of a group: its people and its sums."""
        return 1 + len(self.contract.releases[group.release].statistics)

    def column_index(self, statistic: int, cell: int) -> int:
        """Index into the encrypted table (column 0 is the column of ones) of what people of a cell add to a sum."""
        return self._layout[1][statistic][cell]

    def picks(self, group: Group) -> Mapping[tuple[int, ...], Mapping[int, int]]:
        """What a group adds up: the columns of its people and statistics, each with the cells that read them there,
        and how often."""
        statistics = self.statistics_of(group.release)
        found: dict[tuple[int, ...], dict[int, int]] = {}
        for cell, weight in self.weights_of(group).items():
            columns = (0, *(self.column_index(statistic, cell) for statistic in statistics))
            found.setdefault(columns, {})[cell] = weight
        return found

    def statistics_of(self, release: int) -> tuple[int, ...]:
        """Indices into the contract's statistics of those that a release opens, in its order."""
        names = [statistic.name for statistic in self.contract.statistics]
        return tuple(names.index(name) for name in self.contract.releases[release].statistics)

    def denominator(self, release: int) -> int:
        """Units of one person in the numbers of a release: 1, or the whole credit of attribution."""
        return denominator(self.contract.releases[release].attribution)

    @property
    def largest_denominator(self) -> int:
        """The largest of all releases; no cell has a larger weight in any group."""
        return max(self.denominator(index) for index in range(len(self.contract.releases)))

    def people_scale(self, release: int) -> float:
        """Scale of each side's discrete Laplace noise on a person count (sensitivity: the denominator)."""
        return self._scale(release, self.denominator(release), self.contract.releases[release].people_weight)

    def sum_scale(self, release: int, statistic: int) -> float:
        """Scale of each side's noise on a sum of a release, in the statistic's unit over the denominator.

        `statistic` is an index into the contract's statistics. Sensitivity: cap × denominator, over all rows of the
        release together.
        """
        stat = self.contract.statistics[statistic]
        return self._scale(release, stat.cap * self.denominator(release), stat.weight)

    def _scale(self, release: int, sensitivity: int, weight: int) -> float:
        terms = self.contract.releases[release]
        weights = terms.people_weight + sum(self.contract.statistics[s].weight for s in self.statistics_of(release))
        return float(Fraction(sensitivity * weights, weight) / Fraction(terms.epsilon))

    @cached_property
    def _layout(self) -> tuple[tuple[Column, ...], tuple[tuple[int, ...], ...]]:
        """The columns, and the index of each statistic's column for each cell.

        Cells for which no day counts share one column of zeros.
        """
        columns: list[Column] = []
        places: list[tuple[int, ...]] = []
        for statistic in self.contract.statistics:
            known: dict[tuple[int, Ranges], int] = {}
            row = []
            for cell in self.cells:
                days = days_that_count(self.contract, statistic, cell.values, cell.period)
                key = cell.period if days else 0, days
                if key not in known:
                    columns.append(Column(statistic, *key))
                    known[key] = len(columns)
                row.append(known[key])
            places.append(tuple(row))
        return tuple(columns), tuple(places)

    @cached_property
    def _weights(self) -> dict[Group, dict[int, int]]:
        found: dict[Group, dict[int, int]] = {}
        for index, release in enumerate(self.contract.releases):
            for number, cell in enumerate(self.cells):
                for key, weight in self._credit(release, cell).items():
                    found.setdefault(Group(index, key), {})[number] = weight
        return found

    def _credit(self, release: Release, cell: Cell) -> dict[tuple[str, ...], int]:
        """The rows of a release that count a cell, and how often."""
        if release.attribution is None:
            return {tuple(cell.values[self._position(name)] for name in release.dimensions): 1}
        value = cell.values[self._position(self._touched(release.attribution))]
        credit = credits_of(release.attribution, value)
        return {(channel,): weight for channel, weight in credit.items() if weight}

    def _keys(self, release: Release) -> list[tuple[str, ...]]:
        if release.attribution is not None:
            touched = self.contract.dimensions[self._position(self._touched(release.attribution))]
            return [(channel,) for channel in channels_of(touched.values)]
        named = {dimension.name: dimension.values for dimension in self.contract.dimensions}
        return list(product(*(named[name] for name in release.dimensions)))

    def _touched(self, method: Attribution) -> str:
        """The dimension whose values carry the touches."""
        names = [dimension.name for dimension in self.contract.dimensions]
        return "channels" if method == "linear" and "path" not in names else "path"

    def _position(self, name: str) -> int:
        return [str(dimension.name) for dimension in self.contract.dimensions].index(name)

    def _possible(self, values: tuple[str, ...]) -> bool:
        named = dict(zip((dimension.name for dimension in self.contract.dimensions), values, strict=True))
        seen = [value != NONE for name, value in named.items() if name in EXPOSURE_DIMENSIONS]
        return (named["arm"] != EXPOSED or all(seen)) and (named["arm"] not in UNEXPOSED or not any(seen))
