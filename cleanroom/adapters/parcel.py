"""A job on its way to a machine of the cluster and back. What a scheduler or worker may show of it is a class name."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from cleanroom import __version__
from cleanroom.errors import CleanroomError, MachineError, SettingsError

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """A function and what to give it, pickled: usually with a secret inside."""

    software: str
    content: bytes

    def __repr__(self) -> str:
        return "Parcel"

    @classmethod
    def of(cls, function: Callable[[T], R], chunk: T) -> Parcel:
        """`function` is known by its module and name on every machine."""
        return cls(__version__, pickle.dumps((function, chunk), pickle.HIGHEST_PROTOCOL))


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What the function returned, or the error it raised: a task that raises would be logged with its arguments."""

    value: Any
    error: CleanroomError | None = None

    def __repr__(self) -> str:
        return "Answer"

    def open(self) -> Any:
        """The value, or the error raised."""
        if self.error is not None:
            raise self.error
        return self.value


def perform(parcel: Parcel) -> Answer:
    """On a worker: do the job. Never raises. An unexpected error keeps its type only: texts may show arguments."""
    try:
        if parcel.software != __version__:
            raise SettingsError(f"a worker runs cleanroom {__version__}, this node {parcel.software}", where="dask",
                                todo="install the same version on every machine of the cluster")
        _refuse_spilling()
        function, chunk = pickle.loads(parcel.content)  # noqa: S301 - from our own node, over mutual TLS
        return Answer(function(chunk))
    except CleanroomError as error:
        return Answer(None, error)
    except Exception as error:
        return Answer(None, MachineError(f"a worker failed with {type(error).__name__}", where="dask",
                                         todo="see that all workers have the same installation"))


def _refuse_spilling() -> None:
    """A worker that may write results to its disk would leave points of a run there."""
    from distributed import get_worker  # noqa: PLC0415 - a worker has it loaded

    memory = get_worker().memory_manager
    if memory.memory_limit and (memory.memory_target_fraction or memory.memory_spill_fraction):
        raise SettingsError("a worker may spill to its disk", where="dask",
                            todo="start workers with --memory-limit 0, or set distributed.worker.memory.target and "
                                 "distributed.worker.memory.spill to false")
