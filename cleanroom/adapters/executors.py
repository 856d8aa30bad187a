"""Where the heavy arithmetic runs: in this process, or in worker processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType, TracebackType
from typing import Final, Generic, Self, TypeVar

from cleanroom.adapters.core_dumps import forbid_core_dumps
from cleanroom.errors import MachineError, MisuseError, SettingsError
from cleanroom.ports import Job

T = TypeVar("T")
R = TypeVar("R")

_IN_FLIGHT: Final = 3  # chunks a worker: one running, one waiting for it, one whose result waits for its turn
_START: Final = threading.Lock()  # one process starts at a time: see `_Worker`


class SerialExecutor:
    """Runs every chunk in the caller, one at a time, when its result is asked for."""

    workers = 1

    def submit(self, function: Callable[[T], R], chunk: T) -> Job[R]:
        """The chunk runs when its result is asked for."""
        return _Later(function, chunk)

    def map(self, function: Callable[[T], R], chunks: Iterable[T]) -> Iterator[R]:
        """Results in order."""
        return map(function, chunks)


class _Later(Generic[T, R]):
    """A chunk that runs when its result is asked for."""

    def __init__(self, function: Callable[[T], R], chunk: T) -> None:
        self._function, self._chunk = function, chunk

    def result(self) -> R:
        """See `ports.Job`."""
        return self._function(self._chunk)


class _Worker(SpawnProcess):
    """A spawned process that does not run the main script first: it needs nothing of it, and the script's imports cost
    more than the rest of the start.

    What a new process does with the main script is read from sys.modules["__main__"] while it starts; nothing else can
    say it. An empty module stands there for these few milliseconds. That is safe in a server with threads: `_START`
    keeps two starts from restoring each other's module, threads run on with the globals they have, and this program
    neither imports `__main__` nor pickles anything defined in it.
    """

    def start(self) -> None:
        """Start the process."""
        with _START:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = main


class _Context(SpawnContext):
    Process = _Worker


class ProcessExecutor:
    """Runs chunks in `workers` fresh processes, started by the first chunk and ended by `close`.

    The processes start by spawning: they share no memory, lock or open file with this one. They ignore Ctrl-C
    (this process decides) and end by themselves when it dies. `function` must be importable by name;
    functions of the main script are not, because workers do not run it.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise SettingsError("at least one worker process is needed", where="workers")
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False
        self._lock = threading.Lock()

    @property
    def workers(self) -> int:
        """How many processes work at once."""
        return self._workers

    def submit(self, function: Callable[[T], R], chunk: T) -> Job[R]:
        """Begin one chunk. MachineError, now or from the job, when a worker process died; MisuseError after `close`."""
        pool = self._running()
        try:
            return _Waiting(self, pool, pool.submit(function, chunk))
        except BrokenExecutor as error:
            raise self.died(pool) from error

    def map(self, function: Callable[[T], R], chunks: Iterable[T]) -> Iterator[R]:
        """Results in the order of `chunks`, which may be endless: at most three a worker are taken ahead.

        Nothing runs before the first result is asked for. An exception of `function` is raised at its place.
        MachineError when a worker process died, and then the next call starts fresh ones; MisuseError after `close`.
        """
        pool = self._running()
        pending: deque[Future[R]] = deque()
        try:
            for chunk in chunks:
                if self._closed:
                    raise MisuseError("the executor is closed")
                pending.append(pool.submit(function, chunk))
                if len(pending) >= _IN_FLIGHT * self._workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenExecutor as error:
            raise self.died(pool) from error
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        """Drop waiting chunks, let running ones finish, end the processes. May be called again."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def _running(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._closed:
                raise MisuseError("the executor is closed")
            if self._pool is None:
                self._pool = ProcessPoolExecutor(self._workers, _Context(), initializer=_initialise)
            return self._pool

    def died(self, pool: ProcessPoolExecutor) -> MachineError:
        """The error to raise; the next call starts fresh processes."""
        self._drop(pool)
        return MachineError("a worker process died", where="workers",
                            todo="look for lack of memory on this machine, or lower the number of workers")

    def _drop(self, broken: ProcessPoolExecutor) -> None:
        """Forget a pool whose worker died; another run may have done so already, and have a new one."""
        with self._lock:
            if self._pool is broken:
                self._pool = None
        broken.shutdown(wait=True, cancel_futures=True)


class _Waiting(Generic[R]):
    """A chunk under way in a worker process."""

    def __init__(self, owner: ProcessExecutor, pool: ProcessPoolExecutor, future: Future[R]) -> None:
        self._owner, self._pool, self._future = owner, pool, future

    def result(self) -> R:
        """See `ports.Job`."""
        try:
            return self._future.result()
        except BrokenExecutor as error:
            raise self._owner.died(self._pool) from error


def _initialise() -> None:
    """In the worker: leave Ctrl-C to the parent, and die with it rather than wait for work for ever."""
    forbid_core_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
