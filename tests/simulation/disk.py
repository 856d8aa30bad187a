"""The operating system's files as a party's processes see them: each write is an event at which a fault may strike,
and the dead write nothing."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

from world import Process, World

from cleanroom.adapters.alive import Alive
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.scratch import DiskScratch

_CHANGES: Final = frozenset({"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"})
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

ALIVE: Final = "alive-"  # files that are made and removed within transactions, for which others would really wait

Strike = Callable[[Process], bool]  # an event of a process; whether the disk refuses

_world: list[tuple[World, Strike]] = []  # of the list that is played; empty while nobody is watched


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _world:
        return
    opens = event == "open" and (isinstance(arguments[2], int) and arguments[2] & _WRITES)
    if opens or event in _CHANGES or event == "sqlite3.connect":
        _event(sqlite3.OperationalError("database or disk is full") if event == "sqlite3.connect"
               else OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), switch=ALIVE not in str(arguments[0]))


def _event(refusal: Exception, *, switch: bool = True) -> None:
    world, strike = _world[-1]
    task = world.current
    if task is None or not task.process.role:
        return
    world.alive()
    full = strike(task.process)
    if switch:
        world.maybe_switch()
        world.alive()
    if full:
        raise refusal


sys.addaudithook(_hook)


def _checked(function: Callable[..., Any], stamp: Callable[[int], None]) -> Callable[..., Any]:
    def call(descriptor: int, *rest: Any) -> Any:
        _event(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        result = function(descriptor, *rest) if function is _WRITE else None
        stamp(descriptor)
        return result

    return call


_WRITE: Final = os.write


@contextmanager
def watched(world: World, strike: Strike, now: Callable[[], float]) -> Iterator[None]:
    """While the context is open, writes of the simulated processes are events. Nothing is flushed: a killed process
    loses nothing that it wrote. `now`: seconds since 1970, for the time that files were changed at."""
    def stamp(descriptor: int) -> None:
        os.utime(descriptor, (now(), now()))

    real = {name: getattr(os, name) for name in ("write", "fsync", "fdatasync")}
    held = {kind: kind.__init__ for kind in (Alive, Journal, DiskScratch)}
    for name, function in real.items():
        setattr(os, name, _checked(function, stamp))
    for kind, make in held.items():
        kind.__init__ = _registered(world, make)  # type: ignore[method-assign]
    let_go = Alive.close
    Alive.close = lambda alive: _once(alive, let_go)  # type: ignore[method-assign]
    _world.append((world, strike))
    try:
        yield
    finally:
        _world.pop()
        for name, function in real.items():
            setattr(os, name, function)
        for kind, make in held.items():
            kind.__init__ = make  # type: ignore[method-assign]
        Alive.close = let_go  # type: ignore[method-assign]


@contextmanager
def unwatched() -> Iterator[None]:
    """While the context is open, nothing is an event: the test itself reads."""
    world = _world.pop()
    try:
        yield
    finally:
        _world.append(world)


def lock(world: World) -> SimpleNamespace:
    """`fcntl` whose locks are waited for in the world."""
    def flock(descriptor: int, operation: int) -> None:
        while True:
            try:
                return fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
            except BlockingIOError:
                if operation & fcntl.LOCK_NB:
                    raise
                world.sleep(0.01)

    return SimpleNamespace(flock=flock, LOCK_EX=fcntl.LOCK_EX, LOCK_NB=fcntl.LOCK_NB)


def _registered(world: World, make: Callable[..., None]) -> Callable[..., None]:
    """The kernel closes the files, and lifts the locks, of a process that ends."""
    def init(held: Any, *arguments: Any, **named: Any) -> None:
        make(held, *arguments, **named)
        if world.current is not None:
            world.current.process.at_end.append(lambda: _close(held))

    return init


def _once(alive: Alive, let_go: Callable[[Alive], None]) -> None:
    if alive._descriptor >= 0:
        let_go(alive)
        alive._descriptor = -1


def _close(held: Any) -> None:
    for name in ("_file", "_guard", "_descriptor"):
        descriptor = getattr(held, name, -1)
        if descriptor >= 0:
            os.close(descriptor)
            setattr(held, name, -1)
