"""What is simulated: lists of operations, each with the faults that strike while it is carried out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from cleanroom.contract.model import Role

Kind = Literal[
    "kill",  # all processes of the party, as `kill -9` or a power cut; its node is back after `amount` seconds
    "cut",  # the stream of its next frame breaks, and none can be dialled for `amount` seconds
    "mute",  # nothing gets through that stream any more, and nobody is told, until gRPC notices
    "delay",  # its next frame, and what follows it, takes `amount` seconds longer
    "twice",  # its next frame arrives twice
    "full",  # its disk refuses what is written from here on, `amount` times
    "clock",  # its clock jumps by `amount` seconds
]
What = Literal["match", "resume", "wait"]

HARMLESS: Final[frozenset[Kind]] = frozenset({"kill", "cut", "mute", "delay"})  # no run may be lost by these
MOST_EVENTS: Final = 400  # of a party in a run without faults: frames sent and taken, files written
_ROLES: Final[tuple[Role, ...]] = ("advertiser", "retailer")
_AMOUNTS: Final[dict[Kind, Sequence[float]]] = {
    "kill": (0, 1, 8), "cut": (0, 0.5, 5, 15), "mute": (0,), "delay": (0.5, 5, 12), "twice": (0,), "full": (1, 3, 40),
    "clock": (-400_000_000, -7200, -200, 200, 900, 7200, 400_000_000)}


@dataclass(frozen=True)
class Fault:
    """Strikes `role` at its `at`-th event since the operation began: before a write, or a frame that goes or comes."""

    kind: Kind
    role: Role
    at: int
    amount: float = 0


@dataclass(frozen=True)
class Operation:
    """A command of a party's person, or `wait` a while; `beside`: the next one begins without waiting for its end."""

    what: What
    role: Role = "advertiser"
    faults: tuple[Fault, ...] = ()
    beside: bool = False


@dataclass(frozen=True)
class Play:
    """One list. `seed`: of who goes on when several can, of delays and of randomness."""

    seed: int
    operations: tuple[Operation, ...]

    @property
    def harmless(self) -> bool:
        """Whether every run must end with both signatures."""
        return all(fault.kind in HARMLESS for operation in self.operations for fault in operation.faults)


QUIET: Final = Play(0, (Operation("match"),))


def random_play(seed: int) -> Play:
    """One to three operations with some faults."""
    chance = random.Random(seed)
    kinds: list[Kind] = sorted(HARMLESS) if chance.random() < 0.6 else sorted(_AMOUNTS)
    count = chance.choice((1, 1, 2, 3))
    return Play(seed, tuple(_operation(chance, kinds, first=number == 0) for number in range(count)))


def _operation(chance: random.Random, kinds: Sequence[Kind], *, first: bool) -> Operation:
    what: What = "match" if first else chance.choice(("match", "resume", "resume", "wait"))
    faults = tuple(_fault(chance, kinds) for _ in range(chance.choice((0, 1, 1, 2, 3))))
    return Operation(what, chance.choice(_ROLES), faults, beside=chance.random() < 0.15)


def _fault(chance: random.Random, kinds: Sequence[Kind]) -> Fault:
    kind = chance.choice(kinds)
    return Fault(kind, chance.choice(_ROLES), chance.randrange(MOST_EVENTS), chance.choice(_AMOUNTS[kind]))


def smaller(play: Play) -> list[Play]:
    """The same list with one operation or one fault less, or simpler."""
    found = [replace(play, operations=play.operations[:n] + play.operations[n + 1:])
             for n in range(len(play.operations)) if len(play.operations) > 1]
    for number, operation in enumerate(play.operations):
        changes = [replace(operation, faults=operation.faults[:n] + operation.faults[n + 1:])
                   for n in range(len(operation.faults))]
        changes += [replace(operation, beside=False)] if operation.beside else []
        found += [replace(play, operations=(*play.operations[:number], change, *play.operations[number + 1:]))
                  for change in changes]
    return found
