"""The advertiser's half of the matching. One object serves one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from cleanroom.errors import PeerViolationError
from cleanroom.identity.values import KeyValues
from cleanroom.match.diagnostics import KeyMatches, matches_by_key
from cleanroom.match.dummies import Padding, dummies_per_cell
from cleanroom.match.inbox import Inbox
from cleanroom.match.join import JoinSide, waterfall
from cleanroom.match.padded import PaddedCells
from cleanroom.match.tokens import Blinder, Scalar, Tuples, random_elements
from cleanroom.ports import Entropy, Noise, Scratch
from cleanroom.primitives.backend import Backend, Points
from cleanroom.primitives.flight import Arrivals, depth, in_order


class AdvertiserMatch:
    """Sends blinded cells, receives them re-blinded and shuffled, joins them with the retailer's blinded values.

    `keys` is (n, K), `cells` (n,) the cell of each person, `cell_count` the contract's cells.
    """

    def __init__(self, backend: Backend, entropy: Entropy, noise: Noise, scratch: Scratch, padding: Padding,
                 key_types: Sequence[str], keys: KeyValues, cells: npt.NDArray[np.integer[Any]],
                 cell_count: int) -> None:
        self._backend, self._entropy, self._scratch = backend, entropy, scratch
        self._key_types = tuple(key_types)
        self._people = PaddedCells(noise, padding, keys, cells, cell_count)
        self._extra = dummies_per_cell(padding, len(key_types))
        self._scalar = Scalar(entropy)
        self.public = self._scalar.public(backend)
        self._padding = padding
        self.matched: tuple[KeyMatches, ...] = ()  # by key type; known after the join
        self._total = sum(self.cell_sizes) + self._extra * cell_count
        self._inbox = Inbox("re-blinded cells", self._total, len(key_types))
        self._sides: tuple[JoinSide, JoinSide] | None = None
        self._arrivals: Arrivals[Points] = Arrivals(depth(backend.workers), self._arrived)

    def __repr__(self) -> str:
        return "AdvertiserMatch"

    @property
    def cell_sizes(self) -> tuple[int, ...]:
        """Padded."""
        return self._people.sizes

    def blinded_cells(self, ctx: bytes) -> Iterator[Tuples]:
        """Message 1: cell by cell, real people and padding in random order. While one cell is sent the next is made."""
        blinder = Blinder(self._backend, self._entropy, self._scalar, ctx, self._key_types)
        jobs = ((None, blinder.begin(values)) for values in self._people.chunks())
        made = (tuples for _, tuples in in_order(jobs, depth(self._backend.workers)))
        return self._people.shuffled(self._scratch, made, partial(random_elements, self._backend, self._entropy))

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
        return not any(self._scalar.use()) and self._people.wiped

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
        self._people.wipe()
