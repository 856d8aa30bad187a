"""Ports of loopback for tests: below those that the kernel gives to who dials, and others for each process of
pytest-xdist, so that nobody else takes one between its choice and its use, or while its node is down."""

from __future__ import annotations

import itertools
import os
import socket

FIRST, EACH, PROCESSES = 12_000, 2_000, 10
_OWN = FIRST + EACH * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PROCESSES)
_NEXT = itertools.count(os.getpid())  # two runs of pytest hardly begin at the same one


def listens(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) == 0


def free_port() -> int:
    """One that nobody listens on, and that was not given out lately."""
    return next(port for number in _NEXT if not listens(f"127.0.0.1:{(port := _OWN + number % EACH)}"))
