"""The register of runs: one run of a contract at a time, a fair queue, several processes, sudden death, damage."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cleanroom import limits
from cleanroom.adapters.run_register import REGISTER_NAME, RunRegister
from cleanroom.adapters.run_states import LIVE, Run
from cleanroom.adapters.system import SystemClock
from cleanroom.errors import (
    AttemptsError,
    BudgetError,
    BusyError,
    MisuseError,
    ResumeError,
    RunCancelledError,
    SettingsError,
    UsageError,
)

ONE, TWO, THREE = (f"{number:032x}" for number in (1, 2, 3))

# Registers a run, brings it to a state and waits to be killed.
HOLDER = """
import sys
from pathlib import Path
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.system import SystemClock
register = RunRegister(Path(sys.argv[1]), SystemClock())
register.ask(sys.argv[2], "c", 1, "00" * 32, "peer", attempts=9, queue=9)
register.move(sys.argv[2], "queued")
if sys.argv[3] == "running":
    register.take_turn(sys.argv[2], 9)
    register.enter(sys.argv[2], "columns")
print("ready", flush=True)
sys.stdin.readline()
"""

# Takes its turn for each of its runs in the way a node does; tells each beginning and end.
RUNNER = """
import sys, time
from pathlib import Path
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.system import SystemClock
register = RunRegister(Path(sys.argv[1]), SystemClock())
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    run = f"{sys.argv[2]}{number:031x}"
    register.ask(run, "c", 1, "00" * 32, "peer", attempts=999, queue=9)
    register.move(run, "queued")
    while not register.take_turn(run, 9):
        time.sleep(0.001)
    others = [each for each in register.runs() if each.state == "running" and each.run != run]
    register.end(run, "finished")
    print(len(others), flush=True)
