"""The two tiny parties of a simulation, and a node's own code on simulated time, network and disk."""

from __future__ import annotations

import functools
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import patch

import tiny
from disk import lock
from network import Network
from tiny import Tiny
from world import World

from cleanroom.adapters import backends, journal, run_files, scratch
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.progress import Silent
from cleanroom.cli import match, resume
from cleanroom.contract.check import ROLES
from cleanroom.node import (
    admission,
    carrier,
    client,
    desk,
    interrupted,
    link,
    live,
    local,
    patience,
    results,
    runner,
    servicer,
)

PEOPLE = {"PEOPLE": 40, "MEMBERS": 40, "COMMON": 34, "PURCHASES": 60}
RESUME_WITHIN = 600


@functools.cache
def epoch() -> datetime:
    """Where simulated time begins: when the first parties are made, which may be long after this file was imported."""
    return datetime.now(UTC).replace(microsecond=0)


def small_parties(folder: Path) -> Tiny:
    """Both parties with a dozen people, a contract for years, and journals."""
    with patch.multiple(tiny, **PEOPLE):
        parties = tiny.make_tiny(folder)
    for role in ROLES:
        parties.setting(role, "resume_within = 0", f"resume_within = {RESUME_WITHIN}")
    begin, end = epoch() - timedelta(days=1), epoch() + timedelta(days=300)
    parties.agree(lambda text: "\n".join(_period(line, begin, end) for line in text.splitlines()).replace(
        'epsilon = "0.5"\ndelta = "0.000001"', 'epsilon = "2"\ndelta = "0.00001"', 1).replace(
        'budget_delta = "0.00002"', 'budget_delta = "0.0001"'))
    return parties


def _period(line: str, begin: datetime, end: datetime) -> str:
    for name, moment in (("not_before", begin), ("not_after", end)):
        if line.startswith(f"{name} ="):
            return f"{name} = {moment.isoformat(timespec='seconds')}"
    return line


def fresh(template: Tiny, folder: Path) -> Tiny:
    """A copy to play with; what never changes is shared."""
    for role in ROLES:
        shutil.copytree(template.party(role), folder / role,
                        ignore=lambda path, _: {"data"} if Path(path).name in ROLES else set())
        (folder / role / "data").symlink_to(template.party(role) / "data")
    shutil.copy(template.contract, folder / template.contract.name)
    return Tiny(folder, template.addresses)


class Clocks:
    """Each party's wall clock, on the world's time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.skew = dict.fromkeys((*ROLES, ""), 0.0)

    def seconds(self) -> float:
        """Since 1970, for the party whose thread asks."""
        task = self._world.current
        return epoch().timestamp() + self._world.now + self.skew[task.process.role if task else ""]

    def now(self) -> datetime:
        """See `ports.Clock`."""
        return datetime.fromtimestamp(self.seconds(), UTC)


class Chance:
    """Randomness and noise from the list's seed. Not secret, and the noise only has the right size."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def bytes(self, size: int, /) -> bytes:
        """See `ports.Entropy`."""
        return self._chance.randbytes(size)

    def laplace(self, scale: float, size: int) -> list[int]:
        """See `ports.Noise`."""
        return [round(self._chance.choice((-1, 1)) * self._chance.expovariate(1 / scale)) for _ in range(size)]

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        """See `ports.Noise`."""
        return [min(high, max(0, high // 2 + noise)) for noise in self.laplace(scale, size)]


@contextmanager
def simulated(world: World, network: Network, clocks: Clocks, seed: int, said: list[str]) -> Iterator[None]:
    """While the context is open, nodes made here live in the world."""
    chance = Chance(seed)
    changes: list[tuple[Any, Mapping[str, Any]]] = [
        (carrier, {"threading": world.threading, "time": world.time}),
        (link, {"time": world.time}),
        (live, {"threading": world.threading, "queue": world.queue}),
        (client, {"threading": world.threading, "time": world.time, "random": world.chance,
                  "socket": SimpleNamespace(create_connection=network.connect)}),
        (client.tls, {"channel": network.channel}),
        (servicer, {"threading": world.threading, "note": _say(said), "complain": _say(said)}),
        (admission, {"time": world.time}),
        (patience, {"time": world.time}),
        (journal, {"threading": world.threading}),
        (scratch, {"threading": world.threading}),
        (run_files, {"fcntl": lock(world)}),
        (interrupted, {"time": SimpleNamespace(time=clocks.seconds)}),
        (desk, {"SystemClock": lambda: clocks}),
        (local, {"SystemEntropy": lambda: chance}),
        (runner, {"OpenDPNoise": lambda: chance}),
        (backends, {"ThreadExecutor": InPlace, "ProcessExecutor": InPlace}),
        (results, {"render_html": _page, "render_compliance": _page}),  # charts take longer than the run
        (match, {"display": Silent, "cancelling": nullcontext}),  # signals come to a process's first thread only
        (resume, {"display": Silent}),
    ]
    with ExitStack() as stack:
        for module, names in changes:
            stack.enter_context(patch.multiple(module, **names))
        yield


class InPlace(SerialExecutor):
    """In place of threads and processes for arithmetic."""

    def __init__(self, workers: int) -> None:
        self.asked = workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""


def _page(*_: object) -> str:
    return "a page"


def _say(said: list[str]) -> Callable[..., None]:
    def say(_event: object, text: str, error: object = "", **_: object) -> None:
        said.append(f"{text} {error}")

    return say
