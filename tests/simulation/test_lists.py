"""Both nodes in one process, with faults at random: no run is lost, nothing is spent twice, nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from found import FOUND
from lists import MOST_EVENTS, Fault, Kind, Operation, Play, random_play

from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role

FEW, MANY = 40, 10_000
BLOCK = 100
STRIDE = 25  # `make test` tries each so many places of a run
SWEPT: tuple[tuple[Kind, float], ...] = (("kill", 1), ("full", 3), ("cut", 0.5))


@pytest.mark.parametrize("name", FOUND)
def test_a_list_that_once_failed(play: Callable[[Play], None], name: str) -> None:
    play(FOUND[name])


@pytest.mark.parametrize("seed", range(FEW))
def test_random_lists(play: Callable[[Play], None], seed: int) -> None:
    play(random_play(seed))


@pytest.mark.soak
@pytest.mark.parametrize("first", range(0, MANY, BLOCK))
def test_ten_thousand_random_lists(play: Callable[[Play], None], first: int) -> None:
    for seed in range(first, first + BLOCK):
        play(random_play(seed))


def one_fault(kind: Kind, amount: float, role: Role, at: int) -> Play:
    return Play(at, (Operation("match", "advertiser", (Fault(kind, role, at, amount),)),))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("kind", "amount"), SWEPT)
@pytest.mark.parametrize("at", range(0, MOST_EVENTS, 4 * STRIDE))
def test_a_fault_at_some_places_of_a_run(play: Callable[[Play], None], at: int, kind: Kind, amount: float,
                                         role: Role) -> None:
    play(one_fault(kind, amount, role, at))


@pytest.mark.soak
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("kind", "amount"), SWEPT)
@pytest.mark.parametrize("first", range(0, MOST_EVENTS, STRIDE))
def test_a_fault_at_every_place_of_a_run(play: Callable[[Play], None], first: int, kind: Kind, amount: float,
                                         role: Role) -> None:
    for at in range(first, first + STRIDE):
        play(one_fault(kind, amount, role, at))
