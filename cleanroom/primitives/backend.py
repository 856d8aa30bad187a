"""The one interface between the protocol and the machine's arithmetic: curve points and ring elements.

Points are u-coordinates of Curve25519 (RFC 7748 §5, little endian) in uint8 arrays of shape (n, 32). Ring
elements are uint64 arrays of shape (..., 4, 4096): residues modulo the four primes of `ring.PRIMES`, each
reduced (0 ≤ x < p) unless a method says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.uint8]
Polys: TypeAlias = NDArray[np.uint64]


class Backend(Protocol):
    """What an arithmetic kernel must offer. All methods are pure and deterministic."""

    @property
    def name(self) -> str:
        """Short name shown in reports, for example "openssl"."""
        ...

    def hash_to_curve(self, dst: bytes, prefix: bytes, messages: Sequence[bytes]) -> Points:
        """u-coordinates of curve25519_XMD:SHA-512_ELL2_RO_ (RFC 9380 §8.5) of prefix || message: (n, 32).

        `dst` is the domain separation tag, 1 to 255 bytes (MisuseError otherwise).
        """
        ...

    def power(self, scalar: bytes, points: Points) -> Points:
        """X25519(scalar, u) for every point; the scalar (32 bytes) is clamped as in RFC 7748 §5.

        PeerViolationError names the index of a point whose result is all zero: it has small order.
        """
        ...

    def power_base(self, scalars: Points) -> Points:
        """X25519(scalar, 9) for every scalar of an (n, 32) array."""
        ...

    def power_each(self, scalars: Points, point: bytes) -> Points:
        """X25519(scalar, point) for every scalar of an (n, 32) array. PeerViolationError as in `power`."""
        ...

    def check_points(self, points: Points) -> None:
        """Accept only canonical encodings (u < 2^255 - 19) of points on the curve, not on its twist nor of small order.

        That is: u³ + 486662 u² + u is a non-zero square and u is none of `curve.SMALL_ORDER`. PeerViolationError
        names the index of the first point that fails, never its value.
        """
        ...

    def ntt(self, polys: Polys) -> Polys:
        """Coefficient form to NTT form: slot i becomes f(ψ^(2 brv(i) + 1)), brv reversing 12 bits."""
        ...

    def intt(self, polys: Polys) -> Polys:
        """Inverse of `ntt`."""
        ...

    def multiply(self, left: Polys, right: Polys) -> Polys:
        """Slot by slot product, reduced; of NTT forms: the product in the ring. Shapes broadcast."""
        ...

    def multiply_add(self, total: Polys, left: Polys, right: Polys) -> None:
        """total += left ∘ right in place, NOT reduced; `left` is one element, the others have the same shape.

        With reduced factors each call adds less than 2^54, so 1023 calls fit on a reduced total in uint64.
        """
        ...

    def reduce(self, polys: Polys) -> None:
        """Reduce in place: any uint64 to 0 ≤ x < p."""
        ...
