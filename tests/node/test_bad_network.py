"""Two real nodes with a bad network between them: delay, lost packets, little bandwidth."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from live import until
from namespaces import ADDRESSES, BadNetwork, missing
from tiny import Tiny, edit, runs

from cleanroom.audit.verify import compare_runs
from cleanroom.cli.evidence import check_run_folder, read_anchors
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role, other

COMMAND = (sys.executable, "-m", "cleanroom.cli.main")
PORT = 7443

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture
def apart(tiny: Tiny) -> Tiny:
    """The tiny parties, each with the address of its namespace."""
    for role in ROLES:
        for which in ROLES:
            edit(tiny.party(role) / "party.toml", tiny.addresses[which], f"{ADDRESSES[which]}:{PORT}")
    return tiny


@contextmanager
def node(network: BadNetwork, role: Role, party: Path) -> Iterator[None]:
    log = party / "node.log"
    with log.open("wb") as output:
        process = subprocess.Popen(network.command(role, *COMMAND, "node", str(party)), stdout=output, stderr=output)
        try:
            until(lambda: process.poll() is not None or b"listens on" in log.read_bytes())
            yield
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("initiator", ROLES)
def test_a_run_over_a_slow_network_that_loses_packets(apart: Tiny, initiator: Role) -> None:
    answerer = other(initiator)
    with (BadNetwork(delay=0.03, loss=0.02, rate=8e6, seed=1) as network,
          node(network, answerer, apart.party(answerer))):
        done = subprocess.run(network.command(initiator, *COMMAND, "match", str(apart.party(initiator)), "--contract",
                                              str(apart.contract)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        until((runs(apart.party(answerer))[0] / "results.csv").exists)
    assert all(line.lost for line in network.lines.values())
    anchors = read_anchors([apart.contract])
    compare_runs(*(check_run_folder(runs(apart.party(role))[0], anchors).verified for role in ROLES))
