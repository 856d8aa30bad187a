"""Padding that makes the transcript differentially private (PROTOCOL.md, "Dummies")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleanroom.match.tokens import Tuples, random_elements, random_scalars
from cleanroom.ports import Entropy, Noise
from cleanroom.primitives.backend import Backend


@dataclass(frozen=True, slots=True)
class Padding:
    """`most` tuples (even) per cell and key pattern, of which a truncated discrete Laplace number matches.

    `most` = 0 means no padding at all; only tests can ask for it, through the constructor.
    """

    most: int
    scale: float

    def draw(self, noise: Noise, size: int) -> list[int]:
        """`size` counts in [0, most]."""
        return noise.truncated_laplace(self.scale, self.most, size) if self.most else [0] * size


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Dummies:
    """The retailer's padding: `cells[c]` joins cell c of message 2, `values` joins message 3."""

    cells: npt.NDArray[np.uint8]  # (cells, n, K, 32)
    values: Tuples  # (cells * n, K, 32)


def patterns(key_types: int) -> npt.NDArray[np.bool_]:
    """(2^K - 1, K): every non-empty subset of the key types."""
    masks = np.arange(1, 2**key_types)[:, None] >> np.arange(key_types)
    return (masks & 1).astype(bool)


def dummies_per_cell(padding: Padding, key_types: int) -> int:
    """Tuples that the retailer adds to each cell: most · (2^K - 1)."""
    return padding.most * ((1 << key_types) - 1)


def make_dummies(backend: Backend, entropy: Entropy, noise: Noise, padding: Padding, cells: int, key_types: int,
                 advertiser_public: bytes) -> Dummies:
    """Padding for all cells.

    A position that shall match carries X25519(r, 9) in `values` and X25519(r, A_pub) in `cells`: equal once
    the advertiser raises the former to a. Every other position is an independent random element on each side,
    so both lists have the same length and look whatever the drawn counts are.
    """
    subsets = patterns(key_types)
    count = cells * len(subsets) * padding.most
    matching = np.array(padding.draw(noise, cells * len(subsets)), dtype=np.int64)
    rank = np.arange(padding.most)
    # (cells · subsets, most, K): tuple number `rank` matches at the subset's positions if rank < t
    match = (rank[None, :, None] < matching[:, None, None]) & np.tile(subsets, (cells, 1))[:, None, :]
    flat = match.reshape(-1)
    scalars = random_scalars(entropy, len(flat))
    values = backend.power_base(scalars)
    own = np.empty_like(values)
    own[flat] = backend.power_each(scalars[flat], advertiser_public)
    own[~flat] = random_elements(backend, entropy, int((~flat).sum()))
    return Dummies(own.reshape(cells, count // max(cells, 1), key_types, 32), values.reshape(count, key_types, 32))
