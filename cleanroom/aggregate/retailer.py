"""The retailer's half: encrypts its columns in wire order and opens its shares of the masked sums."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cleanroom.aggregate import block_count
from cleanroom.errors import PeerViolationError
from cleanroom.ports import Entropy
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.lattice import MaskedSums, SecretKey
from cleanroom.primitives.ring import N, Residues


class EncryptedTable:
    """One run's table. `columns`: (n, C) int64 in [0, cap]; `order`: (rows,) person at each wire row, -1 = padding."""

    def __init__(self, backend: Backend, entropy: Entropy, ctx: bytes, columns: npt.NDArray[np.int64],
                 order: npt.NDArray[np.int64]) -> None:
        self._secret = SecretKey.generate(ctx, entropy, backend)
        self._columns, self._order = columns, order
        self.shares: list[int] = []

    def __repr__(self) -> str:
        return "EncryptedTable"

    def key(self) -> tuple[bytes, Residues]:
        """(seed of the columns' c1, b of the public key)."""
        return self._secret.seed, self._secret.public_key.b

    def blocks(self) -> Iterator[tuple[int, int, Residues]]:
        """(block, column, c0), block by block; padding rows carry zeros."""
        width = self._columns.shape[1]
        for block in range(block_count(len(self._order))):
            people = self._order[block * N:(block + 1) * N]
            values = np.where(people >= 0, self._columns[people].T, 0)
            for column, c0 in enumerate(self._secret.encrypt(range(width), block, values)):
                yield block, column, c0

    def open_sum(self, index: int, c0: Residues, c1: Residues) -> None:
        """Our share of one masked sum; they come in order."""
        if index != len(self.shares):
            raise PeerViolationError(f"expected masked sum {len(self.shares)}, got {index}")
        self.shares.append(int(self._secret.open_sums(MaskedSums(c0[None], c1[None]))[0]))

    def wipe(self) -> None:
        """Overwrite the secret key and the row order; forget the columns."""
        self._secret.wipe()
        self._order.fill(-1)
        self._columns = self._columns[:0].copy()  # a view would keep the whole array alive
        self.shares = []
