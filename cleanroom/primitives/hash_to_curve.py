"""curve25519_XMD:SHA-512_ELL2_RO_ (RFC 9380 §8.5), u-coordinate only, many messages at a time.

A message gives two field elements (§5.2); Elligator 2 maps each to the curve (§6.7.1); their sum is
multiplied by the cofactor 8 (§7). The inversions of a whole chunk are shared (`curve.batch_inverse`). Not
constant time: the messages are the caller's own and stay on its machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from cleanroom.primitives.curve import SIZE, A, P, batch_inverse, power_chunk

Affine: TypeAlias = tuple[int, int]

_BLOCK: Final = 128  # bytes, SHA-512 input block
_DIGEST: Final = 64  # bytes, SHA-512 output
_ELEMENT: Final = 48  # L = ceil((255 + 128) / 8) bytes a field element, RFC 9380 §8.5
_SQRT_MINUS_1: Final = pow(2, (P - 1) // 4, P)
_SQRT_2_FACTOR: Final = pow(2, (P + 3) // 8, P)  # c2 of RFC 9380 §G.2.1


def expand_message_xmd(message: bytes, dst: bytes, size: int) -> bytes:
    """`size` uniform bytes from SHA-512, RFC 9380 §5.3.1. `dst`: 1 to 255 bytes; `size`: up to 255 · 64."""
    dst_prime = dst + bytes([len(dst)])
    first = hashlib.sha512(bytes(_BLOCK) + message + size.to_bytes(2, "big") + b"\0" + dst_prime).digest()
    block = hashlib.sha512(first + b"\1" + dst_prime).digest()
    blocks = [block]
    for i in range(2, -(-size // _DIGEST) + 1):
        mixed = int.from_bytes(first, "big") ^ int.from_bytes(block, "big")
        block = hashlib.sha512(mixed.to_bytes(_DIGEST, "big") + bytes([i]) + dst_prime).digest()
        blocks.append(block)
    return b"".join(blocks)[:size]


def hash_to_field(message: bytes, dst: bytes) -> tuple[int, int]:
    """Two elements of the field, RFC 9380 §5.2 with count = 2 and L = 48."""
    uniform = expand_message_xmd(message, dst, 2 * _ELEMENT)
    return int.from_bytes(uniform[:_ELEMENT], "big") % P, int.from_bytes(uniform[_ELEMENT:], "big") % P


def map_to_curve(elements: Sequence[int]) -> list[Affine]:
    """Elligator 2 of every element: affine points (u, v) with v² = u³ + A u² + u."""
    inverses = batch_inverse([1 + 2 * u * u for u in elements])  # never 0: -1/2 is not a square
    return [_elligator2(u, -A * inverse % P) for u, inverse in zip(elements, inverses, strict=True)]


def _elligator2(element: int, x1: int) -> Affine:
    """The point of one element, given x1 = -A / (1 + 2 e²), with one exponentiation.

    y = g(x1)^((p+3)/8) has y² = g(x1)·i^k, i² = -1. k = 0, 2: g(x1) is a square, its root is y or y·i, and
    its odd root is taken. k = 1, 3: the point is x2 = -A - x1, where g(x2) = 2 e² g(x1); its root is
    y·e·2^((p+3)/8), or that times i, and the even one is taken.
    """
    g1 = x1 * (x1 * x1 + A * x1 + 1) % P
    root = pow(g1, (P + 3) // 8, P)
    square = root * root % P
    if square in (g1, (P - g1) % P):
        root = root if square == g1 else root * _SQRT_MINUS_1 % P
        return x1, root if root & 1 else -root % P
    g2 = 2 * element * element * g1 % P
    root = root * element * _SQRT_2_FACTOR % P
    root = root if root * root % P == g2 else root * _SQRT_MINUS_1 % P
    return (-A - x1) % P, -root % P if root & 1 else root


def add_points(pairs: Sequence[tuple[Affine, Affine]]) -> list[int | None]:
    """u-coordinates of the sums of pairs of affine points; None for the point at infinity."""
    slopes = [_slope(p, q) for p, q in pairs]
    inverses = batch_inverse([denominator for _, denominator in slopes])
    return [
        (numerator * numerator * inverse * inverse - A - p[0] - q[0]) % P if inverse else None
        for (p, q), (numerator, _), inverse in zip(pairs, slopes, inverses, strict=True)
    ]


def _slope(p: Affine, q: Affine) -> tuple[int, int]:
    """Slope of the line through p and q as a fraction; its denominator is 0 only if p + q is at infinity."""
    if p[0] != q[0]:
        return p[1] - q[1], (p[0] - q[0]) % P
    return 3 * p[0] * p[0] + 2 * A * p[0] + 1, (p[1] + q[1]) % P


def clear_cofactor(us: Iterable[int | None]) -> list[int]:
    """u-coordinates of 8 times each point; 0 for the point at infinity, as RFC 7748 encodes it."""
    fractions = [_times_eight(0 if u is None else u, 0 if u is None else 1) for u in us]
    inverses = batch_inverse([z for _, z in fractions])
    return [x * inverse % P for (x, _), inverse in zip(fractions, inverses, strict=True)]


def _times_eight(x: int, z: int) -> tuple[int, int]:
    """Three doublings X' = (X² - Z²)², Z' = 4XZ(X² + A XZ + Z²)."""
    for _ in range(3):
        xx, xz, zz = x * x, x * z, z * z
        x, z = (xx - zz) ** 2 % P, 4 * xz * (xx + A * xz + zz) % P
    return x, z


def hash_chunk(task: tuple[bytes, bytes, Sequence[bytes]]) -> bytes:
    """The joined 32-byte u-coordinates of many messages. Task: dst, prefix, messages; picklable."""
    dst, prefix, messages = task
    elements = [u for message in messages for u in hash_to_field(prefix + message, dst)]
    points = map_to_curve(elements)
    sums = add_points(list(zip(points[0::2], points[1::2], strict=True)))
    return b"".join(u.to_bytes(SIZE, "little") for u in clear_cofactor(sums))


def blind_chunk(task: tuple[bytes, tuple[bytes, bytes, Sequence[bytes]]]) -> bytes:
    """X25519 of a scalar and the hash of many messages. Task: scalar, then as `hash_chunk`."""
    scalar, texts = task
    return power_chunk((0, scalar, hash_chunk(texts)))
