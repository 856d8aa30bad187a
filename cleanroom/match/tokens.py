"""From match keys to blinded points. A token exists only inside one run: its hash is bound to the run's context."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cleanroom.ports import Entropy
from cleanroom.primitives.backend import Backend

Tuples = npt.NDArray[np.uint8]  # (n, K, 32): n people or dummies, K key types in priority order
KeyValues = npt.NDArray[np.object_]  # (n, K) normalised values as bytes; None = the person has no such key

DST = b"cleanroom/v1/curve25519_XMD:SHA-512_ELL2_RO_"
ROWS_PER_CHUNK = 4096  # 128 KiB a key type: far below a frame's bound, and progress is visible


def run_context(contract: bytes, run: bytes, nonce_advertiser: bytes, nonce_retailer: bytes) -> bytes:
    """ctx = SHA-512("cleanroom/v1" ‖ contract hash ‖ run id ‖ nonce_A ‖ nonce_R), all of fixed length."""
    return hashlib.sha512(b"cleanroom/v1" + contract + run + nonce_advertiser + nonce_retailer).digest()


class Scalar:
    """A run's secret exponent. Silent, and overwritten by `wipe` (copies made by libraries are beyond reach)."""

    def __init__(self, entropy: Entropy) -> None:
        self._bytes = bytearray(entropy.bytes(32))

    def __repr__(self) -> str:
        return "Scalar"

    def use(self) -> bytes:
        """The 32 bytes, clamped by X25519 itself. Never store the result."""
        return bytes(self._bytes)

    def wipe(self) -> None:
        """Overwrite in place."""
        self._bytes[:] = bytes(32)


def random_elements(backend: Backend, entropy: Entropy, count: int) -> npt.NDArray[np.uint8]:
    """(count, 32) independent random group elements X25519(fresh scalar, 9); nobody knows their relation to a key."""
    return backend.power_base(random_scalars(entropy, count))


def random_scalars(entropy: Entropy, count: int) -> npt.NDArray[np.uint8]:
    """(count, 32) uniform bytes."""
    return np.frombuffer(entropy.bytes(32 * count), dtype=np.uint8).reshape(count, 32)


def blind(backend: Backend, entropy: Entropy, scalar: Scalar, ctx: bytes, key_types: Sequence[str],
          values: KeyValues) -> Tuples:
    """X25519(scalar, H2C(ctx ‖ key type ‖ 0x00 ‖ value)) for each person and key type.

    A missing key becomes a random group element, so the shape tells nothing about who has which key.
    """
    result = np.empty((*values.shape, 32), dtype=np.uint8)
    for position, key_type in enumerate(key_types):
        column = values[:, position]
        present = np.array([value is not None for value in column], dtype=bool)
        points = backend.hash_to_curve(DST, ctx + key_type.encode() + b"\x00", list(column[present]))
        result[present, position] = backend.power(scalar.use(), points)
        result[~present, position] = random_elements(backend, entropy, int((~present).sum()))
    return result


def power_tuples(backend: Backend, scalar: Scalar, tuples: Tuples) -> Tuples:
    """Every point of `tuples` raised to `scalar`; shape kept."""
    return backend.power(scalar.use(), np.ascontiguousarray(tuples).reshape(-1, 32)).reshape(tuples.shape)


def chunks_of(count: int, size: int = ROWS_PER_CHUNK) -> Iterator[slice]:
    """Consecutive slices of at most `size` that cover range(count)."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def first_keys(tuples: Tuples) -> npt.NDArray[np.bytes_]:
    """The first point of each tuple as one comparable item. Exact: all have 32 bytes, so none is a prefix."""
    return point_items(tuples, 0)


def point_items(tuples: Tuples, position: int) -> npt.NDArray[np.bytes_]:
    """Points at one position as (n,) items that numpy can sort and intersect."""
    return np.ascontiguousarray(tuples[:, position, :]).view("S32").reshape(-1)
