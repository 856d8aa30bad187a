"""The advertiser's half of the matching. One object serves one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cleanroom.errors import PeerViolationError
from cleanroom.identity.values import KeyValues
from cleanroom.match.diagnostics import KeyMatches, matches_by_key
from cleanroom.match.dummies import Padding, dummies_per_cell
from cleanroom.match.inbox import Inbox
from cleanroom.match.join import JoinSide, waterfall
from cleanroom.match.shuffle import Buckets, even_chunks, records_of, shuffled
from cleanroom.match.tokens import ROWS_PER_CHUNK, Blinder, Scalar, Tuples, chunks_of, random_elements
from cleanroom.ports import Entropy, Job, Noise, Scratch
from cleanroom.primitives.backend import Backend, Points
from cleanroom.primitives.flight import Arrivals, depth, in_order

BASE_POINT = bytes([9]) + bytes(31)


class AdvertiserMatch:
    """Sends blinded cells, receives them re-blinded and shuffled, joins them with the retailer's blinded values.

    `keys` is (n, K), `cells` (n,) the cell of each person, `cell_count` the contract's cells.
    """

    def __init__(self, backend: Backend, entropy: Entropy, noise: Noise, scratch: Scratch, padding: Padding,
                 key_types: Sequence[str], keys: KeyValues, cells: npt.NDArray[np.integer[Any]],
                 cell_count: int) -> None:
        self._backend, self._entropy, self._scratch = backend, entropy, scratch
        self._key_types = tuple(key_types)
        self._order = np.argsort(cells, kind="stable").astype(np.int32)
        self._keys = keys
        self._real = np.bincount(cells, minlength=cell_count)
        self.cell_sizes = tuple(int(n) for n in self._real + np.array(padding.draw(noise, cell_count), dtype=np.int64))
        self._extra = dummies_per_cell(padding, len(key_types))
        self._scalar = Scalar(entropy)
        self.public = bytes(backend.power(self._scalar.use(), np.frombuffer(BASE_POINT, np.uint8)[None, :])[0])
        self._padding = padding
        self.matched: tuple[KeyMatches, ...] = ()  # by key type; known after the join
        self._total = sum(self.cell_sizes) + self._extra * cell_count
        self._inbox = Inbox("re-blinded cells", self._total, len(key_types))
        self._sides: tuple[JoinSide, JoinSide] | None = None
        self._arrivals: Arrivals[Points] = Arrivals(depth(backend.workers), self._arrived)

    def __repr__(self) -> str:
        return "AdvertiserMatch"

    def blinded_cells(self, ctx: bytes) -> Iterator[Tuples]:
        """Message 1: cell by cell, real people and padding in random order. While one cell is sent the next is made."""
        made = in_order(self._jobs(ctx), depth(self._backend.workers))
        for real, size in zip(self._real.tolist(), self.cell_sizes, strict=True):
            buckets = Buckets(self._scratch, size, len(self._key_types) * 32)
            missing = real
            while missing:
                _, tuples = next(made)
                missing -= len(tuples)
                buckets.add(records_of(tuples))
            for part in chunks_of(size - real):
                count = (part.stop - part.start) * len(self._key_types)
                buckets.add(random_elements(self._backend, self._entropy, count).reshape(part.stop - part.start, -1))
            for chunk in even_chunks(shuffled(buckets), ROWS_PER_CHUNK):
                yield chunk.reshape(len(chunk), -1, 32)

    def _jobs(self, ctx: bytes) -> Iterator[tuple[None, Job[Tuples]]]:
        blinder = Blinder(self._backend, self._entropy, self._scalar, ctx, self._key_types)
        start = 0
        for real in self._real.tolist():
            people = self._order[start:start + real]
            start += real
            for part in chunks_of(real):
                yield None, blinder.begin(self._keys.take(people[part]).chosen())

    def expect_values(self, rows: int) -> None:
        """The retailer declared `rows`."""
        count, most = len(self._key_types), max(self._total, rows)
        self._scratch.require((self._total + rows) * count * 36)
        self._sides = (JoinSide("re-blinded cells", self._scratch, self._total, most, count),
                       JoinSide("blinded values", self._scratch, rows, most, count))

    def receive_reblinded(self, offset: int, chunk: Tuples) -> bool:
        """Message 2. Returns whether it is complete."""
        self._expected()
        self._inbox.accept(offset, chunk)
        self._arrivals.add(offset, self._backend.begin_check(chunk.reshape(-1, 32)))
        if not self._inbox.complete:
            return False
        self._arrivals.finish()
        _, right = self._expected()
        self._inbox = Inbox("blinded values", right.rows, len(self._key_types))
        self._arrivals = Arrivals(depth(self._backend.workers), self._arrived_value)
        return True

    def receive_values(self, offset: int, chunk: Tuples) -> bool:
        """Message 3, raised to our scalar as it arrives. Returns whether it is complete."""
        self._expected()
        self._inbox.accept(offset, chunk)
        self._arrivals.add(offset, self._backend.begin_power(self._scalar.use(), chunk.reshape(-1, 32)))
        if self._inbox.complete:
            self._arrivals.finish()
        return self._inbox.complete

    def join(self) -> npt.NDArray[np.int16]:
        """For each row of message 3 its cell, or -1. All row-level state is wiped."""
        ends = np.cumsum(np.array(self.cell_sizes) + self._extra)
        partner, counts = waterfall(*self._expected())
        self.matched = matches_by_key(counts, self._padding, len(ends))
        cells = np.where(partner >= 0, np.searchsorted(ends, partner, side="right"), -1).astype(np.int16)
        self.wipe()
        return cells

    @property
    def wiped(self) -> bool:
        """Whether `wipe` was called: the scalar is zero and no key is here."""
        return not any(self._scalar.use()) and not len(self._keys)

    def _expected(self) -> tuple[JoinSide, JoinSide]:
        if self._sides is None:
            raise PeerViolationError("blinded values: their number was not declared")
        return self._sides

    def _arrived(self, row: int, points: Points) -> None:
        self._expected()[0].add(row, points.reshape(-1, len(self._key_types), 32))

    def _arrived_value(self, row: int, points: Points) -> None:
        self._expected()[1].add(row, points.reshape(-1, len(self._key_types), 32))

    def wipe(self) -> None:
        """Overwrite the scalar; forget the points and the keys."""
        self._scalar.wipe()
        for side in self._sides or ():
            side.clear()
        self._order.fill(0)
        self._keys = self._keys.none()
