"""The advertiser's people in the form in which they are sent: cell by cell, padded, in random order within each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cleanroom.identity.values import KeyValues
from cleanroom.match.dummies import Padding
from cleanroom.match.shuffle import Buckets, even_chunks, records_of, shuffled
from cleanroom.match.tokens import ROWS_PER_CHUNK, Tuples, chunks_of
from cleanroom.ports import Noise, Scratch
from cleanroom.primitives.backend import Points


class PaddedCells:
    """`keys` is (n, K), `cells` (n,) the cell of each person, `sizes` what each cell has with its padding."""

    def __init__(self, noise: Noise, padding: Padding, keys: KeyValues, cells: npt.NDArray[np.integer[Any]],
                 cell_count: int) -> None:
        self._order = np.argsort(cells, kind="stable").astype(np.int32)
        self._keys = keys
        self._real = np.bincount(cells, minlength=cell_count)
        self.sizes = tuple(int(n) for n in self._real + np.array(padding.draw(noise, cell_count), dtype=np.int64))

    def __repr__(self) -> str:
        return "PaddedCells"

    def chunks(self) -> Iterator[KeyValues]:
        """The keys of all people, in chunks that lie in one cell each."""
        start = 0
        for real in self._real.tolist():
            people = self._order[start:start + real]
            start += real
            for part in chunks_of(real):
                yield self._keys.take(people[part]).chosen()

    def shuffled(self, scratch: Scratch, made: Iterator[Tuples], random: Callable[[int], Points]) -> Iterator[Tuples]:
        """All cells, each in a new order over the whole cell. `made`: the tuples of `chunks`, one by one; `random`
        makes points that stand for nobody."""
        for real, size in zip(self._real.tolist(), self.sizes, strict=True):
            buckets = Buckets(scratch, size, self._keys.key_types * 32)
            missing = real
            while missing:
                tuples = next(made)
                missing -= len(tuples)
                buckets.add(records_of(tuples))
            for part in chunks_of(size - real):
                count = part.stop - part.start
                buckets.add(random(count * self._keys.key_types).reshape(count, -1))
            for chunk in even_chunks(shuffled(buckets), ROWS_PER_CHUNK):
                yield chunk.reshape(len(chunk), -1, 32)

    @property
    def wiped(self) -> bool:
        """Whether no key is here."""
        return not len(self._keys)

    def wipe(self) -> None:
        """Overwrite the order; forget the keys."""
        self._order.fill(0)
        self._keys = self._keys.none()
