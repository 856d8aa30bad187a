"""Jobs under way: several chunks are worked on while the next ones arrive, and results are used in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from cleanroom.ports import Job

T = TypeVar("T")
R = TypeVar("R")

_AHEAD: Final = 2  # chunks a worker: one running, one waiting for it


def depth(workers: int) -> int:
    """How many chunks to have under way; the memory they take is bounded by it."""
    return _AHEAD * workers + 1


def in_order(jobs: Iterable[tuple[T, Job[R]]], most: int) -> Iterator[tuple[T, R]]:
    """The results of `jobs`, which are begun as they are taken from the iterable: at most `most` at once."""
    begun: deque[tuple[T, Job[R]]] = deque()
    for tag, job in jobs:
        begun.append((tag, job))
        if len(begun) >= most:
            first, done = begun.popleft()
            yield first, done.result()
    while begun:
        first, done = begun.popleft()
        yield first, done.result()


class Arrivals(Generic[R]):
    """Jobs that begin when a message arrives; `use(first row, result)` is called in order."""

    def __init__(self, most: int, use: Callable[[int, R], None]) -> None:
        self._most, self._use = most, use
        self._begun: deque[tuple[int, Job[R]]] = deque()

    def add(self, row: int, job: Job[R]) -> None:
        """One more job; waits for the oldest when too many are under way."""
        self._begun.append((row, job))
        while len(self._begun) > self._most:
            self._finish_one()

    def finish(self) -> None:
        """Wait for all."""
        while self._begun:
            self._finish_one()

    def _finish_one(self) -> None:
        row, job = self._begun.popleft()
        self._use(row, job.result())
