"""The privacy ledger: one SQLite file that remembers, for ever, what each run of each contract has spent.

It holds contract ids, partners' public keys, run ids, parts, amounts and times; nothing about people. Amounts are
integers (millionths of ε, 10^-18 of δ), rounded up, so that sums are exact. Rows are only ever added.

A row is our own charge, or what the partner told at a hello (`disclosure.comparison`), or imported by a person of this
party. Of several rows of one part of one run the largest amounts count, once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Final, Literal

from cleanroom.adapters.database import Database, Schema
from cleanroom.adapters.system import SystemClock
from cleanroom.disclosure.comparison import missing
from cleanroom.errors import BudgetError, MisuseError, PeriodError
from cleanroom.ports import Cap, Clock, Entry

_EPSILON_UNITS: Final = 6
_DELTA_UNITS: Final = 18

_TABLES: Final = """
CREATE TABLE spend (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    run TEXT NOT NULL,
    part TEXT NOT NULL,
    epsilon INTEGER NOT NULL CHECK (epsilon >= 0),
    delta INTEGER NOT NULL CHECK (delta >= 0),
    at TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('own', 'partner', 'import'))
) STRICT;
CREATE UNIQUE INDEX own_charge_is_one ON spend (contract, run, part) WHERE origin = 'own';
CREATE TABLE confirmed (
    contract TEXT NOT NULL,
    run TEXT NOT NULL,
    part TEXT NOT NULL,
    PRIMARY KEY (contract, run, part)
) STRICT;
CREATE VIEW entry AS
    SELECT contract, MAX(partner) AS partner, run, part, MAX(epsilon) AS epsilon, MAX(delta) AS delta, MAX(at) AS at,
           MIN(id) AS id FROM spend GROUP BY contract, run, part;
