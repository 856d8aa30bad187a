"""A party in a process of its own that kills itself, as `kill -9` does, when a run reaches a stage."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from live import OneProcess, until
from loopback import listens
from tiny import Tiny

from cleanroom import limits
from cleanroom.adapters import backends
from cleanroom.adapters.contract_files import read_contract
from cleanroom.contract.model import Role
from cleanroom.node import server, servicer
from cleanroom.node.client import Dial
from cleanroom.node.local import LocalNode

PATIENCE = 60  # seconds after which a party hangs
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["cleanroom.node.server", "cleanroom.cli.match"])


class Killer:
    """Progress that ends the process once the first message of a stage was made or has come."""

    def __init__(self, stage: str) -> None:
        self._fatal, self._stage = stage, ""

    def stage(self, name: str, total: int) -> None:
        self._stage = name

    def advance(self, amount: int) -> None:
        if self._stage == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def peer(self, state: str) -> None:
        """What the other side does is of no interest here."""

    def done(self) -> None:
        """Never reached."""


def run_advertiser(folder: Path, contract: Path, stage: str) -> None:
    backends.ProcessExecutor, limits.HEARTBEAT = OneProcess, 0.2
    with LocalNode(folder) as node:
        agreed = read_contract(contract)
        with Dial(node, agreed) as dial:
            dial.reach()
            node.execute(agreed, node.new_run(), Killer(stage), dial.link, initiator=True)


def serve_retailer(folder: Path, contract: Path, stage: str) -> None:
    backends.ProcessExecutor, limits.HEARTBEAT = OneProcess, 0.2
    servicer.Silent = lambda: Killer(stage)
    with LocalNode(folder) as node:
        listening = server.NodeServer(node)
        listening.start()
        listening.wait()


ROLES: dict[str, Callable[[Path, Path, str], None]] = {"advertiser": run_advertiser, "retailer": serve_retailer}


@contextmanager
def mortal_party(role: Role, tiny: Tiny, stage: str) -> Iterator[BaseProcess]:
    """A party that dies at a stage; a retailer's node listens when the context opens."""
    process = PROCESSES.Process(target=ROLES[role], args=(tiny.party(role), tiny.contract, stage))
    process.start()
    try:
        if role == "retailer":
            until(lambda: listens(tiny.addresses[role]))
        yield process
    finally:
        process.kill()
        process.join()
