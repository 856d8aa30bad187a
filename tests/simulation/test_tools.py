"""The simulation notices what it is for: each invariant fails when it is broken, and lists are what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from lists import QUIET, Fault, Operation, Play, random_play
from player import Player
from shrink import shortest
from tiny import Tiny
from world import HangError, Process, World

from cleanroom.adapters import recorded
from cleanroom.adapters.journal import Journal
from cleanroom.node import interrupted
from cleanroom.node.servicer import Servicer

KILLED = Play(3, (Operation("match", faults=(Fault("kill", "retailer", 300, 1),)),))


def test_a_list_is_the_same_each_time(template: Tiny, room: Path) -> None:
    played = []
    for name in ("one", "two"):
        folder = room / name
        folder.mkdir()
        player = Player(random_play(5), template, folder)
        player.run()
        played.append((player.watch.sent, player.world.now))
    assert played[0] == played[1]
    assert played[0][0]


def test_threads_that_wait_for_each_other_are_a_hang() -> None:
    with World(0) as world:
        world.start(Process("advertiser", "node"), lambda: world.wait(bool), "stuck")
        with pytest.raises(HangError, match="nobody can go on"):
            world.wait(bool)


def test_randomness_that_is_drawn_anew_is_noticed(play: Callable[[Play], None]) -> None:
    with (patch.object(recorded._Entropy, "bytes", lambda self, size: self._inner.bytes(size)),
          pytest.raises(AssertionError)):
        play(KILLED)


def test_a_charge_that_is_not_made_is_noticed(play: Callable[[Play], None]) -> None:
    with (patch.object(recorded._Ledger, "charge", lambda *_, **__: None),
          pytest.raises(AssertionError, match="before its charge was recorded")):
        play(QUIET)


def test_a_journal_that_stays_is_noticed(play: Callable[[Play], None]) -> None:
    with (patch.object(Journal, "remove", Journal.close), patch.object(interrupted, "remove", lambda _: None),
          pytest.raises(AssertionError)):
        play(QUIET)


def test_a_lost_run_is_noticed(play: Callable[[Play], None]) -> None:
    with patch.object(Servicer, "_interrupted", lambda *_: None), pytest.raises(AssertionError, match="lost"):
        play(KILLED)


def test_the_shortest_list_is_found() -> None:
    long = Play(1, (Operation("match", faults=(Fault("kill", "retailer", 1), Fault("cut", "retailer", 2))),
                    Operation("resume", beside=True)))
    assert shortest(long, lambda less: any(fault.kind == "cut" for each in less.operations for fault in each.faults)) \
        == Play(1, (Operation("match", faults=(Fault("cut", "retailer", 2),)),))