"""


class SetClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def register(tmp_path: Path, clock: SetClock) -> Iterator[RunRegister]:
    made = RunRegister(tmp_path, clock)
    yield made
    made.close()


def process(script: str, *arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], env=environment, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def ask(register: RunRegister, run: str, contract: str = "c", dialled: str = "peer", attempts: int = 9,
        queue: int = 9) -> None:
    register.ask(run, contract, 1, "ab" * 32, dialled, attempts=attempts, queue=queue)


def queued(register: RunRegister, run: str, contract: str = "c", dialled: str = "peer") -> None:
    ask(register, run, contract, dialled)
    register.move(run, "queued")


def running(register: RunRegister, run: str, contract: str = "c", dialled: str = "peer") -> None:
    queued(register, run, contract, dialled)
    assert register.take_turn(run, 9)


def test_a_run_is_shown_with_everything_that_is_known_of_it(register: RunRegister, clock: SetClock) -> None:
    asked = clock.time
    ask(register, ONE)
    register.move(ONE, "awaiting_approval")
    clock.time += timedelta(minutes=5)
    register.approve(ONE, 1000)
    register.move(ONE, "queued")
    clock.time += timedelta(minutes=5)
    assert register.take_turn(ONE, 1)
    register.enter(ONE, "sizes")
    clock.time += timedelta(minutes=5)
    register.end(ONE, "failed", BudgetError("ε of somebody"))
    assert register.runs() == [Run(
        ONE, "c", 1, "ab" * 32, "peer", "failed", "sizes", asked, clock.time, asked + timedelta(minutes=10), clock.time,
        "BudgetError", BudgetError.public, 1000, asked + timedelta(minutes=5), "")]


def test_an_error_of_our_own_code_leaves_its_class_only(register: RunRegister) -> None:
    running(register, ONE)
    register.end(ONE, "failed", KeyError("person@example.org"))
    assert (register.get(ONE).error, register.get(ONE).reason) == ("KeyError", "internal error")


def test_the_newest_run_comes_first(register: RunRegister) -> None:
    ask(register, TWO)
    ask(register, ONE)
    assert [each.run for each in register.runs()] == [ONE, TWO]
    assert [each.run for each in register.runs(1)] == [ONE]


def test_the_file_is_the_owners_alone(register: RunRegister, tmp_path: Path) -> None:
    ask(register, ONE)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_one_run_of_a_contract_at_a_time_the_oldest_first(register: RunRegister) -> None:
    for run in (THREE, ONE, TWO):
        queued(register, run)
    for run in (THREE, ONE, TWO):
        others = {ONE, TWO, THREE} - {run}
        assert not any(register.take_turn(each, 9) for each in others)
        assert register.take_turn(run, 9)
        assert not any(register.take_turn(each, 9) for each in (run, *others))
        register.end(run, "finished")


def test_a_run_that_waits_for_a_person_lets_others_pass(register: RunRegister) -> None:
    ask(register, ONE)
    register.move(ONE, "awaiting_approval")
    queued(register, TWO)
    assert not register.take_turn(ONE, 9)
    assert register.take_turn(TWO, 9)


def test_the_bound_of_runs_at_once_counts_those_of_peers(register: RunRegister) -> None:
    running(register, ONE, "a", "us")
    queued(register, TWO, "b")
    queued(register, THREE, "c")
    assert not register.take_turn(THREE, 1)
    assert register.take_turn(TWO, 1)
    assert not register.take_turn(THREE, 1)
    queued(register, "f" * 32, "d", "us")
    assert register.take_turn("f" * 32, 1)
    register.end(TWO, "finished")
    assert register.take_turn(THREE, 1)


def test_attempts_are_counted_by_contract_and_hour(register: RunRegister, clock: SetClock) -> None:
    for run in (ONE, TWO):
        ask(register, run, attempts=2)
        register.end(run, "failed", BusyError("x"))
    with pytest.raises(AttemptsError, match="begun 2 runs of contract c"):
        ask(register, THREE, attempts=2)
    assert not register.knows(THREE)
    ask(register, "e" * 32, "other", attempts=2)
    ask(register, "f" * 32, dialled="us", attempts=2)
    clock.time += timedelta(hours=1)
    ask(register, THREE, attempts=2)


def test_the_queue_is_bounded(register: RunRegister) -> None:
    running(register, ONE)
    queued(register, TWO)
    ask(register, THREE, "other", queue=2)
    with pytest.raises(BusyError, match="2 runs wait already"):
        ask(register, "f" * 32, "another", queue=2)
    ask(register, "e" * 32, dialled="us", queue=2)


def test_an_id_serves_one_run(register: RunRegister) -> None:
    ask(register, ONE)
    register.end(ONE, "refused", BusyError("x"))
    with pytest.raises(MisuseError, match="id of an earlier one"):
        ask(register, ONE)


def test_of_two_nodes_that_dial_each_other_the_lower_id_goes_first(register: RunRegister) -> None:
    running(register, TWO, dialled="us")
    queued(register, ONE)
    queued(register, THREE)
    assert (register.crossed(ONE), register.crossed(THREE)) == (False, True)
    register.enter(TWO, "hello")
    assert register.crossed(THREE)
    register.enter(TWO, "account")  # the peer has answered: it is in this run
    assert not register.crossed(THREE)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_runs_of_a_killed_process_are_interrupted(register: RunRegister, tmp_path: Path, state: str) -> None:
    with process(HOLDER, tmp_path, ONE, state) as holder:
        queued(register, TWO)
        assert register.get(ONE).state == state
        assert not register.take_turn(TWO, 9)
        holder.kill()
        holder.wait()
    assert register.take_turn(TWO, 9)
    found = register.get(ONE)
    assert (found.state, found.step) == ("interrupted", "columns" if state == "running" else "")
    assert len([*tmp_path.glob("alive-*")]) == 1  # ours


def test_an_interrupted_run_may_go_on_in_another_process(register: RunRegister, tmp_path: Path) -> None:
    with process(HOLDER, tmp_path, ONE, "running") as holder:
        with pytest.raises(ResumeError, match="under way in another process"):
            register.reopen(ONE)
        holder.kill()
        holder.wait()
    register.reopen(ONE)
    register.move(ONE, "queued")
    assert register.take_turn(ONE, 9)
    assert register.get(ONE).step == "columns"


def test_what_a_process_leaves_unfinished_is_interrupted(register: RunRegister, tmp_path: Path) -> None:
    running(register, ONE)
    register.close()
    other = RunRegister(tmp_path, SystemClock())
    assert other.runs()[0].state == "interrupted"
    assert [path.name for path in tmp_path.glob("*alive*")] == []


def test_two_processes_never_run_one_contract_at_once(tmp_path: Path) -> None:
    with process(RUNNER, tmp_path, "a") as first, process(RUNNER, tmp_path, "b") as second:
        for each in (first, second):
            each.stdin.write("\n")
            each.stdin.flush()
        counts = [line for each in (first, second) for line in each.stdout]
    assert counts == ["0\n"] * 40


def test_a_person_ends_what_has_not_ended(register: RunRegister) -> None:
    ask(register, ONE)
    with pytest.raises(UsageError, match="not waiting for approval"):
        register.approve(ONE, 0)
    register.refuse(ONE)
    assert register.get(ONE).word == "refused"
    register.end(ONE, "refused", BusyError("x"))
    with pytest.raises(UsageError, match="not in progress"):
        register.cancel(ONE)
    running(register, TWO)
    with pytest.raises(UsageError, match="not waiting"):
        register.refuse(TWO)
    register.cancel(TWO)
    assert (register.get(TWO).word, register.get(TWO).state) == ("cancelled", "running")


def test_an_interrupted_run_is_ended_by_who_holds_its_journal_alone(register: RunRegister) -> None:
    running(register, ONE)
    register.close()
    with pytest.raises(UsageError, match="not in progress"):
        register.cancel(ONE)
    assert register.get(ONE).state == "interrupted"
    register.give_up(ONE, "cancelled", RunCancelledError("x"))
    assert (register.get(ONE).state, register.get(ONE).error) == ("cancelled", "RunCancelledError")


def test_only_an_interrupted_run_may_begin_anew(register: RunRegister) -> None:
    running(register, ONE)
    register.forget(ONE)
    assert register.knows(ONE)
    register.close()
    register.forget(ONE)
    assert not register.knows(ONE)
    ask(register, ONE)


@pytest.mark.parametrize("text", ["", "000", "ff", "0" * 31])
def test_a_run_is_found_by_the_start_of_its_id(register: RunRegister, text: str) -> None:
    ask(register, ONE)
    ask(register, TWO)
    assert register.find(ONE).run == ONE
    with pytest.raises(UsageError, match="runs have an id"):
        register.find(text)


def test_only_the_newest_runs_that_are_over_are_kept(register: RunRegister, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_REGISTERED", 2)
    running(register, ONE)
    for run in (TWO, THREE, "e" * 32, "f" * 32):
        ask(register, run)
        register.end(run, "failed", BusyError("x"))
    assert [each.run for each in register.runs(9)] == ["f" * 32, "e" * 32, ONE]


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to look like one" * 40])
def test_a_damaged_register_is_never_taken_for_a_new_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / REGISTER_NAME).write_bytes(content)
    (tmp_path / REGISTER_NAME).chmod(0o600)
    with pytest.raises(SettingsError, match="damaged"):
        RunRegister(tmp_path, SystemClock())


def test_live_states_are_those_before_an_end() -> None:
    assert set(LIVE) == {"asked", "awaiting_approval", "outside_hours", "queued", "running"}


def test_an_end_that_the_disk_refuses_does_not_keep_the_turn(register: RunRegister, tmp_path: Path) -> None:
    running(register, ONE)
    path = tmp_path / REGISTER_NAME
    away = path.rename(tmp_path / "away")
    with pytest.raises(SettingsError):
        register.end(ONE, "finished")
    away.rename(path)
    running(register, TWO)
    assert {each.run: each.state for each in register.runs()} == {ONE: "finished", TWO: "running"}
