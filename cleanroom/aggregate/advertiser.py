"""The advertiser's half: adds up encrypted columns over the rows of each released group, and masks the sums."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cleanroom.aggregate import block_count, blocks_per_part
from cleanroom.contract.plan import Group, Plan
from cleanroom.errors import MisuseError, PeerViolationError
from cleanroom.ports import Entropy
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.lattice import Accumulator, Mask, MaskedSums, PublicKey, expand_c1, masked_sums
from cleanroom.primitives.parameters import T
from cleanroom.primitives.ring import N, Residues


class BlindedSums:
    """One run's sums. `cells`: (rows,) the cell of each wire row or -1, as the join found them.

    A total over more rows than one encrypted sum can hold is made in parts: ranges of blocks, each with sums, masks and
    shares of its own. The shares of all parts add up modulo t.
    """

    def __init__(self, backend: Backend, entropy: Entropy, plan: Plan, cells: npt.NDArray[np.int16],
                 ctx: bytes) -> None:
        self._backend, self._entropy, self._plan, self._cells, self._ctx = backend, entropy, plan, cells, ctx
        self._part = blocks_per_part(plan.largest_denominator)
        self._width = 1 + len(plan.columns)
        self._blocks = block_count(len(cells))
        self._next = 0  # block * width + column
        self._block = np.empty((self._width, 4, N), dtype=np.uint32)
        self._seed = b""
        self._key: PublicKey | None = None
        self._weights = [_cell_weights(plan, group) for group in plan.groups]
        self._sums = self._fresh()
        self._sealed: list[MaskedSums] = []
        self._shares = [[0] * plan.width(group) for group in plan.groups]

    def __repr__(self) -> str:
        return "BlindedSums"

    def receive_key(self, seed: bytes, b: Residues) -> None:
        """The retailer's seed and public key."""
        self._seed, self._key = seed, PublicKey.from_peer(self._ctx, b)

    def receive_block(self, block: int, column: int, c0: Residues) -> bool:
        """One column of one block, in order. Returns whether all are here."""
        expected = divmod(self._next, self._width)
        if (block, column) != expected:
            raise PeerViolationError(f"expected block {expected[0]} of column {expected[1]}, got {block} of {column}")
        self._block[column] = c0
        self._next += 1
        if column == self._width - 1:
            self._add_block(block)
            if (block + 1) % self._part == 0 or block + 1 == self._blocks:
                self._seal()
        return self._next == self._blocks * self._width

    def _add_block(self, block: int) -> None:
        cells = self._cells[block * N:(block + 1) * N]
        c1 = expand_c1(self._ctx, self._seed, range(self._width), block)
        for total, weights in zip(self._sums, self._weights, strict=True):
            for columns, weight in weights:
                # Index -1 is a row that no cell has taken; the last entry is always 0.
                total.add(Mask(weight[cells], self._backend), self._block, c1, columns)

    def _fresh(self) -> list[Accumulator]:
        return [Accumulator(self._plan.width(group), self._backend) for group in self._plan.groups]

    def _seal(self) -> None:
        """Mask the sums of the blocks since the last time, and begin new ones."""
        if self._key is None:
            raise MisuseError("the public key comes first")
        for number, total in enumerate(self._sums):
            sent, shares = masked_sums(total, self._key, self._entropy, self._backend)
            self._sealed.append(sent)
            self._shares[number] = [(one + more) % T
                                    for one, more in zip(self._shares[number], shares.tolist(), strict=True)]
        self._sums = self._fresh() if self._next < self._blocks * self._width else []

    def masked_sums(self) -> Iterator[tuple[Residues, Residues]]:
        """(constant coefficient of c0, c1) of each part's groups' people and statistics, in plan order."""
        for sent in self._sealed:
            yield from zip(sent.c0, sent.c1, strict=True)

    def shares(self) -> list[list[int]]:
        """Our shares by group, after all blocks were received."""
        return self._shares

    def wipe(self) -> None:
        """Forget cells, ciphertexts and shares."""
        self._cells.fill(-1)
        self._sums, self._sealed, self._shares = [], [], []
        self._block.fill(0)


def _cell_weights(plan: Plan, group: Group) -> list[tuple[list[int], npt.NDArray[np.int64]]]:
    """Columns that are added up together, and (cells + 1,) how often each counts a person of each cell."""
    found = []
    for columns, cells in plan.picks(group).items():
        weights = np.zeros(len(plan.cells) + 1, dtype=np.int64)
        weights[list(cells)] = list(cells.values())
        found.append((list(columns), weights))
    return found
