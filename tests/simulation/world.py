"""Threads, locks and time of a simulation: one thread runs at a time, chosen by a seed, and time passes when all wait.

The code under test gets `World.threading`, `World.time` and `World.queue` in place of the modules of these names. A
list of operations then takes the same course each time, hours take milliseconds, and a hang is a fact, not a guess:
nobody can go on, or there were too many steps.
"""

from __future__ import annotations

import queue
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from types import SimpleNamespace
from typing import Any, Final, Self

MOST_STEPS: Final = 100_000  # switches from one thread to another; a run takes some hundred
SWITCHES: Final = 0.1  # chance that a thread is interrupted where it takes a lock or touches the disk


class Killed(BaseException):
    """Ends the threads of a process that was killed. What they still do has no effect: see `disk` and `network`."""


class HangError(Exception):
    """Nobody can go on, or it takes far too many steps."""


@dataclass(eq=False)
class Process:
    """A process of one party; `dead` from the moment that it is killed or has ended."""

    role: str
    name: str
    dead: bool = False
    at_end: list[Callable[[], None]] = field(default_factory=list)  # what the operating system would clean up


@dataclass(eq=False)
class Task:
    """A thread, and what it waits for."""

    process: Process
    name: str
    ready: Callable[[], bool] = bool
    deadline: float = 0.0
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    error: BaseException | None = None
    ended: bool = False


class World:
    """Use as a context manager in the thread that plays; it ends all others."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.steps = 0
        self.main = Task(Process("", "player"), "player")
        self.tasks = [self.main]
        self._local = threading.local()
        self._local.task = self.main
        self.threading = SimpleNamespace(Condition=lambda: Monitor(self), Lock=lambda: Monitor(self),
                                         RLock=lambda: Monitor(self), Thread=self._thread)
        self.time = SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep)
        self.queue = SimpleNamespace(Queue=lambda: Mailbox(self), Empty=queue.Empty)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for task in self.tasks:
            if task is not self.main:
                self.end(task.process)
        self.steps = 0
        self.wait(lambda: self.tasks == [self.main])

    @property
    def current(self) -> Task | None:
        """The task of this thread; None in one that is not of the simulation."""
        return getattr(self._local, "task", None)

    def start(self, process: Process, work: Callable[[], Any], name: str) -> Task:
        """A new thread of a process."""
        task = Task(process, name)
        self.tasks.append(task)
        threading.Thread(target=self._begin, args=(task, work), name=name, daemon=True).start()
        return task

    def wait(self, ready: Callable[[], bool], seconds: float = inf) -> bool:
        """Let others run until `ready()`, at most for so long; whether it is. Killed when the process was."""
        task = self._mine()
        task.ready, task.deadline = ready, self.now + seconds
        following = self._choose()
        if following is not task:
            following.go.release()
            task.go.acquire()
        self.alive()
        error, task.error = task.error, None
        if error is not None:
            raise error
        return ready()

    def alive(self) -> None:
        """Killed in a thread of a process that was."""
        if self._mine().process.dead:
            raise Killed

    def sleep(self, seconds: float) -> None:
        """Wait for a time."""
        self.wait(bool, seconds)

    def maybe_switch(self) -> None:
        """A place at which a thread can be interrupted."""
        if self.chance.random() < SWITCHES:
            self.wait(lambda: True)

    def end(self, process: Process) -> None:
        """Nothing of a process has any effect from here on."""
        process.dead = True
        for clean in process.at_end:
            clean()
        process.at_end.clear()

    def _mine(self) -> Task:
        task = self.current
        if task is None:
            raise LookupError("not a thread of the simulation")
        return task

    def _thread(self, target: Callable[..., Any], args: tuple[Any, ...] = (), name: str = "", **_: Any) -> Thread:
        process = self._mine().process
        return Thread(lambda: self.start(process, lambda: target(*args), name))

    def _begin(self, task: Task, work: Callable[[], Any]) -> None:
        task.go.acquire()
        self._local.task = task
        try:
            self.alive()
            work()
        except Killed:
            pass
        except BaseException as error:  # of a thread that nobody asks how it ended: always a mistake
            if not task.process.dead:
                self.main.error = self.main.error or error
        task.ended = True
        self.tasks.remove(task)
        self._choose().go.release()

    def _choose(self) -> Task:
        self.steps += 1
        if self.steps > MOST_STEPS:
            return self._hang(f"more than {MOST_STEPS} steps")
        able = [task for task in self.tasks if task.process.dead or task.error is not None or task.ready()]
        if not able:
            self.now = max(self.now, min(task.deadline for task in self.tasks))
            able = [task for task in self.tasks if task.deadline <= self.now < inf]
        return self.chance.choice(able) if able else self._hang("nobody can go on")

    def _hang(self, why: str) -> Task:
        waiting = ", ".join(f"{task.process.role} {task.process.name}: {task.name}" for task in self.tasks)
        self.main.error, self.steps = self.main.error or HangError(f"{why}; {waiting}"), 0
        return self.main


@dataclass(eq=False)
class Thread:
    """What is used of a `threading.Thread`."""

    start: Callable[[], Task]


class Monitor:
    """A condition with its lock, which may be taken again by who holds it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._holder: Task | None = None
        self._depth = 0
        self._waiting: list[list[bool]] = []

    def __enter__(self) -> Self:
        task = self._world.current
        if self._holder is not task and not (task and task.process.dead):  # the dead only clear up after themselves
            self._world.maybe_switch()
            if self._holder is not None:
                self._world.wait(lambda: self._holder is None)
        self._holder = task
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._holder = None

    def wait(self, timeout: float | None = None) -> bool:
        """See `threading.Condition`."""
        told, task, depth = [False], self._holder, self._depth
        self._waiting.append(told)
        self._holder, self._depth = None, 0
        try:
            self._world.wait(lambda: told[0] and self._holder is None, inf if timeout is None else timeout)
            if self._holder is not None:
                self._world.wait(lambda: self._holder is None)
        finally:
            self._waiting = [each for each in self._waiting if each is not told]
            self._holder, self._depth = task, depth
        return told[0]

    def wait_for(self, ready: Callable[[], bool], timeout: float | None = None) -> bool:
        """See `threading.Condition`."""
        end = self._world.now + (inf if timeout is None else timeout)
        while not ready() and self._world.now < end:
            self.wait(end - self._world.now)
        return ready()

    def notify_all(self) -> None:
        """See `threading.Condition`."""
        for told in self._waiting:
            told[0] = True


class Mailbox:
    """`queue.Queue` without a bound."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._items: deque[Any] = deque()

    def put(self, item: Any) -> None:
        """See `queue.Queue`."""
        self._items.append(item)

    def get(self, timeout: float = inf) -> Any:
        """See `queue.Queue`."""
        if not self._world.wait(lambda: bool(self._items), timeout):
            raise queue.Empty
        return self._items.popleft()
