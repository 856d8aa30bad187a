"""Lists in the order of their points, of any length: an external bucket sort over a scratch.

The points are pseudorandom to whoever does not know the scalar that was applied last, so their order is a uniformly
random one over the whole list: sorting is the shuffle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from cleanroom.ports import Pile, Scratch

Records = npt.NDArray[np.uint8]  # (n, width); the first 32 bytes are a point

_BUCKET_ROWS: Final = 1 << 17  # rows that are sorted at once: a few megabytes
_GATHERED: Final = 1 << 16  # rows that are spread over the buckets at once
_MOST_BUCKETS: Final = 256  # by the first byte


class Buckets:
    """Records of `width` bytes, spread over piles by the leading bits of their point. `rows` are expected."""

    def __init__(self, scratch: Scratch, rows: int, width: int) -> None:
        count = 1
        while count < _MOST_BUCKETS and count * _BUCKET_ROWS < rows:
            count *= 2
        self._width, self._shift = width, 8 - (count.bit_length() - 1)
        self._piles: list[Pile] = list(scratch.piles(count))
        self._waiting: list[Records] = []
        self._rows = 0
        self._held = np.zeros(count, dtype=np.int64)
        share = rows / count
        self._most = share + 64 * (1 + share ** 0.5)  # random points exceed it less often than 2^-100 (Chernoff)

    def __repr__(self) -> str:
        return "Buckets"

    def crowded(self, number: int) -> bool:
        """Whether a bucket holds more than random points ever put into it."""
        self._spread()
        return bool(self._held[number] > self._most)

    def __len__(self) -> int:
        return len(self._piles)

    def add(self, records: Records) -> None:
        """(n, width) more records."""
        self._waiting.append(records)
        self._rows += len(records)
        if self._rows >= _GATHERED:
            self._spread()

    def take(self, number: int) -> Records:
        """The records of one bucket, in no order; once."""
        self._spread()
        found = [part.reshape(-1, self._width) for part in self._piles[number].take()]
        return np.concatenate(found) if found else np.empty((0, self._width), dtype=np.uint8)

    def clear(self) -> None:
        """Forget everything."""
        for part in self._waiting:
            if part.flags.writeable:
                part.fill(0)
        self._waiting, self._rows = [], 0
        for pile in self._piles:
            pile.clear()

    def _spread(self) -> None:
        if not self._waiting:
            return
        records = np.concatenate(self._waiting)
        self._waiting, self._rows = [], 0
        if len(self._piles) == 1:
            self._held[0] += len(records)
            self._piles[0].add(records)
            return
        bucket = (records[:, 0].astype(np.uint16) >> np.uint16(self._shift)).astype(np.uint8)
        ordered = records[np.argsort(bucket, kind="stable")]
        counts = np.bincount(bucket, minlength=len(self._piles))
        self._held += counts
        ends = np.cumsum(counts)
        for pile, part in zip(self._piles, np.split(ordered, ends[:-1]), strict=True):
            if len(part):
                pile.add(part)


def shuffled(buckets: Buckets) -> Iterator[Records]:
    """All records by their points; the buckets are empty afterwards."""
    for number in range(len(buckets)):
        records = buckets.take(number)
        yield records[point_order(records)]


def even_chunks(parts: Iterable[Records], size: int) -> Iterator[Records]:
    """The same records in chunks of `size`, the last one of what is left."""
    waiting: list[Records] = []
    held = 0
    for part in parts:
        waiting.append(part)
        held += len(part)
        if held >= size:
            whole = np.concatenate(waiting)
            full = held - held % size
            yield from (whole[start:start + size] for start in range(0, full, size))
            waiting, held = [whole[full:]], held - full
    if held:
        yield np.concatenate(waiting)


def records_of(tuples: npt.NDArray[np.uint8]) -> Records:
    """(n, K, 32) tuples as (n, 32 K) records."""
    return tuples.reshape(len(tuples), 32 * tuples.shape[1])


def point_order(points: Records) -> npt.NDArray[np.intp]:
    """Indices that put (n, ≥ 32) records into the byte order of their points."""
    order = np.argsort(leading(points), kind="stable")
    ordered = leading(points)[order]
    if np.any(ordered[1:] == ordered[:-1]):  # not by chance: two points agree in 8 bytes, or are the same
        whole = np.ascontiguousarray(points[:, :32])
        order = np.argsort(whole.view(f"S{whole.shape[1]}").reshape(-1), kind="stable")
    return order


def leading(points: Records) -> npt.NDArray[np.uint64]:
    """(n,) the first 8 bytes as numbers that sort like the bytes."""
    return np.ascontiguousarray(points[:, :8]).view(">u8").reshape(-1).astype(np.uint64)
