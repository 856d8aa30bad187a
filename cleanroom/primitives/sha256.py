"""SHA-256 (FIPS 180-4) and HMAC (FIPS 198-1) of many texts at once, one library call for each."""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from cleanroom.errors import MisuseError
from cleanroom.primitives.backend import Digests, Texts

SIZE: Final = 32  # bytes of a digest
_BLOCK: Final = 64  # bytes


class Sha256(Protocol):
    """`backend.Backend.sha256`."""

    def __call__(self, prefix: bytes, heads: NDArray[np.uint8], texts: Texts, /) -> Digests:
        """(n, 32)."""
        ...


def sha256_each(prefix: bytes, heads: NDArray[np.uint8], texts: Texts) -> Digests:
    """`Sha256` with OpenSSL, one by one."""
    require_heads(heads, texts)
    start, found = hashlib.sha256(prefix), bytearray()
    width, rows = heads.shape[1], heads.tobytes()
    for place, text in enumerate(texts.tolist()):
        one = start.copy()
        one.update(rows[width * place:width * (place + 1)] + text)
        found += one.digest()
    return np.frombuffer(found, dtype=np.uint8).reshape(-1, SIZE)


def hmac_sha256_each(sha256: Sha256, key: bytes, label: bytes, texts: Texts) -> Digests:
    """(n, 32): HMAC-SHA-256(key, label ‖ text i). MisuseError for a key longer than a block of 64 bytes."""
    if len(key) > _BLOCK:
        raise MisuseError("the key has at most 64 bytes")
    padded = np.frombuffer(key.ljust(_BLOCK, b"\x00"), dtype=np.uint8)
    count = len(texts.offsets) - 1
    inner = sha256((padded ^ 0x36).tobytes() + label, np.empty((count, 0), dtype=np.uint8), texts)
    return sha256((padded ^ 0x5C).tobytes(), inner, no_texts(count))


def require_heads(heads: NDArray[np.uint8], texts: Texts) -> None:
    """MisuseError unless there is one for each text."""
    if heads.dtype != np.uint8 or heads.ndim != 2 or len(heads) != len(texts.offsets) - 1:
        raise MisuseError("heads are a uint8 array with one row for each text")


def no_texts(count: int) -> Texts:
    """Empty ones, where messages consist of heads."""
    return Texts(np.empty(0, dtype=np.uint8), np.zeros(count + 1, dtype=np.int64))
