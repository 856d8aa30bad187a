"""The privacy ledger: exact budgets, several processes, sudden death, damage."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cleanroom.adapters.ledger import Spend, SQLiteLedger
from cleanroom.adapters.system import SystemClock, SystemEntropy
from cleanroom.errors import BudgetError, MisuseError, SettingsError

BUDGET = (1.0, 1e-5)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Charges ε 0.01 per run until refused; tells the parent each run whose charge has returned.
CHARGER = """
import sys
from pathlib import Path
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.errors import BudgetError
path, name, budget = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
ledger = SQLiteLedger(path)
print("ready", flush=True)
sys.stdin.readline()
for number in range(100_000):
    try:
        ledger.charge("c", f"{name}{number}", "release", 0.01, 1e-9, (budget, 1.0))
    except BudgetError:
        break
    print(f"{name}{number}", flush=True)
"""


class FixedClock:
    def now(self) -> datetime:
        return NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def charger(path: Path, name: str, budget: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHARGER, str(path), name, str(budget)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, env=environment, text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_new_ledger_is_empty_and_private(path: Path) -> None:
    ledger = SQLiteLedger(path)
    assert ledger.spent("c") == (0.0, 0.0)
    assert ledger.history("c") == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_charges_add_up_per_contract_and_survive_reopening(path: Path) -> None:
    ledger = SQLiteLedger(path, FixedClock())
    ledger.charge("c", "r1", "transcript", 0.1, 2e-6, BUDGET)
    ledger.charge("c", "r1", "release", 0.2, 0.0, BUDGET)
    ledger.charge("other", "r1", "release", 0.9, 0.0, BUDGET)
    assert SQLiteLedger(path).spent("c") == (0.3, 2e-6)
    assert SQLiteLedger(path).history("c") == [
        Spend("r1", "transcript", Decimal("0.1"), Decimal("0.000002"), NOON),
        Spend("r1", "release", Decimal("0.2"), Decimal(0), NOON)]


def test_ten_tenths_are_exactly_one(path: Path) -> None:
    ledger = SQLiteLedger(path)
    for run in range(10):
        ledger.charge("c", f"r{run}", "release", 0.1, 1e-6, BUDGET)
    assert ledger.spent("c") == BUDGET
    with pytest.raises(BudgetError):
        ledger.charge("c", "r10", "release", 0.000001, 0.0, BUDGET)


@pytest.mark.parametrize(("epsilon", "delta"), [(0.500001, 0.0), (0.0, 1e-5)])
def test_a_refused_charge_states_the_numbers_and_adds_none(path: Path, epsilon: float, delta: float) -> None:
    ledger = SQLiteLedger(path)
    ledger.charge("c", "r1", "release", 0.5, 1e-6, BUDGET)
    numbers = r"spent ε 0\.5, δ 0\.000001; this run asks for ε .*; the budget is ε 1, δ 0\.00001"
    with pytest.raises(BudgetError, match=numbers):
        ledger.charge("c", "r2", "release", epsilon, delta, BUDGET)
    assert [spend.run for spend in ledger.history("c")] == ["r1"]


def test_amounts_below_a_unit_are_rounded_up(path: Path) -> None:
    ledger = SQLiteLedger(path)
    ledger.charge("c", "r1", "release", 1e-9, 1e-21, BUDGET)
    assert ledger.spent("c") == (1e-6, 1e-18)


@pytest.mark.parametrize("epsilon", [0.5, 0.4, 0.0])
def test_a_part_of_a_run_is_charged_once(path: Path, epsilon: float) -> None:
    """Also with the same amount: what it pays for would be drawn afresh, a second release for the price of one."""
    ledger = SQLiteLedger(path)
    ledger.charge("c", "r1", "release", 0.5, 0.0, BUDGET)
    with pytest.raises(MisuseError, match="was charged before"):
        ledger.charge("c", "r1", "release", epsilon, 0.0, BUDGET)
    assert ledger.spent("c") == (0.5, 0.0)


def test_runs_are_known_whatever_part_and_contract_they_paid_for(path: Path) -> None:
    ledger = SQLiteLedger(path)
    ledger.charge("c", "r1", "transcript", 0.5, 0.0, BUDGET)
    ledger.charge("other", "r2", "release", 0.5, 0.0, BUDGET)
    assert [ledger.knows(run) for run in ("r1", "r2", "r3", "r")] == [True, True, False, False]


@pytest.mark.parametrize("amount", [-0.1, float("nan"), float("inf")])
def test_an_amount_must_be_a_finite_number_above_zero(path: Path, amount: float) -> None:
    with pytest.raises(MisuseError):
        SQLiteLedger(path).charge("c", "r1", "release", amount, 0.0, BUDGET)
    with pytest.raises(MisuseError):
        SQLiteLedger(path).charge("c", "r1", "release", 0.1, amount, BUDGET)


@pytest.mark.parametrize("statement", ["DELETE FROM spend", "UPDATE spend SET epsilon = 0"])
def test_rows_cannot_be_taken_back(path: Path, statement: str) -> None:
    SQLiteLedger(path).charge("c", "r1", "release", 0.5, 0.0, BUDGET)
    refusal = pytest.raises(sqlite3.IntegrityError, match="only grows")
    with closing(sqlite3.connect(path)) as database, refusal:
        database.execute(statement)


def test_two_processes_at_once_do_not_overspend(path: Path) -> None:
    processes = [charger(path, name, 0.4) for name in ("a", "b")]
    assert [line(process) for process in processes] == ["ready", "ready"]
    for process in processes:
        go(process)
    told = [run for process in processes for run in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(told) == sorted(spend.run for spend in SQLiteLedger(path).history("c"))
    assert SQLiteLedger(path).spent("c")[0] == 0.4


@pytest.mark.parametrize("after", [1, 2, 7, 20])
def test_charges_that_returned_survive_a_kill(path: Path, after: int) -> None:
    process = charger(path, "a", 1e6)
    assert line(process) == "ready"
    go(process)
    told = [line(process) for _ in range(after)]
    process.send_signal(signal.SIGKILL)  # at any point of one of the next charges
    told += process.communicate(timeout=60)[0].split()
    ledger = SQLiteLedger(path)
    recorded = [spend.run for spend in ledger.history("c")]
    assert recorded[:len(told)] == told
    assert len(recorded) <= len(told) + 1  # at most one was recorded without being told
    ledger.charge("c", "next", "release", 0.01, 0.0, (1e6, 1.0))
    assert ledger.spent("c")[0] == pytest.approx(0.01 * (len(recorded) + 1))


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + bytes(4080)])
def test_a_file_that_is_no_ledger_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="damaged or not a ledger"):
        SQLiteLedger(path)


def test_a_damaged_ledger_is_refused(path: Path) -> None:
    ledger = SQLiteLedger(path)
    for run in range(200):
        ledger.charge("c", f"r{run}", "release", 0.001, 0.0, BUDGET)
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        SQLiteLedger(path)


def test_a_foreign_database_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE spend (epsilon)")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="not a ledger"):
        SQLiteLedger(path)


def test_a_later_schema_is_refused(path: Path) -> None:
    SQLiteLedger(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 3")
    with pytest.raises(SettingsError, match="schema version 3"):
        SQLiteLedger(path)


def test_a_ledger_that_others_may_read_is_refused(path: Path) -> None:
    SQLiteLedger(path)
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="0600"):
        SQLiteLedger(path)


def test_a_ledger_that_vanishes_is_not_a_fresh_budget(path: Path) -> None:
    ledger = SQLiteLedger(path)
    path.unlink()
    with pytest.raises(SettingsError, match="cannot be used"):
        ledger.charge("c", "r1", "release", 0.5, 0.0, BUDGET)
    assert not path.exists()


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be created"):
        SQLiteLedger(tmp_path / "none" / "ledger.sqlite")


def test_the_system_clock_is_in_utc_and_entropy_has_the_asked_size() -> None:
    assert SystemClock().now().tzinfo is UTC
    assert [len(SystemEntropy().bytes(size)) for size in (0, 1, 32)] == [0, 1, 32]
    assert SystemEntropy().bytes(32) != SystemEntropy().bytes(32)
