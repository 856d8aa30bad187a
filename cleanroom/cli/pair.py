"""Two parties on this machine: their contract, and one party's node as a process. For the demo and the benchmark."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cleanroom.adapters.card import CARD_NAME
from cleanroom.cli.contract import make_contract, sign_file
from cleanroom.cli.init import create_party
from cleanroom.contract.model import Role
from cleanroom.errors import PeerUnavailableError

COMMAND: Final = (sys.executable, "-m", "cleanroom.cli.main")
START_SECONDS: Final = 60
STOP_SECONDS: Final = 20


def free_addresses() -> tuple[str, str]:
    """Two loopback addresses nobody listens on."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{first.getsockname()[1]}", f"127.0.0.1:{second.getsockname()[1]}"


def agree(parties: Mapping[Role, Path], terms: Path, contract: Path) -> None:
    """Keys for both parties (each has a party.toml), and a contract from `terms` that both sign and install."""
    for folder in parties.values():
        create_party(folder)
    make_contract(contract, terms, {role: folder / CARD_NAME for role, folder in parties.items()})
    for folder in (*parties.values(), parties["advertiser"]):
        sign_file(folder, contract)


@contextmanager
def running_node(folder: Path, language: str = "en") -> Iterator[subprocess.Popen[bytes]]:
    """A party's node as a process of its own, listening; ended with the context. PeerUnavailableError unless it starts.

    What it prints is in `folder`/node.log.
    """
    log = folder / "node.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen([*COMMAND, "node", str(folder), "--lang", language], stdout=output, stderr=output,  # noqa: S603 - ours
                                   env=os.environ)
        try:
            _await(process, log)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=STOP_SECONDS)


def _await(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while "listens on" not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > end:
            raise PeerUnavailableError("the retailer's node did not start", where=str(log), todo="read this log")
        time.sleep(0.1)
