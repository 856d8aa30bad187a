"""`kill -9` of either node at any step, then a restart: the same run goes on from its journal to both signatures."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import mortal
import pytest
from live import match, serving, until
from test_cuts import CutAt, charges, check_one_whole_run
from test_kill import PARAMETERS, PROCESSES
from tiny import Tiny, edit, result_files, runs

from cleanroom import limits
from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.contract_files import read_contract
from cleanroom.audit.head import HEAD_NAME
from cleanroom.cli.resume import run_resume
from cleanroom.contract.model import Role
from cleanroom.errors import CleanroomError, PeerRefusedError, ResumeError, UsageError
from cleanroom.node import local
from cleanroom.node.client import Dial
from cleanroom.node.local import LocalNode


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REDIAL_FIRST", 0.05)
    monkeypatch.setattr(limits, "REDIAL_MOST", 0.5)


@pytest.fixture
def lasting(tiny: Tiny) -> Tiny:
    """Parties that keep a journal of their runs."""
    for role in ("advertiser", "retailer"):
        tiny.setting(role, "resume_within = 0", "resume_within = 600")
    return tiny


def journals(tiny: Tiny, role: Role) -> list[Path]:
    folder = tiny.party(role) / "state" / "journal"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def check_resumed(tiny: Tiny) -> None:
    check_one_whole_run(tiny)
    until(lambda: journals(tiny, "advertiser") == journals(tiny, "retailer") == [])


@contextmanager
def mortal_party(role: Role, tiny: Tiny, stage: str) -> Iterator[BaseProcess]:
    process = PROCESSES.Process(target=mortal.ROLES[role], args=(tiny.party(role), tiny.contract, stage))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


@pytest.mark.parametrize("stage", PARAMETERS)
def test_an_advertiser_that_was_killed_goes_on(lasting: Tiny, stage: str) -> None:
    with serving(lasting.retailer):
        with mortal_party("advertiser", lasting, stage) as process:
            process.join(30)
            assert process.exitcode == -9
        run_resume(lasting.advertiser, "", lasting.contract)
        check_resumed(lasting)


@pytest.mark.parametrize("stage", PARAMETERS)
def test_a_retailers_node_that_was_killed_goes_on_when_it_is_back(lasting: Tiny, stage: str) -> None:
    done: list[object] = []

    def run() -> None:
        try:
            done.append(match(lasting.advertiser, lasting.contract))
        except CleanroomError as error:
            done.append(error)

    with mortal_party("retailer", lasting, stage) as process:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        process.join(30)
        assert process.exitcode == -9
    with serving(lasting.retailer):
        thread.join(40)
        assert not isinstance(done[0], CleanroomError), done[0]
        check_resumed(lasting)
