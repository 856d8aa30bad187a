"""Curve25519 on plain bytes: X25519 through OpenSSL, point checks through Python integers.

Every function here that ends in `_chunk` takes one picklable task and returns the 32-byte results joined
together, so that an Executor can run it in another process. This module therefore imports nothing heavy.

Timing: X25519 runs in OpenSSL in constant time with respect to the scalar. The integer code works on public
points, or on values that only their owner handles, and is not constant time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from cleanroom.errors import PeerViolationError

P: Final = 2**255 - 19  # field prime, RFC 7748 §4.1
A: Final = 486662  # v² = u³ + A u² + u
SIZE: Final = 32  # bytes of a point and of a scalar
ZERO: Final = bytes(SIZE)
# u of the points of order 4 and 8 on the curve; u = 0 has order 2. Clamping sends all of them to zero (RFC 7748 §6.1).
SMALL_ORDER: Final = frozenset({
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
})


def split(data: bytes) -> Iterator[bytes]:
    """The consecutive 32-byte items of `data`."""
    return (data[i : i + SIZE] for i in range(0, len(data), SIZE))


def batch_inverse(values: Sequence[int]) -> list[int]:
    """Inverses modulo P with one modular inversion (Montgomery's trick); of 0 it is 0, as in RFC 9380 §4."""
    prefixes, running = [], 1
    for value in values:
        prefixes.append(running)
        running = running * (value or 1) % P
    running = pow(running, -1, P)
    inverses = [0] * len(values)
    for i in range(len(values) - 1, -1, -1):
        value = values[i]
        inverses[i] = running * prefixes[i] % P if value else 0
        running = running * (value or 1) % P
    return inverses


def is_acceptable(u: int) -> bool:
    """Whether u is canonical, not of small order, and u³ + A u² + u is a square, by Euler's criterion."""
    return u < P and u not in SMALL_ORDER and pow(u * (u * u + A * u + 1), (P - 1) // 2, P) == 1


def power_chunk(task: tuple[int, bytes, bytes]) -> bytes:
    """X25519 of one scalar and many points. Task: index of the first point, scalar, points."""
    first, scalar, points = task
    private = X25519PrivateKey.from_private_bytes(scalar)
    return _exchange_all(first, ((private, point) for point in split(points)))


def power_each_chunk(task: tuple[int, bytes, bytes]) -> bytes:
    """X25519 of many scalars and one point. Task: index of the first scalar, point, scalars."""
    first, point, scalars = task
    return _exchange_all(first, ((X25519PrivateKey.from_private_bytes(s), point) for s in split(scalars)))


def power_base_chunk(task: tuple[int, bytes, bytes]) -> bytes:
    """X25519 of many scalars and the base point 9. Task: ignored, ignored, scalars."""
    _, _, scalars = task
    privates = (X25519PrivateKey.from_private_bytes(scalar) for scalar in split(scalars))
    return b"".join(private.public_key().public_bytes_raw() for private in privates)


def check_chunk(task: tuple[int, bytes, bytes]) -> bytes:
    """Refuse the first unacceptable point. Task: index of the first point, ignored, points. Returns b""."""
    first, _, points = task
    for i, point in enumerate(split(points), first):
        if not is_acceptable(int.from_bytes(point, "little")):
            raise PeerViolationError("not a canonical point of Curve25519, or one of small order", where=f"point {i}")
    return b""


def checked_chunk(task: tuple[int, bytes, bytes]) -> bytes:
    """As `check_chunk`; returns the points."""
    check_chunk(task)
    return task[2]


def checked_power_chunk(task: tuple[int, bytes, bytes]) -> bytes:
    """`check_chunk`, then `power_chunk`."""
    check_chunk(task)
    return power_chunk(task)


def _exchange_all(first: int, pairs: Iterable[tuple[X25519PrivateKey, bytes]]) -> bytes:
    return b"".join(_exchange(i, private, point) for i, (private, point) in enumerate(pairs, first))


def _exchange(index: int, private: X25519PrivateKey, point: bytes) -> bytes:
    """One X25519. OpenSSL refuses an all-zero result (RFC 7748 §6.1); the comparison does not rely on it."""
    try:
        result = private.exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        result = ZERO
    if result == ZERO:
        raise PeerViolationError("a point has small order", where=f"point {index}")
    return result
