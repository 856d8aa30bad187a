"""The retailer's half of the matching. One object serves one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues
from cleanroom.match.cells import CellList
from cleanroom.match.dummies import Dummies, Padding, dummies_per_cell, make_dummies
from cleanroom.match.inbox import Inbox
from cleanroom.match.shuffle import Buckets, even_chunks, records_of, shuffled
from cleanroom.match.tokens import ROWS_PER_CHUNK, Blinder, Scalar, Tuples, chunks_of, random_elements
from cleanroom.ports import Entropy, Job, Noise, Scratch
from cleanroom.primitives.backend import Backend, Points
from cleanroom.primitives.flight import Arrivals, depth, in_order

_NUMBER = 4  # bytes of a person's number


class RetailerMatch:
    """Re-blinds and re-orders the advertiser's cells, sends its own values in a secret order.

    `keys` is (n, K). `rows` is the padded length of message 3.
    """

    def __init__(self, backend: Backend, entropy: Entropy, noise: Noise, scratch: Scratch, padding: Padding,
                 key_types: Sequence[str], keys: KeyValues, cell_count: int) -> None:
        self._backend, self._entropy, self._noise, self._padding = backend, entropy, noise, padding
        self._scratch = scratch
        self._key_types = tuple(key_types)
        self._keys = keys
        self._people = len(keys)
        self._cell_count = cell_count
        self._fillers = padding.draw(noise, 1)[0]
        self._extra = dummies_per_cell(padding, len(key_types))
        self.rows = self._people + self._extra * cell_count + self._fillers
        self._scalar = Scalar(entropy)
        self._inbox: Inbox | None = None
        self._cells: CellList | None = None
        self._dummies: Dummies | None = None
        self._arrivals: Arrivals[Points] = Arrivals(depth(backend.workers), self._arrived)
        self.order: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)

    def __repr__(self) -> str:
        return "RetailerMatch"

    def expect_cells(self, sizes: tuple[int, ...], advertiser_public: bytes) -> None:
        """The advertiser declared these padded cell sizes and its blinding key X25519(a, 9)."""
        self._backend.check_points(np.frombuffer(advertiser_public, np.uint8)[None, :])
        count = len(self._key_types)
        self._scratch.require(48 * count * sum(sizes) + (32 * count + _NUMBER) * self.rows)
        self._inbox = Inbox("blinded cells", sum(sizes), count)
        self._cells = CellList(self._scratch, [size + self._extra for size in sizes], sizes, count)
        self._dummies = make_dummies(self._backend, self._entropy, self._noise, self._padding, self._cell_count,
                                     count, advertiser_public)

    def receive_cells(self, offset: int, chunk: Tuples) -> bool:
        """Message 1, raised to our scalar as it arrives. Returns whether it is complete."""
        inbox, _, _ = self._expected()
        inbox.accept(offset, chunk)
        self._arrivals.add(offset, self._backend.begin_power(self._scalar.use(), chunk.reshape(-1, 32)))
        if inbox.complete:
            self._arrivals.finish()
        return inbox.complete

    def reblinded_cells(self) -> Iterator[Tuples]:
        """Message 2: per cell the re-blinded tuples and our padding, in an order that is new over the whole cell."""
        _, cells, dummies = self._expected()
        cells.refuse_repeated()
        for number, padding in enumerate(dummies.cells):
            yield from cells.take(number, padding)

    def blinded_values(self, ctx: bytes) -> Iterator[Tuples]:
        """Message 3: our people, the counterparts of the padding and the fillers, in random order.

        Sets `order`, (rows,) int32: the person at each wire row, or -1 for padding.
        """
        _, _, dummies = self._expected()
        count = len(self._key_types)
        buckets = Buckets(self._scratch, self.rows, 32 * count + _NUMBER)
        for start, tuples in in_order(self._jobs(ctx), depth(self._backend.workers)):
            buckets.add(_with_numbers(tuples, np.arange(start, start + len(tuples))))
        fillers = random_elements(self._backend, self._entropy, self._fillers * count).reshape(-1, count, 32)
        for padding in (dummies.values, fillers):
            buckets.add(_with_numbers(padding, np.full(len(padding), -1)))
        order, filled = np.empty(self.rows, dtype=np.int32), 0
        for records in even_chunks(shuffled(buckets), ROWS_PER_CHUNK):
            numbers = np.ascontiguousarray(records[:, 32 * count:]).view("<i4").reshape(-1)
            order[filled:filled + len(records)] = numbers
            filled += len(records)
            yield np.ascontiguousarray(records[:, :32 * count]).reshape(-1, count, 32)
        self.order = order
        self.wipe()

    def _jobs(self, ctx: bytes) -> Iterator[tuple[int, Job[Tuples]]]:
        blinder = Blinder(self._backend, self._entropy, self._scalar, ctx, self._key_types)
        return ((part.start, blinder.begin(self._keys.part(part).chosen())) for part in chunks_of(self._people))

    def _expected(self) -> tuple[Inbox, CellList, Dummies]:
        if self._inbox is None or self._cells is None or self._dummies is None:
            raise MisuseError("cells arrived before their sizes were declared")
        return self._inbox, self._cells, self._dummies

    def _arrived(self, row: int, points: Points) -> None:
        self._expected()[1].add(row, points.reshape(-1, len(self._key_types), 32))

    @property
    def wiped(self) -> bool:
        """Whether `wipe` was called: the scalar is zero and no key is here."""
        return not any(self._scalar.use()) and not len(self._keys)

    def wipe(self) -> None:
        """Overwrite the scalar and the padding; forget all points and the keys. `order` stays until the columns are
        sent."""
        self._scalar.wipe()
        if self._cells is not None:
            self._cells.clear()
        if self._dummies is not None:
            self._dummies.cells.fill(0)
            self._dummies.values.fill(0)
        self._keys = self._keys.none()


def _with_numbers(tuples: Tuples, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Records of a tuple and a person's number."""
    last = numbers.astype("<i4").view(np.uint8).reshape(-1, _NUMBER)
    return np.concatenate([records_of(tuples), last], axis=1)
