"""Clock and randomness of the operating system."""

from __future__ import annotations

import os
from datetime import UTC, datetime


class SystemClock:
    """`ports.Clock`: the system's wall clock."""

    def now(self) -> datetime:
        """Current time, timezone-aware, UTC."""
        return datetime.now(UTC)


class SystemEntropy:
    """`ports.Entropy`: the operating system's cryptographic generator."""

    def bytes(self, size: int, /) -> bytes:
        """`size` uniform random bytes from `os.urandom`."""
        return os.urandom(size)
