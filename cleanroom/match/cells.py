"""The advertiser's cells as the retailer holds them: re-blinded, each to be put into a new order with its padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from cleanroom.match.join import refuse_repeated
from cleanroom.match.shuffle import Buckets, even_chunks, point_order, records_of, shuffled
from cleanroom.match.tokens import ROWS_PER_CHUNK, Tuples
from cleanroom.ports import Scratch

# Bytes of a re-blinded point that are compared. They are pseudorandom to the advertiser, so that two of the 10^8 points
# of a run agree with a probability below 2^-74 unless they are the same.
_COMPARED: Final = 16


class CellList:
    """Lists of K-tuples that arrive one after the other: `sizes` of them, `padded` when they leave."""

    def __init__(self, scratch: Scratch, padded: Sequence[int], sizes: Sequence[int], key_types: int) -> None:
        self._key_types = key_types
        self._ends = np.cumsum(sizes)
        self._cells = [Buckets(scratch, size, 32 * key_types) for size in padded]
        self._seen = [Buckets(scratch, sum(sizes), _COMPARED) for _ in range(key_types)]

    def __repr__(self) -> str:
        return "CellList"

    def add(self, row: int, tuples: Tuples) -> None:
        """Consecutive tuples from `row` on, which may belong to several cells."""
        for position, seen in enumerate(self._seen):
            seen.add(np.ascontiguousarray(tuples[:, position, :_COMPARED]))
        start = row
        while len(tuples):
            cell = int(np.searchsorted(self._ends, start, side="right"))
            part, tuples = np.split(tuples, [int(self._ends[cell]) - start])
            self._cells[cell].add(records_of(part))
            start += len(part)

    def refuse_repeated(self) -> None:
        """PeerViolationError when a point stands twice at one position: keys belong to one person."""
        for seen in self._seen:
            for bucket in range(len(seen)):
                points = seen.take(bucket)
                refuse_repeated("blinded cells", points[point_order(points)])

    def take(self, cell: int, padding: Tuples) -> Iterator[Tuples]:
        """One cell with its padding in a new order, in chunks; once."""
        self._cells[cell].add(records_of(padding))
        for chunk in even_chunks(shuffled(self._cells[cell]), ROWS_PER_CHUNK):
            yield chunk.reshape(len(chunk), self._key_types, 32)

    def clear(self) -> None:
        """Forget all points."""
        for buckets in (*self._cells, *self._seen):
            buckets.clear()
