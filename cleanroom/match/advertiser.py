"""The advertiser's half of the matching. One object serves one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cleanroom.errors import PeerViolationError
from cleanroom.match.diagnostics import KeyMatches, matched_positions, matches_by_key
from cleanroom.match.dummies import Padding, dummies_per_cell
from cleanroom.match.inbox import Inbox
from cleanroom.match.join import waterfall
from cleanroom.match.tokens import (
    KeyValues,
    Scalar,
    Tuples,
    blind,
    chunks_of,
    first_keys,
    power_tuples,
    random_elements,
)
from cleanroom.ports import Entropy, Noise
from cleanroom.primitives.backend import Backend

BASE_POINT = bytes([9]) + bytes(31)


class AdvertiserMatch:
    """Sends blinded cells, receives them re-blinded and shuffled, joins them with the retailer's blinded values.

    `keys` is (n, K), `cells` (n,) int64 the cell of each person, `cell_count` the contract's cells.
    """

    def __init__(self, backend: Backend, entropy: Entropy, noise: Noise, padding: Padding, key_types: Sequence[str],
                 keys: KeyValues, cells: npt.NDArray[np.int64], cell_count: int) -> None:
        self._backend, self._entropy = backend, entropy
        self._key_types = tuple(key_types)
        self._order = np.argsort(cells, kind="stable")
        self._keys = keys
        self._real = np.bincount(cells, minlength=cell_count)
        self.cell_sizes = tuple(int(n) for n in self._real + np.array(padding.draw(noise, cell_count), dtype=np.int64))
        self._extra = dummies_per_cell(padding, len(key_types))
        self._scalar = Scalar(entropy)
        self.public = bytes(backend.power(self._scalar.use(), np.frombuffer(BASE_POINT, np.uint8)[None, :])[0])
        total = sum(self.cell_sizes)
        self._reblinded = Inbox("re-blinded cells", total + self._extra * cell_count, len(key_types))
        self._values: Inbox | None = None
        self._padding = padding
        self.matched: tuple[KeyMatches, ...] = ()  # by key type; known after the join

    def __repr__(self) -> str:
        return "AdvertiserMatch"

    def blinded_cells(self, ctx: bytes) -> Iterator[Tuples]:
        """Message 1: cell by cell, real people and padding in random order."""
        start = 0
        for real, size in zip(self._real, self.cell_sizes, strict=True):
            people = self._order[start:start + real]
            start += real
            yield from self._one_cell(ctx, people, size)

    def _one_cell(self, ctx: bytes, people: npt.NDArray[np.int64], size: int) -> Iterator[Tuples]:
        count = len(self._key_types)
        tuples = np.empty((size, count, 32), dtype=np.uint8)
        for part in chunks_of(len(people)):
            tuples[part] = blind(self._backend, self._entropy, self._scalar, ctx, self._key_types,
                                 self._keys[people[part]])
        padding = size - len(people)
        filler = random_elements(self._backend, self._entropy, padding * count)
        tuples[len(people):] = filler.reshape(padding, count, 32)
        # Sorting pseudorandom values is a shuffle over the whole cell.
        tuples = tuples[np.argsort(first_keys(tuples), kind="stable")]
        for part in chunks_of(size):
            yield tuples[part]

    def receive_reblinded(self, offset: int, chunk: Tuples) -> bool:
        """Message 2. Returns whether it is complete."""
        self._reblinded.room_for(offset, chunk)
        self._backend.check_points(chunk.reshape(-1, 32))
        self._reblinded.add(chunk)
        return self._reblinded.complete

    def expect_values(self, rows: int) -> None:
        """The retailer declared `rows`."""
        self._values = Inbox("blinded values", rows, len(self._key_types))

    def receive_values(self, offset: int, chunk: Tuples) -> bool:
        """Message 3, raised to our scalar as it arrives. Returns whether it is complete."""
        if self._values is None:
            raise PeerViolationError("blinded values: arrived before their number was declared")
        self._values.room_for(offset, chunk)
        self._backend.check_points(chunk.reshape(-1, 32))
        self._values.add(power_tuples(self._backend, self._scalar, chunk))
        return self._values.complete

    def join(self) -> npt.NDArray[np.int64]:
        """For each row of message 3 its cell, or -1. All row-level state is wiped."""
        if self._values is None:
            raise PeerViolationError("the join needs both lists")
        sizes = np.array(self.cell_sizes) + self._extra
        cell_of = np.repeat(np.arange(len(sizes)), sizes)
        reblinded, values = self._reblinded.take(), self._values.take()
        partner = waterfall(reblinded, values)
        positions = [int(count) for count in matched_positions(reblinded, values, partner)]
        self.matched = matches_by_key(positions, self._padding, len(sizes))
        cells = np.where(partner >= 0, cell_of[partner], -1)
        self.wipe()
        return cells

    @property
    def wiped(self) -> bool:
        """Whether `wipe` was called: the scalar is zero and no key is here."""
        return not any(self._scalar.use()) and not len(self._keys)

    def wipe(self) -> None:
        """Overwrite the scalar and all received points; forget the keys."""
        self._scalar.wipe()
        self._reblinded.wipe()
        if self._values is not None:
            self._values.wipe()
        self._order.fill(0)
        self._keys = self._keys[:0].copy()  # a view would keep the whole array alive
