"""Collects a list that arrives in chunks, of a size declared before the first one."""

from __future__ import annotations

import numpy as np

from cleanroom.errors import PeerViolationError
from cleanroom.match.tokens import Tuples, point_items


class Inbox:
    """Room for exactly `count` tuples of `key_types` points, filled in order."""

    def __init__(self, what: str, count: int, key_types: int) -> None:
        self._what = what
        self._tuples = np.empty((count, key_types, 32), dtype=np.uint8)
        self._filled = 0

    def room_for(self, offset: int, chunk: Tuples) -> None:
        """Raise PeerViolationError unless `chunk` is the next part and fits."""
        count, key_types, _ = self._tuples.shape
        if chunk.ndim != 3 or chunk.shape[1:] != (key_types, 32) or len(chunk) == 0:
            raise PeerViolationError(f"{self._what}: a chunk has the wrong shape")
        if offset != self._filled:
            raise PeerViolationError(f"{self._what}: expected row {self._filled}, got a chunk at row {offset}")
        if offset + len(chunk) > count:
            raise PeerViolationError(f"{self._what}: more rows than the {count} declared")

    def add(self, chunk: Tuples) -> None:
        """Store a chunk that `room_for` accepted (after it was raised to a scalar)."""
        self._tuples[self._filled:self._filled + len(chunk)] = chunk
        self._filled += len(chunk)

    @property
    def complete(self) -> bool:
        """Whether all declared rows are here."""
        return self._filled == len(self._tuples)

    def take(self) -> Tuples:
        """The whole list, once complete. No point may stand twice at one position: keys belong to one person."""
        for position in range(self._tuples.shape[1]):
            items = np.sort(point_items(self._tuples, position))
            if np.any(items[1:] == items[:-1]):
                raise PeerViolationError(f"{self._what}: a point occurs twice")
        return self._tuples

    def wipe(self) -> None:
        """Overwrite what was received."""
        self._tuples.fill(0)
