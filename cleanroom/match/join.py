"""The waterfall join: key type by key type, one-to-one, on values that are pseudorandom to the joiner.

Both lists lie in buckets by point, so that lists of any length are joined a bucket at a time. What is held of each row
is one number.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from cleanroom.errors import PeerViolationError
from cleanroom.match.shuffle import Buckets, Records, leading, point_order
from cleanroom.match.tokens import Tuples
from cleanroom.ports import Scratch

_INDEX: Final = 4  # bytes of a row number
_POINT: Final = 32

Rows = npt.NDArray[np.int64]


class JoinSide:
    """One list of `rows` K-tuples, by position and bucket. `both` rows decide the buckets, alike on both sides."""

    def __init__(self, what: str, scratch: Scratch, rows: int, both: int, key_types: int) -> None:
        self._what, self.rows = what, rows
        self._positions = [Buckets(scratch, both, _POINT + _INDEX) for _ in range(key_types)]

    def __repr__(self) -> str:
        return "JoinSide"

    @property
    def key_types(self) -> int:
        """K."""
        return len(self._positions)

    def buckets(self, position: int) -> int:
        """How many buckets there are."""
        return len(self._positions[position])

    def add(self, row: int, tuples: Tuples) -> None:
        """Consecutive tuples from `row` on."""
        number = np.arange(row, row + len(tuples), dtype="<u4").view(np.uint8).reshape(-1, _INDEX)
        for position, buckets in enumerate(self._positions):
            buckets.add(np.concatenate([tuples[:, position], number], axis=1))

    def take(self, position: int, bucket: int) -> tuple[Records, Rows]:
        """(points, row numbers) of one bucket, by point; once. PeerViolationError when a point stands there twice: keys
        belong to one person; or when the points were chosen to fall into it: they would fill the memory."""
        if self._positions[position].crowded(bucket):
            raise PeerViolationError(f"{self._what}: the points are not spread as random ones are")
        records = self._positions[position].take(bucket)
        records = records[point_order(records)]
        refuse_repeated(self._what, records)
        rows = np.ascontiguousarray(records[:, _POINT:]).view("<u4").reshape(-1).astype(np.int64)
        return records[:, :_POINT], rows

    def clear(self) -> None:
        """Forget all points."""
        for buckets in self._positions:
            buckets.clear()


def waterfall(left: JoinSide, right: JoinSide) -> tuple[Rows, list[int]]:
    """For each tuple of `right` the row of its partner in `left`, or -1, shape (right.rows,); and how many found one
    at each position.

    Key types are tried in priority order; a tuple that has a partner takes no further part. PeerViolationError when a
    point stands twice at one position of a list.
    """
    partner = np.full(right.rows, -1, dtype=np.int64)
    free, found = np.ones(left.rows, dtype=np.bool_), [0] * left.key_types
    for position in range(left.key_types):
        for bucket in range(left.buckets(position)):
            one, rows_left = left.take(position, bucket)
            two, rows_right = right.take(position, bucket)
            at_left, at_right = common(one, two)
            mine, theirs = rows_left[at_left], rows_right[at_right]
            both_free = free[mine] & (partner[theirs] < 0)
            partner[theirs[both_free]] = mine[both_free]
            free[mine[both_free]] = False
            found[position] += int(both_free.sum())
    return partner, found


def common(left: Records, right: Records) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices of the points that stand in both lists. Each list is sorted and holds every point once."""
    keys = leading(right)
    first, last = (np.searchsorted(keys, leading(left), side=side) for side in ("left", "right"))
    if np.any(last - first > 1):  # points that agree in 8 bytes: somebody chose them
        _, at_left, at_right = np.intersect1d(_whole(left), _whole(right), assume_unique=True, return_indices=True)
        return at_left, at_right
    candidates = np.flatnonzero(last > first)
    same = (left[candidates] == right[first[candidates]]).all(axis=1)
    return candidates[same], first[candidates][same]


def refuse_repeated(what: str, ordered: Records) -> None:
    """PeerViolationError when two neighbours have the same point."""
    keys = leading(ordered)
    near = np.flatnonzero(keys[1:] == keys[:-1])
    if np.any((ordered[near, :_POINT] == ordered[near + 1, :_POINT]).all(axis=1)):
        raise PeerViolationError(f"{what}: a point occurs twice")


def _whole(points: Records) -> npt.NDArray[np.bytes_]:
    return np.ascontiguousarray(points).view("S32").reshape(-1)
