"""Two real nodes over a bad network, one killed with `kill -9` at a random moment and started again: the run that was
under way ends with both signatures, is charged once, and nobody waits for ever."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from live import until
from namespaces import BadNetwork, missing
from test_bad_network import COMMAND, apart, node  # noqa: F401  # apart is a fixture
from test_cuts import check_one_whole_run
from tiny import Tiny, runs

from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role

FEW, MANY = 3, 50
LONGEST = 6.0  # seconds from the command to the end of a run without a kill, about; the kill falls into them
PATIENCE = 120  # seconds after which a command hangs
TRIES = 4

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@contextmanager
def command(network: BadNetwork, tiny: Tiny, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of the advertiser."""
    line = (*COMMAND, *words, "--contract", str(tiny.contract))
    with (tiny.advertiser / "command.log").open("ab") as log, subprocess.Popen(
            network.command("advertiser", *line), stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()


def journals(party: Path) -> list[Path]:
    folder = party / "state" / "journal"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def recover(network: BadNetwork, tiny: Tiny) -> None:
    """What a person does: resume the run, or begin one when none had begun."""
    for _ in range(TRIES):
        words = ("runs", "resume") if journals(tiny.advertiser) else ("match",)
        if words == ("match",) and runs(tiny.advertiser):
            return
        with command(network, tiny, *words, str(tiny.advertiser)) as process:
            process.wait(PATIENCE)
    raise AssertionError("the run does not end")


def killed_at_random(network: BadNetwork, tiny: Tiny, seed: int) -> None:
    """One `match`, one kill of either side, and what it takes until the run has ended."""
    chance = random.Random(seed)
    victim: Role = chance.choice(ROLES)
    moment = time.monotonic() + chance.uniform(0, LONGEST)
    with command(network, tiny, "match", str(tiny.advertiser)) as match:
        with node(network, "retailer", tiny.retailer):
            until(lambda: match.poll() is not None or time.monotonic() >= moment)
            if victim == "advertiser":
                match.kill()
                match.wait()
                recover(network, tiny)
        with node(network, "retailer", tiny.retailer):
            match.wait(PATIENCE)
            recover(network, tiny)
            check_one_whole_run(tiny)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=() if seed < FEW else pytest.mark.soak)
                                  for seed in range(MANY)])
def test_a_run_outlives_kill_9_on_a_bad_network(apart: Tiny, seed: int) -> None:  # noqa: F811
    for role in ROLES:
        apart.setting(role, "resume_within = 0", "resume_within = 600")
    with BadNetwork(delay=0.02, loss=0.01, rate=8e6, seed=seed) as network:
        killed_at_random(network, apart, seed)
