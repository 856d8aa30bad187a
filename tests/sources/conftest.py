"""A real PostgreSQL server, and the tiny parties. Skipped, with the reason, where there is no server's program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cleanroom.node  # noqa: F401  # isort: skip  # before gRPC: it reads its settings when it is loaded
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "unit"))
sys.path.insert(0, str(Path(__file__).parent.parent / "protocol"))
sys.path.insert(0, str(Path(__file__).parent.parent / "node"))

from live import OneProcess
from server import Server, program, running
from tiny import Tiny, make_tiny

from cleanroom.adapters import backends


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    """One server for all tests that leave it running."""
    if program("postgres") is None:
        pytest.skip("there is no postgres program: install Debian's package postgresql to run these tests")
    with running() as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The server with an empty database."""
    shared_server.empty()
    return shared_server


@pytest.fixture
def mortal() -> Iterator[Server]:
    """A server that a test may kill."""
    if program("postgres") is None:
        pytest.skip("there is no postgres program: install Debian's package postgresql to run these tests")
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "both")


@pytest.fixture
def tiny(template: Tiny, tmp_path: Path) -> Tiny:
    return template.copy(tmp_path / "both")


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "ProcessExecutor", OneProcess)
