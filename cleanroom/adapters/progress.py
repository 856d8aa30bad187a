"""Progress displays, and the clock that times stages."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cleanroom import ports

TITLES = {
    "hello": "Greeting the peer",
    "blinded_cells": "Blinding the advertiser's people",
    "reblinded_cells": "Re-blinding and shuffling",
    "blinded_values": "Blinding the retailer's people",
    "lattice_key": "Exchanging the encryption key",
    "columns": "Encrypting purchases",
    "masked_sums": "Adding up, encrypted",
    "commit_people": "Committing to counts",
    "open_people": "Opening counts",
    "commit_sums": "Committing to sums",
    "open_sums": "Opening sums",
    "receipt": "Signing the receipt",
}


class Timed:
    """Passes progress on and keeps the seconds spent in each stage (monotonic clock)."""

    def __init__(self, inner: ports.Progress) -> None:
        self._inner = inner
        self._name = ""
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def stage(self, name: str, total: int, unit: str) -> None:
        """See `ports.Progress`."""
        self._stop()
        self._name, self._since = name, time.monotonic()
        self._inner.stage(name, total, unit)

    def advance(self, amount: int) -> None:
        """See `ports.Progress`."""
        self._inner.advance(amount)

    def done(self) -> None:
        """See `ports.Progress`."""
        self._stop()
        self._name = ""
        self._inner.done()

    def _stop(self) -> None:
        if self._name:
            spent = time.monotonic() - self._since
            self.seconds[self._name] = self.seconds.get(self._name, 0.0) + spent


class Silent:
    """Shows nothing; a node's own runs and tests."""

    def stage(self, name: str, total: int, unit: str) -> None:
        """See `ports.Progress`."""

    def advance(self, amount: int) -> None:
        """See `ports.Progress`."""

    def done(self) -> None:
        """See `ports.Progress`."""


class Lines:
    """One plain line a stage on stderr, for logs and pipes."""

    def __init__(self) -> None:
        self._name = ""
        self._since = 0.0

    def stage(self, name: str, total: int, unit: str) -> None:  # noqa: ARG002
        """See `ports.Progress`."""
        self.done()
        self._name, self._since = name, time.monotonic()

    def advance(self, amount: int) -> None:
        """See `ports.Progress`."""

    def done(self) -> None:
        """See `ports.Progress`."""
        if self._name:
            print(f"{TITLES.get(self._name, self._name)}: {time.monotonic() - self._since:.1f} s",  # noqa: T201
                  file=sys.stderr, flush=True)
        self._name = ""


class Bars:
    """One bar a stage with rate and remaining time, on a terminal's stderr."""

    def __init__(self) -> None:
        self._bars = Progress(TextColumn("{task.description:<34}"), BarColumn(bar_width=28), MofNCompleteColumn(),
                              TextColumn("{task.fields[rate]:>12}"), TimeRemainingColumn(compact=True),
                              console=Console(stderr=True))
        self._task: TaskID | None = None
        self._started = 0.0

    def stage(self, name: str, total: int, unit: str) -> None:  # noqa: ARG002
        """See `ports.Progress`."""
        self._bars.start()
        self._finish()
        self._task = self._bars.add_task(TITLES.get(name, name), total=total, rate="")
        self._started = time.monotonic()

    def advance(self, amount: int) -> None:
        """See `ports.Progress`."""
        if self._task is None:
            return
        self._bars.advance(self._task, amount)
        completed = self._bars.tasks[-1].completed
        self._bars.update(self._task, rate=f"{completed / max(time.monotonic() - self._started, 1e-3):,.0f}/s")

    def done(self) -> None:
        """See `ports.Progress`."""
        self._finish()
        self._bars.stop()

    def _finish(self) -> None:
        if self._task is not None:
            self._bars.update(self._task, total=self._bars.tasks[-1].completed)
        self._task = None


def display() -> Bars | Lines:
    """Bars on a terminal, lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()
