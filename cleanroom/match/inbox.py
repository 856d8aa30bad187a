"""Watches over a list that arrives in chunks, of a size declared before the first one."""

from __future__ import annotations

from cleanroom.errors import PeerViolationError
from cleanroom.match.tokens import Tuples


class Inbox:
    """Room for exactly `count` tuples of `key_types` points, in order. It holds none of them."""

    def __init__(self, what: str, count: int, key_types: int) -> None:
        self._what, self._count, self._key_types = what, count, key_types
        self._filled = 0

    def accept(self, offset: int, chunk: Tuples) -> None:
        """Raise PeerViolationError unless `chunk` is the next part and fits."""
        if chunk.ndim != 3 or chunk.shape[1:] != (self._key_types, 32) or len(chunk) == 0:
            raise PeerViolationError(f"{self._what}: a chunk has the wrong shape")
        if offset != self._filled:
            raise PeerViolationError(f"{self._what}: expected row {self._filled}, got a chunk at row {offset}")
        if offset + len(chunk) > self._count:
            raise PeerViolationError(f"{self._what}: more rows than the {self._count} declared")
        self._filled += len(chunk)

    @property
    def complete(self) -> bool:
        """Whether all declared rows are here."""
        return self._filled == self._count