CREATE TRIGGER spend_is_final BEFORE UPDATE ON spend BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER spend_is_kept BEFORE DELETE ON spend BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER word_is_final BEFORE UPDATE ON confirmed BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER word_is_kept BEFORE DELETE ON confirmed BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
"""

_SCHEMA: Final = Schema("privacy ledger", application=0x434C524D, version=2, tables=_TABLES, damaged=(  # "CLRM"
    "restore it from a backup: no run may start while what was spent is not known"))
_INSERT: Final = """
INSERT INTO spend (contract, partner, run, part, epsilon, delta, at, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_CHARGED: Final = "SELECT 1 FROM spend WHERE contract = ? AND run = ? AND part = ? AND origin = 'own'"
_CONFIRM: Final = "INSERT OR IGNORE INTO confirmed (contract, run, part) VALUES (?, ?, ?)"
Origin = Literal["own", "partner", "import"]


@dataclass(frozen=True, slots=True)
class Spend:
    """One recorded spend. `at` is aware, UTC: of an entry of the partner or an import, when it came here."""

    run: str
    part: str
    epsilon: Decimal
    delta: Decimal
    at: datetime
    origin: str = "own"


class SQLiteLedger:
    """`ports.Ledger` in a file of mode 0600; safe for several processes and threads at once.

    Opens a connection per call. A missing file is created; an empty, damaged, foreign or too widely readable
    one is a SettingsError, never a fresh budget.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._open = Database(path, _SCHEMA).open
        self._clock = clock or SystemClock()

    def spent(self, contract: str) -> tuple[float, float]:
        """Total (ε, δ) ever recorded for all versions of the contract with this id."""
        with self._open() as database:
            epsilon, delta = _total(database, contract)
        return float(_amount(epsilon, _EPSILON_UNITS)), float(_amount(delta, _DELTA_UNITS))

    def knows(self, run: str) -> bool:
        """Whether any part of a run with this id was ever charged, for whichever contract."""
        with self._open() as database:
            return database.execute("SELECT 1 FROM spend WHERE run = ? LIMIT 1", (run,)).fetchone() is not None

    def charged(self, contract: str, run: str, part: str) -> bool:
        """Whether this party itself has charged this part of the run."""
        with self._open() as database:
            return database.execute(_CHARGED, (contract, run, part)).fetchone() is not None

    def charge(self, contract: str, run: str, part: str, epsilon: float, delta: float, budget: tuple[float, float], *,
               partner: str = "", ahead: float = 0.0, caps: Sequence[Cap] = ()) -> None:
        """Record a spend and return only when it is on the disk.

        Check and insert are one transaction. A part of a run is charged once: what it pays for is drawn afresh each
        time, so a second time is a second release and needs a run, and a charge, of its own.

        BudgetError when the sum would exceed `budget` or a cap, MisuseError when the same part of this run was charged
        before or an amount is negative or not finite, SettingsError when the file cannot be used.
        """
        asked = _units(epsilon, _EPSILON_UNITS, ROUND_CEILING), _units(delta, _DELTA_UNITS, ROUND_CEILING)
        limit = _units(budget[0], _EPSILON_UNITS, ROUND_FLOOR), _units(budget[1], _DELTA_UNITS, ROUND_FLOOR)
        now = self._clock.now()
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")  # closing without COMMIT rolls back
            _check_new(database, contract, run, part)
            before = _total(database, contract)
            database.execute(_INSERT, (contract, partner, run, part, *asked, now.isoformat(), "own"))
            _check_budget(before, asked, _total(database, contract), limit)
            for cap in caps:
                _check_cap(database, cap, contract, partner, now, _units(ahead, _EPSILON_UNITS, ROUND_CEILING))
            database.execute("COMMIT")

    def entries(self, contract: str) -> tuple[Entry, ...]:
        """All entries of the contract with this id, in the order of recording."""
        query = "SELECT run, part, epsilon, delta FROM entry WHERE contract = ? ORDER BY id"
        with self._open() as database:
            return tuple(Entry(*row) for row in database.execute(query, (contract,)))

    def confirmed(self, contract: str) -> frozenset[tuple[str, str]]:
        """Run and part of what the partner has shown to hold in its own ledger."""
        with self._open() as database:
            rows = database.execute("SELECT run, part FROM confirmed WHERE contract = ?", (contract,)).fetchall()
        return frozenset((run, part) for run, part in rows)

    def reconcile(self, contract: str, partner: str, theirs: Sequence[Entry], origin: Origin = "partner") -> None:
        """Add what the partner's ledger holds and ours does not; all of it is confirmed. Durable on return."""
        lacking = missing(self.entries(contract), theirs)
        now = self._clock.now().isoformat()
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(_INSERT, [(contract, partner, entry.run, entry.part, entry.epsilon, entry.delta, now,
                                            origin) for entry in lacking])
            database.executemany(_CONFIRM, [(contract, *entry.key) for entry in theirs])
            database.execute("COMMIT")

    def confirm(self, contract: str, run: str, part: str) -> None:
        """The partner has recorded this part of the run. Durable on return."""
        with self._open() as database:
            database.execute(_CONFIRM, (contract, run, part))

    def check_writable(self) -> None:
        """SettingsError unless a charge could be recorded now, as far as that can be known without one."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")  # closing without COMMIT rolls back

    def contracts(self) -> list[str]:
        """Ids of all contracts with an entry."""
        with self._open() as database:
            return [name for (name,) in database.execute("SELECT DISTINCT contract FROM spend ORDER BY contract")]

    def overtaken(self, contract: str, run: str, since: datetime) -> bool:
        """Whether anything of another run was recorded since then."""
        return any(each.run != run and each.at >= since for each in self.history(contract))

    def history(self, contract: str) -> list[Spend]:
        """Every row of the contract with this id, in the order of recording."""
        query = "SELECT run, part, epsilon, delta, at, origin FROM spend WHERE contract = ? ORDER BY id"
        with self._open() as database:
            rows = database.execute(query, (contract,)).fetchall()
        return [Spend(run, part, _amount(epsilon, _EPSILON_UNITS), _amount(delta, _DELTA_UNITS),
                      datetime.fromisoformat(at), origin) for run, part, epsilon, delta, at, origin in rows]


def _check_new(database: sqlite3.Connection, contract: str, run: str, part: str) -> None:
    if database.execute(_CHARGED, (contract, run, part)).fetchone() is not None:
        raise MisuseError(f"part {part!r} of this run was charged before: a run id serves one run")


def _check_budget(spent: tuple[int, int], asked: tuple[int, int], after: tuple[int, int],
                  limit: tuple[int, int]) -> None:
    if all(total <= most for total, most in zip(after, limit, strict=True)):
        return
    had, wants, most = (f"ε {_text(epsilon, _EPSILON_UNITS)}, δ {_text(delta, _DELTA_UNITS)}"
                        for epsilon, delta in (spent, asked, limit))
    raise BudgetError(f"the contract has spent {had}; this run asks for {wants}; the budget is {most}",
                      where="privacy budget", todo="this run is not possible; agree on a new contract")


def _check_cap(database: sqlite3.Connection, cap: Cap, contract: str, partner: str, now: datetime, ahead: int) -> None:
    since = (now - timedelta(days=cap.days)).isoformat()
    if cap.runs is not None:
        query = "SELECT COUNT(DISTINCT run) FROM entry WHERE contract = ? AND at > ?"
        (runs,) = database.execute(query, (contract, since)).fetchone()
        if runs > cap.runs:
            raise PeriodError(f"this would be run {runs} of the last {cap.days} days, {cap.runs} are allowed",
                              where=cap.setting, todo="wait until the period has passed")
    if cap.epsilon is not None:
        query = "SELECT COALESCE(SUM(epsilon), 0) FROM entry WHERE partner = ? AND at > ?"
        (spent,) = database.execute(query, (partner, since)).fetchone()
        if spent + ahead > _units(cap.epsilon, _EPSILON_UNITS, ROUND_FLOOR):
            raise BudgetError(f"with this run all contracts with this partner would have spent ε "
                              f"{_text(spent + ahead, _EPSILON_UNITS)} in {cap.days} days, {cap.epsilon:g} is allowed",
                              where=cap.setting, todo="wait until the period has passed")


def _total(database: sqlite3.Connection, contract: str) -> tuple[int, int]:
    query = "SELECT COALESCE(SUM(epsilon), 0), COALESCE(SUM(delta), 0) FROM entry WHERE contract = ?"
    epsilon, delta = database.execute(query, (contract,)).fetchone()
    return int(epsilon), int(delta)


def _units(value: float, places: int, rounding: str) -> int:
    amount = Decimal(repr(value))  # the shortest decimal of a double: 0.1 stays 0.1
    if not amount.is_finite() or amount < 0:
        raise MisuseError("a privacy amount must be finite and not negative")
    return int(amount.scaleb(places).to_integral_value(rounding=rounding))


def _amount(units: int, places: int) -> Decimal:
    return Decimal(units).scaleb(-places)


def _text(units: int, places: int) -> str:
    return format(_amount(units, places).normalize(), "f")
