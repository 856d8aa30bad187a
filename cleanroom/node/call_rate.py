"""How often one caller is answered: a token bucket for each certificate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cleanroom import limits
from cleanroom.errors import BusyError
from cleanroom.node.log import Event, complain

FEW: Final = 0.5  # of a full bucket: from here on the next shortage is a new event


@dataclass(slots=True)
class _Bucket:
    """`left` calls at the time `at`; `short`: that there were none has been said."""

    left: float
    at: float
    short: bool = False


class CallRate:
    """`per_minute` calls of a caller, at once or spread. A call that came to nothing counts as `limits.BAD_CALL`.

    A refusal must cost less than what it spares, so it looks at nothing but this. Callers are fingerprints of
    certificates that the handshake trusted: a few.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = float(per_minute), now
        self._lock = threading.Lock()
        self._buckets: dict[bytes, _Bucket] = {}

    def __repr__(self) -> str:
        return "CallRate"

    def admit(self, caller: bytes) -> bool:
        """Count one call. False when the caller has none left: then nothing is counted, and said in the log once."""
        with self._lock:
            bucket = self._filled(caller)
            if bucket.left >= 1:
                bucket.left -= 1
                bucket.short = bucket.short and bucket.left < FEW * self._most
                return True
            said, bucket.short = bucket.short, True
        if not said:
            complain(Event.CALL_REFUSED, "a caller is not answered", BusyError(
                f"it has made more than {self._most:.0f} calls in a minute, each bad one counted "
                f"{limits.BAD_CALL} times", where="node.calls_per_minute", todo="ask the other party why"))
        return False

    def spoiled(self, caller: bytes) -> None:
        """A call that was admitted came to nothing. At worst the caller is not answered for a minute."""
        with self._lock:
            bucket = self._filled(caller)
            bucket.left = max(-self._most, bucket.left + 1 - limits.BAD_CALL)

    def _filled(self, caller: bytes) -> _Bucket:
        now = self._now()
        bucket = self._buckets.setdefault(caller, _Bucket(self._most, now))
        bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._most / 60)
        bucket.at = now
        return bucket
