"""The retailer's half: encrypts its columns in wire order and opens its shares of the masked sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from cleanroom.aggregate import block_count
from cleanroom.errors import PeerViolationError
from cleanroom.measures.compact import Compact
from cleanroom.ports import Entropy, Job
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.flight import depth, in_order
from cleanroom.primitives.lattice import MaskedSums, SecretKey
from cleanroom.primitives.parameters import T
from cleanroom.primitives.ring import N, Residues

_COLUMNS: Final = 16  # a job: its result is a megabyte, and several are under way


class EncryptedTable:
    """One run's table. `columns`: (n, C) in [0, cap]; `order`: (rows,) person at each wire row, -1 = padding.

    `sums` totals are opened, each in `parts` encrypted sums (see `aggregate.advertiser`).
    """

    def __init__(self, backend: Backend, entropy: Entropy, ctx: bytes, columns: Compact, order: npt.NDArray[np.int32],
                 sums: int, parts: int) -> None:
        self._backend = backend
        self._secret = SecretKey.generate(ctx, entropy, backend)
        self._columns, self._order = columns, order
        self._left = sums * parts
        self._opened = 0
        self.shares = [0] * sums

    def __repr__(self) -> str:
        return "EncryptedTable"

    def key(self) -> tuple[bytes, Residues]:
        """(seed of the columns' c1, b of the public key)."""
        return self._secret.seed, self._secret.public_key.b

    def blocks(self) -> Iterator[tuple[int, int, Residues]]:
        """(block, column, c0), block by block; padding rows carry zeros. While one is sent the next ones are made."""
        for (block, first), made in in_order(self._jobs(), depth(self._backend.workers)):
            for place, c0 in enumerate(made):
                yield block, first + place, c0

    def _jobs(self) -> Iterator[tuple[tuple[int, int], Job[Residues]]]:
        columns = range(self._columns.width)
        for block in range(block_count(len(self._order))):
            values = self._columns.take(self._order[block * N:(block + 1) * N])
            for first in columns[::_COLUMNS]:
                some = columns[first:first + _COLUMNS]
                yield (block, first), self._secret.begin_encrypt(some, block, values[some.start:some.stop])

    def open_sum(self, index: int, c0: Residues, c1: Residues) -> bool:
        """Add our share of one masked sum; they come in order. Returns whether all are here."""
        if index != self._opened:
            raise PeerViolationError(f"expected masked sum {self._opened}, got {index}")
        share = int(self._secret.open_sums(MaskedSums(c0[None], c1[None]))[0])
        place = index % len(self.shares)
        self.shares[place] = (self.shares[place] + share) % T
        self._opened += 1
        return self._opened == self._left

    def wipe(self) -> None:
        """Overwrite the secret key and the row order; forget the columns."""
        self._secret.wipe()
        self._order.fill(-1)
        self._columns.wipe()
        self._columns = Compact([])
        self.shares = []
