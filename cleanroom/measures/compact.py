"""The retailer's columns in as few bytes as their values need: ten columns take some twenty bytes a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Compact:
    """(n, C) non-negative integers, column by column. Silent."""

    def __init__(self, columns: Sequence[NDArray[np.unsignedinteger[Any]]]) -> None:
        self._columns = list(columns)

    @classmethod
    def of(cls, matrix: NDArray[np.int64]) -> Compact:
        """From (n, C) int64."""
        return cls([smallest(column) for column in matrix.T])

    @classmethod
    def joined(cls, parts: Sequence[Compact], kept: NDArray[np.bool_]) -> Compact:
        """The rows of all parts, one after the other, that are `kept`."""
        columns = []
        for number in range(parts[0].width):
            column = np.concatenate([part._columns[number] for part in parts])
            columns.append(column if kept.all() else column[kept])
            for part in parts:
                part._columns[number] = column[:0].copy()  # what was copied need not stay
        return cls(columns)

    def __repr__(self) -> str:
        return "Compact"

    def __len__(self) -> int:
        return len(self._columns[0]) if self._columns else 0

    @property
    def width(self) -> int:
        """C."""
        return len(self._columns)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(column.nbytes for column in self._columns)

    def take(self, people: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """(C, m) int64: the columns of some people, zeros for -1."""
        real = people >= 0
        found = np.zeros((self.width, len(people)), dtype=np.int64)
        for row, column in zip(found, self._columns, strict=True):
            row[real] = column[people[real]]
        return found

    def total(self, column: int) -> int:
        """Exact sum of one column."""
        return int(self._columns[column].sum(dtype=np.uint64))

    def matrix(self) -> NDArray[np.int64]:
        """(n, C) int64. For tests."""
        return np.stack([column.astype(np.int64) for column in self._columns], axis=1)

    def wipe(self) -> None:
        """Overwrite and forget."""
        for column in self._columns:
            if column.flags.writeable:
                column.fill(0)
        self._columns = []


def smallest(column: NDArray[np.int64]) -> NDArray[np.unsignedinteger[Any]]:
    """Non-negative integers in as few bytes as the largest needs."""
    kind = np.min_scalar_type(int(column.max(initial=0)))
    narrow: NDArray[np.unsignedinteger[Any]] = column.astype(kind)
    return narrow
