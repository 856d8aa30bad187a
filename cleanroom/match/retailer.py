"""The retailer's half of the matching. One object serves one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cleanroom.errors import MisuseError
from cleanroom.match.dummies import Dummies, Padding, dummies_per_cell, make_dummies
from cleanroom.match.inbox import Inbox
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


class RetailerMatch:
    """Re-blinds and re-orders the advertiser's cells, sends its own values in a secret order.

    `keys` is (n, K). `rows` is the padded length of message 3.
    """

    def __init__(self, backend: Backend, entropy: Entropy, noise: Noise, padding: Padding, key_types: Sequence[str],
                 keys: KeyValues, cell_count: int) -> None:
        self._backend, self._entropy, self._noise, self._padding = backend, entropy, noise, padding
        self._key_types = tuple(key_types)
        self._keys = keys
        self._people = len(keys)
        self._cell_count = cell_count
        self._fillers = padding.draw(noise, 1)[0]
        self._extra = dummies_per_cell(padding, len(key_types))
        self.rows = self._people + self._extra * cell_count + self._fillers
        self._scalar = Scalar(entropy)
        self._sizes: tuple[int, ...] = ()
        self._cells: Inbox | None = None
        self._dummies: Dummies | None = None
        self.order: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def __repr__(self) -> str:
        return "RetailerMatch"

    def expect_cells(self, sizes: tuple[int, ...], advertiser_public: bytes) -> None:
        """The advertiser declared these padded cell sizes and its blinding key X25519(a, 9)."""
        self._backend.check_points(np.frombuffer(advertiser_public, np.uint8)[None, :])
        self._sizes = sizes
        self._cells = Inbox("blinded cells", sum(sizes), len(self._key_types))
        self._dummies = make_dummies(self._backend, self._entropy, self._noise, self._padding, self._cell_count,
                                     len(self._key_types), advertiser_public)

    def receive_cells(self, offset: int, chunk: Tuples) -> bool:
        """Message 1, raised to our scalar as it arrives. Returns whether it is complete."""
        cells, _ = self._expected()
        cells.room_for(offset, chunk)
        self._backend.check_points(chunk.reshape(-1, 32))
        cells.add(power_tuples(self._backend, self._scalar, chunk))
        return cells.complete

    def reblinded_cells(self) -> Iterator[Tuples]:
        """Message 2: per cell the re-blinded tuples and our padding, in an order that is new over the whole cell."""
        inbox, dummies = self._expected()
        tuples, start = inbox.take(), 0
        for size, padding in zip(self._sizes, dummies.cells, strict=True):
            cell = np.concatenate([tuples[start:start + size], padding])
            start += size
            cell = cell[np.argsort(first_keys(cell), kind="stable")]
            for part in chunks_of(len(cell)):
                yield cell[part]

    def blinded_values(self, ctx: bytes) -> Iterator[Tuples]:
        """Message 3: our people, the counterparts of the padding and the fillers, in random order.

        Sets `order`, (rows,) int64: the person at each wire row, or -1 for padding.
        """
        _, dummies = self._expected()
        count = len(self._key_types)
        tuples = np.empty((self.rows, count, 32), dtype=np.uint8)
        for part in chunks_of(self._people):
            tuples[part] = blind(self._backend, self._entropy, self._scalar, ctx, self._key_types,
                                 self._keys[part])
        end = self._people + len(dummies.values)
        tuples[self._people:end] = dummies.values
        tuples[end:] = random_elements(self._backend, self._entropy, self._fillers * count).reshape(-1, count, 32)
        shuffle = np.argsort(first_keys(tuples), kind="stable")
        self.order = np.where(shuffle < self._people, shuffle, -1)
        tuples = tuples[shuffle]
        for part in chunks_of(self.rows):
            yield tuples[part]
        self.wipe()

    def _expected(self) -> tuple[Inbox, Dummies]:
        if self._cells is None or self._dummies is None:
            raise MisuseError("cells arrived before their sizes were declared")
        return self._cells, self._dummies

    @property
    def wiped(self) -> bool:
        """Whether `wipe` was called: the scalar is zero and no key is here."""
        return not any(self._scalar.use()) and not len(self._keys)

    def wipe(self) -> None:
        """Overwrite the scalar and all points; forget the keys. `order` stays until the columns are sent."""
        self._scalar.wipe()
        if self._cells is not None:
            self._cells.wipe()
        if self._dummies is not None:
            self._dummies.cells.fill(0)
            self._dummies.values.fill(0)
        self._keys = self._keys[:0].copy()  # a view would keep the whole array alive
