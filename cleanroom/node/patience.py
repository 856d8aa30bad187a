"""How long a run may take: time of work, and beside it time in which one side waits for a person or other runs."""

from __future__ import annotations

import time

from cleanroom.errors import PeerUnavailableError


class Patience:
    """`work`, `wait`: seconds in all, whatever the peer says meanwhile. The clock begins with work."""

    def __init__(self, work: float, wait: float) -> None:
        self._bounds = {False: work, True: wait}
        self._left = dict(self._bounds)
        self._waits, self._since = False, time.monotonic()

    def __repr__(self) -> str:
        return "Patience"

    def waits(self, waits: bool) -> None:
        """From now on a side waits, or both work again."""
        if waits != self._waits:
            now = time.monotonic()
            self._left[self._waits] -= now - self._since
            self._waits, self._since = waits, now

    def check(self, where: str) -> None:
        """PeerUnavailableError, with what was going on, once the time is over."""
        if time.monotonic() - self._since >= self._left[self._waits]:
            what, setting = ("waited", "node.wait_limit") if self._waits else ("taken", "node.run_limit")
            bound = f"{self._bounds[self._waits]:.0f} s"
            raise PeerUnavailableError(f"the run has {what} longer than {bound}, {where}", where=setting,
                                       todo="raise it in party.toml if that is too short, then run again")
