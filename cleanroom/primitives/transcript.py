"""A running hash of everything both parties said, in order."""

from __future__ import annotations

import hashlib
from typing import Final

_DOMAIN: Final = b"cleanroom/v1 transcript"


class Transcript:
    """SHA-256 over labelled messages; both parties hold the same digest after the same messages.

    A message is hashed as label, number of parts, parts. Each item is preceded by a type byte (l, b or i) and
    its length in 8 bytes, big endian; integers are two's complement, big endian, in as few bytes as fit a
    sign bit. Lengths make the encoding injective: no two sequences of messages give the same input to
    SHA-256.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256(_DOMAIN)

    def absorb(self, label: str, *parts: bytes | int) -> None:
        """Add one message."""
        self._item(b"l", label.encode())
        self._hash.update(len(parts).to_bytes(8, "big"))
        for part in parts:
            if isinstance(part, int):
                self._item(b"i", part.to_bytes(part.bit_length() // 8 + 1, "big", signed=True))
            else:
                self._item(b"b", part)

    def digest(self) -> bytes:
        """The 32-byte hash of all messages so far; more may follow."""
        return self._hash.digest()

    def _item(self, kind: bytes, data: bytes) -> None:
        self._hash.update(kind + len(data).to_bytes(8, "big"))
        self._hash.update(data)
