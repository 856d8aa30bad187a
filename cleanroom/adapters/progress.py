"""Progress displays, and the clock that times stages."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cleanroom import ports

TITLES = {
    "queued": "Waiting for other runs here",
    "reading": "Reading own files",
    "connecting": "Reaching the other node",
    "gate": "Consent gate, keys",
    "hello": "Greeting, padded sizes",
    "account": "Comparing the privacy ledgers",
    "sizes": "Padded sizes",
    "blinded_cells": "Blinding the advertiser's people",
    "reblinded_cells": "Re-blinding and shuffling",
    "blinded_values": "Blinding the retailer's people",
    "lattice_key": "Encrypting purchases",
    "columns": "Encrypting purchases",
    "tokens": "Sending and matching salted hashes",
    "masked_sums": "Adding up, encrypted",
    "commit_people": "Opening counts, then sums",
    "open_people": "Opening counts, then sums",
    "commit_sums": "Opening counts, then sums",
    "open_sums": "Opening counts, then sums",
    "receipt": "Signing the receipt",
    "synth": "Drawing people",
}  # consecutive steps with one title are shown as one stage

WAITS = {
    "reading": "reads its files",
    "queued": "has other runs to finish first",
    "awaiting_approval": "waits for a person's approval",
    "outside_hours": "waits for the hours in which it answers",
    "resuming": "catches up after an interruption",
}  # what is shown of the peer; that it works is seen by the stages


class Timed:
    """Passes progress on and keeps the seconds spent in each stage (monotonic clock). Use as a context manager."""

    def __init__(self, inner: ports.Progress) -> None:
        self._inner = inner
        self._name = ""
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> Timed:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()

    def stage(self, name: str, total: int) -> None:
        """See `ports.Progress`."""
        self._stop()
        self._name, self._since = name, time.monotonic()
        self._inner.stage(name, total)

    def advance(self, amount: int) -> None:
        """See `ports.Progress`."""
        self._inner.advance(amount)

    def peer(self, state: str) -> None:
        """See `ports.Progress`."""
        self._inner.peer(state)

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

    def stage(self, name: str, total: int) -> None:
        """See `ports.Progress`."""

    def advance(self, amount: int) -> None:
        """See `ports.Progress`."""

    def peer(self, state: str) -> None:
        """See `ports.Progress`."""

    def done(self) -> None:
        """See `ports.Progress`."""


class Lines:
    """One plain line a stage on stderr, for logs and pipes."""

    def __init__(self) -> None:
        self._title = ""
        self._since = 0.0

    def stage(self, name: str, total: int) -> None:  # noqa: ARG002
        """See `ports.Progress`."""
        if TITLES[name] != self._title:
            self.done()
            self._title, self._since = TITLES[name], time.monotonic()

    def advance(self, amount: int) -> None:
        """See `ports.Progress`."""

    def peer(self, state: str) -> None:
        """See `ports.Progress`."""
        if state in WAITS:
            print(f"  the other node {WAITS[state]}", file=sys.stderr, flush=True)  # noqa: T201

    def done(self) -> None:
        """See `ports.Progress`."""
        if self._title:
            print(f"  {self._title}: {time.monotonic() - self._since:.1f} s", file=sys.stderr, flush=True)  # noqa: T201
        self._title = ""


class Bars:
    """One bar a stage with rate and remaining time, on a terminal's stderr."""

    def __init__(self) -> None:
        self._bars = Progress(TextColumn("  {task.description:<34}"), BarColumn(bar_width=28), MofNCompleteColumn(),
                              TextColumn("{task.fields[rate]:>9}"), TimeRemainingColumn(elapsed_when_finished=True),
                              console=Console(stderr=True))
        self._task: TaskID | None = None
        self._title = ""
        self._total = self._done = 0
        self._started = 0.0

    def stage(self, name: str, total: int) -> None:
        """See `ports.Progress`."""
        self._bars.start()
        if TITLES[name] != self._title or self._task is None:
            self._title, self._started = TITLES[name], time.monotonic()
            self._total = self._done = 0
            self._task = self._bars.add_task(self._title, total=total, rate="")
        self._total += total
        self._bars.update(self._task, total=self._total)

    def advance(self, amount: int) -> None:
        """See `ports.Progress`."""
        if self._task is not None:
            self._done += amount
            rate = self._done / max(time.monotonic() - self._started, 1e-3)
            self._bars.update(self._task, advance=amount, rate=f"{rate:,.0f}/s")

    def peer(self, state: str) -> None:
        """See `ports.Progress`."""
        if state in WAITS:
            self._bars.console.print(f"  the other node {WAITS[state]}")

    def done(self) -> None:
        """See `ports.Progress`."""
        self._bars.stop()


def display() -> Bars | Lines:
    """Bars on a terminal, lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()
