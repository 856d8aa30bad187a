"""The command in this process, and the tiny parties of tests/node."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "node"))

from command_kit import Result, Run
from live import OneProcess, match, serving, until
from tiny import Tiny, make_tiny, runs

import cleanroom.cli.main as command
from cleanroom.adapters import backends


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["cleanroom", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command.main()
        captured = capsys.readouterr()
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "both")


@pytest.fixture(scope="session")
def finished(template: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The parties after one run. Tests read it, and change copies only."""
    done = template.copy(tmp_path_factory.mktemp("finished") / "both")
    with serving(done.retailer):
        match(done.advertiser, done.contract)
        until((runs(done.retailer)[0] / "results.csv").exists)
    return done


@pytest.fixture
def tiny(template: Tiny, tmp_path: Path) -> Tiny:
    return template.copy(tmp_path / "both")


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "ProcessExecutor", OneProcess)
