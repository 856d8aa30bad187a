"""Random ring elements, exactly distributed: expanded from a public seed or drawn from a party's entropy."""

from __future__ import annotations

from typing import Final

import numpy as np
from Crypto.Hash import cSHAKE128
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from cleanroom.errors import MisuseError
from cleanroom.ports import Entropy
from cleanroom.primitives.backend import Polys
from cleanroom.primitives.ring import PRIMES, N

SEED_BYTES: Final = 32
ETA: Final = 21  # centred binomial parameter: |x| ≤ 21, variance 21/2, σ ≈ 3.24

_DOMAIN: Final = b"cleanroom/v1 lattice "
_MASK: Final = np.uint32(2**27 - 1)
_WORDS: Final = N + 128  # one read; at most 0.2 % are refused, so a second read has probability below 2^-200
_TRITS: Final = N + 128  # likewise with 1/256 refused


def expand_uniform(label: str, ctx: bytes, seed: bytes, *indices: int) -> Polys:
    """A uniform element, shape (4, 4096), that anyone can recompute; cSHAKE128, customized by the label.

    The input is len(ctx) ‖ ctx ‖ len(seed) ‖ seed ‖ indices, lengths and indices in 4 bytes, little endian.
    For each prime, 32-bit words cut to 27 bits are taken in order while they are below the prime (rejection),
    from reads of `_WORDS` words. By convention the result is in NTT form: the transform is a bijection.
    """
    head = b"".join(len(part).to_bytes(4, "little") + part for part in (ctx, seed))
    tail = b"".join(index.to_bytes(4, "little") for index in indices)
    stream = cSHAKE128.new(data=head + tail, custom=_DOMAIN + label.encode())
    out = np.empty((len(PRIMES), N), dtype=np.uint64)
    for row, prime in zip(out, PRIMES, strict=True):
        filled = 0
        while filled < N:
            words = np.frombuffer(stream.read(4 * _WORDS), dtype="<u4") & _MASK
            words = words[words < prime][: N - filled]
            row[filled : filled + len(words)] = words
            filled += len(words)
    return out


def ternary(entropy: Entropy, count: int) -> NDArray[np.int64]:
    """Shape (count, 4096), uniform on {-1, 0, 1}: bytes below 255 = 3 · 85, modulo 3 (rejection)."""
    return np.array([_ternary(entropy) for _ in range(count)], dtype=np.int64).reshape(count, N)


def _ternary(entropy: Entropy) -> NDArray[np.int64]:
    kept = np.empty(0, dtype=np.uint8)
    while len(kept) < N:
        fresh = np.frombuffer(entropy.bytes(_TRITS), dtype=np.uint8)
        kept = np.concatenate([kept, fresh[fresh < 255]])
    signs: NDArray[np.int64] = kept[:N].astype(np.int64) % 3 - 1
    return signs


def centred_binomial(entropy: Entropy, *shape: int) -> NDArray[np.int64]:
    """Differences of two counts of 21 fair bits each."""
    return _binomial(_words(entropy, *shape))


def expand_binomial(seed: bytes, index: int) -> NDArray[np.int64]:
    """Shape (4096,), as `centred_binomial`, from a secret seed of 32 fresh bytes: AES-256 in counter mode with the
    index in the upper half of the counter block. Ten times as fast as the operating system's randomness."""
    counter = index.to_bytes(8, "big") + bytes(8)
    stream = Cipher(algorithms.AES(seed), modes.CTR(counter)).encryptor().update(bytes(8 * N))
    return _binomial(np.frombuffer(stream, dtype="<u8").astype(np.uint64))


def _binomial(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    low = np.uint64(2**ETA - 1)
    ones, others = np.bitwise_count(words & low), np.bitwise_count((words >> np.uint64(ETA)) & low)
    difference: NDArray[np.int64] = ones.astype(np.int64) - others.astype(np.int64)
    return difference


def uniform_bits(entropy: Entropy, bits: int, *shape: int) -> NDArray[np.int64]:
    """Uniform integers in [0, 2^bits), bits ≤ 63."""
    if not 0 <= bits <= 63:
        raise MisuseError("at most 63 bits fit an int64")
    values: NDArray[np.int64] = (_words(entropy, *shape) & np.uint64(2**bits - 1)).astype(np.int64)
    return values


def _words(entropy: Entropy, *shape: int) -> NDArray[np.uint64]:
    return np.frombuffer(entropy.bytes(8 * int(np.prod(shape))), dtype="<u8").astype(np.uint64).reshape(shape)
