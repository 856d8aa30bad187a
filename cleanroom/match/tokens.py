"""From match keys to blinded points. A token exists only inside one run: its hash is bound to the run's context."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cleanroom.identity.values import KeyValues
from cleanroom.ports import Entropy, Job
from cleanroom.primitives.backend import Backend, Points

Tuples = npt.NDArray[np.uint8]  # (n, K, 32): n people or dummies, K key types in priority order

BASE_POINT = bytes([9]) + bytes(31)
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

    def public(self, backend: Backend) -> bytes:
        """X25519(scalar, 9): what the peer may know."""
        return bytes(backend.power(self.use(), np.frombuffer(BASE_POINT, np.uint8)[None, :])[0])

    def wipe(self) -> None:
        """Overwrite in place."""
        self._bytes[:] = bytes(32)


def random_elements(backend: Backend, entropy: Entropy, count: int) -> npt.NDArray[np.uint8]:
    """(count, 32) independent random group elements X25519(fresh scalar, 9); nobody knows their relation to a key."""
    return backend.power_base(random_scalars(entropy, count))


def random_scalars(entropy: Entropy, count: int) -> npt.NDArray[np.uint8]:
    """(count, 32) uniform bytes."""
    return np.frombuffer(entropy.bytes(32 * count), dtype=np.uint8).reshape(count, 32)


class Blinder:
    """X25519(scalar, H2C(ctx ‖ key type ‖ 0x00 ‖ value)) for each person and key type, chunk by chunk.

    A missing key becomes a random group element, so the shape tells nothing about who has which key.
    """

    def __init__(self, backend: Backend, entropy: Entropy, scalar: Scalar, ctx: bytes,
                 key_types: Sequence[str]) -> None:
        self._backend, self._entropy, self._scalar = backend, entropy, scalar
        self._prefixes = [ctx + key_type.encode() + b"\x00" for key_type in key_types]

    def __repr__(self) -> str:
        return "Blinder"

    def begin(self, values: KeyValues) -> Job[Tuples]:
        """The tuples of some people."""
        parts: list[tuple[npt.NDArray[np.bool_], Job[Points], Points]] = []
        for position, prefix in enumerate(self._prefixes):
            present = values.present(position)
            job = self._backend.begin_blind(self._scalar.use(), DST, prefix, values.texts(position))
            parts.append((present, job, random_elements(self._backend, self._entropy, int((~present).sum()))))
        return _BlindedTuples(parts)


class _BlindedTuples:
    def __init__(self, parts: Sequence[tuple[npt.NDArray[np.bool_], Job[Points], Points]]) -> None:
        self._parts = parts

    def result(self) -> Tuples:
        """See `ports.Job`."""
        return assembled([(present, job.result(), others) for present, job, others in self._parts])


def assembled(parts: Sequence[tuple[npt.NDArray[np.bool_], Points, Points]]) -> Tuples:
    """K-tuples from each key type's flags of who has it, the points of these people, and points for the others."""
    result = np.empty((len(parts[0][0]), len(parts), 32), dtype=np.uint8)
    for position, (present, points, others) in enumerate(parts):
        result[present, position] = points
        result[~present, position] = others
    return result


def chunks_of(count: int, size: int = ROWS_PER_CHUNK) -> Iterator[slice]:
    """Consecutive slices of at most `size` that cover range(count)."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
