"""The one interface between the protocol and the machine's arithmetic: curve points and ring elements.

Points are u-coordinates of Curve25519 (RFC 7748 §5, little endian) in uint8 arrays of shape (n, 32). Ring
elements are uint64 arrays of shape (..., 4, 4096): residues modulo the four primes of `ring.PRIMES`, each
reduced (0 ≤ x < p) unless a method says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cleanroom.ports import Job

Points: TypeAlias = NDArray[np.uint8]
Digests: TypeAlias = NDArray[np.uint8]  # (n, 32)
Polys: TypeAlias = NDArray[np.uint64]


class Texts(NamedTuple):
    """n byte strings in one buffer: number i is data[offsets[i]:offsets[i + 1]]. uint8 and int64 (n + 1,), from 0."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, messages: Sequence[bytes]) -> Texts:
        """From single byte strings."""
        ends = np.cumsum([0, *map(len, messages)], dtype=np.int64)
        return cls(np.frombuffer(b"".join(messages), dtype=np.uint8), ends)

    def part(self, start: int, stop: int) -> Texts:
        """Consecutive ones, with offsets from 0."""
        ends = self.offsets[start:stop + 1]
        return Texts(self.data[ends[0]:ends[-1]], ends - ends[0])

    def tolist(self) -> list[bytes]:
        """One by one."""
        data = self.data.tobytes()
        ends = self.offsets.tolist()
        return [data[start:end] for start, end in pairwise(ends)]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Encryption:
    """One block of some columns to encrypt. It holds secrets: the key, the values and the seed of the errors."""

    ctx: bytes
    seed: bytes  # public, of the columns' c1
    columns: range
    block: int
    values: NDArray[np.int64]  # (columns, at most 4096)
    secret: Polys  # s in NTT form, (4, 4096)
    errors: bytes  # 32 fresh bytes

    def __repr__(self) -> str:
        return "Encryption"

    def only(self, place: int) -> Encryption:
        """The column at `place` alone."""
        return replace(self, columns=self.columns[place:place + 1], values=self.values[place:place + 1])


class Backend(Protocol):
    """What an arithmetic kernel must offer. All methods are pure and deterministic."""

    @property
    def name(self) -> str:
        """Short name shown in reports, for example "openssl"."""
        ...

    @property
    def workers(self) -> int:
        """How many jobs are worked on at once."""
        ...

    def begin_blind(self, scalar: bytes, dst: bytes, prefix: bytes, texts: Texts) -> Job[Points]:
        """`power` of `hash_to_curve` of many texts, as a job of its own."""
        ...

    def begin_power(self, scalar: bytes, points: Points) -> Job[Points]:
        """`check_points`, then `power`, as a job of its own. A refused point is raised by the job."""
        ...

    def begin_check(self, points: Points) -> Job[Points]:
        """`check_points` as a job of its own, whose result is the points."""
        ...

    def begin_encrypt(self, task: Encryption) -> Job[NDArray[np.uint32]]:
        """`encryption.encrypt` as a job of its own."""
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

    def sha256(self, prefix: bytes, heads: NDArray[np.uint8], texts: Texts) -> Digests:
        """SHA-256 (FIPS 180-4) of prefix ‖ head i ‖ text i for each i; heads (n, any size)."""
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
