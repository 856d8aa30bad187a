"""How often one caller is answered: a token bucket for each certificate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from cleanroom import limits
from cleanroom.errors import BusyError
from cleanroom.node.log import Event, complain

FEW: Final = 0.5  # of a full bucket: from here on the next shortage is a new event


class CallRate:
    """`per_minute` calls of a caller, at once or spread. A call that came to nothing counts as `limits.BAD_CALL`.

    A refusal must cost less than what it spares, so it looks at nothing but this. Callers are fingerprints of
    certificates that the handshake trusted: a few.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = float(per_minute), now
        self._lock = threading.Lock()
        self._left: dict[bytes, tuple[float, float]] = {}  # calls left, and when that was
        self._short: set[bytes] = set()

    def __repr__(self) -> str:
        return "CallRate"

    def admit(self, caller: bytes) -> bool:
        """Count one call. False when the caller has none left: then nothing is counted, and said in the log once."""
        with self._lock:
            left = self._fill(caller)
            if left >= 1:
                self._left[caller] = (left - 1, self._left[caller][1])
                self._short -= {caller} if left >= FEW * self._most else set()
                return True
            known = caller in self._short
            self._short.add(caller)
        if not known:
            complain(Event.CALL_REFUSED, "a caller is not answered", BusyError(
                f"it has made more than {self._most:.0f} calls in a minute, each bad one counted "
                f"{limits.BAD_CALL} times", where="node.calls_per_minute", todo="ask the other party why"))
        return False

    def spoiled(self, caller: bytes) -> None:
        """A call that was admitted came to nothing. At worst the caller is not answered for a minute."""
        with self._lock:
            self._left[caller] = (max(-self._most, self._fill(caller) + 1 - limits.BAD_CALL), self._left[caller][1])

    def _fill(self, caller: bytes) -> float:
        now = self._now()
        left, since = self._left.get(caller, (self._most, now))
        left = min(self._most, left + (now - since) * self._most / 60)
        self._left[caller] = (left, now)
        return left
