"""The tiny parties: made once, copied for each test. Nodes in this process start no others."""

from __future__ import annotations

from pathlib import Path

import cleanroom.node  # noqa: F401  # isort: skip  # before gRPC: it reads its settings when it is loaded
import pytest
from live import OneProcess
from tiny import Tiny, make_tiny

from cleanroom import limits
from cleanroom.adapters import backends


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "both")


@pytest.fixture
def tiny(template: Tiny, tmp_path: Path) -> Tiny:
    return template.copy(tmp_path / "both")


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "ProcessExecutor", OneProcess)


@pytest.fixture(autouse=True)
def _lively(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals as often as the short silences of these tests need them."""
    monkeypatch.setattr(limits, "HEARTBEAT", 0.2)
