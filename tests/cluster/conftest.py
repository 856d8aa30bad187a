"""One scheduler for all tests here; each test starts its own workers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "node"), str(TESTS / "protocol")]

from machines import Cluster  # noqa: E402
from tiny import Tiny, make_tiny  # noqa: E402

from cleanroom.adapters.backends import choose_arithmetic  # noqa: E402
from cleanroom.primitives.backend import Backend  # noqa: E402


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture
def cluster(scheduler: Cluster) -> Iterator[Cluster]:
    """The scheduler, without workers yet."""
    yield scheduler
    scheduler.stop_workers()


@pytest.fixture
def here() -> Iterator[Backend]:
    """The arithmetic of this machine, on two threads."""
    local = choose_arithmetic(2)
    with local.executor:
        yield local.backend


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return make_tiny(tmp_path / "both")
