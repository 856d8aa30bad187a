"""Where the C kernel runs: threads of this process, since it releases the interpreter lock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self, TypeVar

from cleanroom.errors import MisuseError, SettingsError
from cleanroom.ports import Job

T = TypeVar("T")
R = TypeVar("R")

_IN_FLIGHT: Final = 3  # chunks a thread: one running, one waiting for it, one whose result waits for its turn


class ThreadExecutor:
    """`ports.Executor`: runs chunks in `workers` threads, which `close` ends. Only for the C kernel."""

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise SettingsError("at least one worker thread is needed", where="workers")
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="kernel")
        self._closed = False

    @property
    def workers(self) -> int:
        """How many threads work at once."""
        return self._workers

    def submit(self, function: Callable[[T], R], chunk: T) -> Job[R]:
        """Begin one chunk. MisuseError after `close`."""
        if self._closed:
            raise MisuseError("the executor is closed")
        return self._pool.submit(function, chunk)

    def map(self, function: Callable[[T], R], chunks: Iterable[T]) -> Iterator[R]:
        """Results in the order of `chunks`, which may be endless: at most three a thread are taken ahead.

        Nothing runs before the first result is asked for. An exception of `function` is raised at its place.
        MisuseError after `close`.
        """
        pending: deque[Future[R]] = deque()
        try:
            for chunk in chunks:
                if self._closed:
                    raise MisuseError("the executor is closed")
                pending.append(self._pool.submit(function, chunk))
                if len(pending) >= _IN_FLIGHT * self._workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        """Drop waiting chunks, let running ones finish, end the threads. May be called again."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
