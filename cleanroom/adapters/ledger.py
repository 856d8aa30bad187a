"""The privacy ledger: one SQLite file that remembers, for ever, what each run of each contract has spent.

It holds contract hashes, run ids, parts, amounts and times; nothing about people. Amounts are integers
(millionths of ε, 10^-18 of δ), rounded up, so that sums are exact. Rows are only ever added.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Final

from cleanroom.adapters.system import SystemClock
from cleanroom.errors import BudgetError, MisuseError, SettingsError
from cleanroom.ports import Clock

SCHEMA_VERSION: Final = 1
_APPLICATION_ID: Final = 0x434C524D  # "CLRM": tells our ledger from any other SQLite file
_BUSY_SECONDS: Final = 30.0  # how long another process may hold the lock; a charge takes milliseconds
_EPSILON_UNITS: Final = 6
_DELTA_UNITS: Final = 18

_SCHEMA: Final = f"""
BEGIN;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE spend (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contract TEXT NOT NULL,
    run TEXT NOT NULL,
    part TEXT NOT NULL,
    epsilon INTEGER NOT NULL CHECK (epsilon >= 0),
    delta INTEGER NOT NULL CHECK (delta >= 0),
    at TEXT NOT NULL,
    UNIQUE (contract, run, part)
) STRICT;
CREATE TRIGGER spend_is_final BEFORE UPDATE ON spend BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER spend_is_kept BEFORE DELETE ON spend BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
COMMIT;
"""

_INSERT: Final = "INSERT INTO spend (contract, run, part, epsilon, delta, at) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Spend:
    """One recorded spend. `at` is aware, UTC."""

    run: str
    part: str
    epsilon: Decimal
    delta: Decimal
    at: datetime


class SQLiteLedger:
    """`ports.Ledger` in a file of mode 0600; safe for several processes and threads at once.

    Opens a connection per call. A missing file is created; an empty, damaged, foreign or too widely readable
    one is a SettingsError, never a fresh budget.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        try:
            if not path.exists():
                _create(path)
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise self._unusable("others may read or write it", "give it mode 0600")
        except OSError as error:
            raise self._unusable(f"cannot be created ({error.strerror})", "check its folder") from error
        with self._open() as database:
            self._verify(database)

    def spent(self, contract: str) -> tuple[float, float]:
        """Total (ε, δ) ever recorded for the contract with this hash."""
        with self._open() as database:
            epsilon, delta = _total(database, contract)
        return float(_amount(epsilon, _EPSILON_UNITS)), float(_amount(delta, _DELTA_UNITS))

    def knows(self, run: str) -> bool:
        """Whether any part of a run with this id was ever charged, for whichever contract."""
        with self._open() as database:
            return database.execute("SELECT 1 FROM spend WHERE run = ? LIMIT 1", (run,)).fetchone() is not None

    def charge(self, contract: str, run: str, part: str, epsilon: float, delta: float,
               budget: tuple[float, float]) -> None:
        """Record a spend and return only when it is on the disk.

        Check and insert are one transaction. A part of a run is charged once: what it pays for is drawn afresh each
        time, so a second time is a second release and needs a run, and a charge, of its own.

        BudgetError when the sum would exceed `budget`, MisuseError when the same part of this run was charged before
        or an amount is negative or not finite, SettingsError when the file cannot be used.
        """
        asked = _units(epsilon, _EPSILON_UNITS, ROUND_CEILING), _units(delta, _DELTA_UNITS, ROUND_CEILING)
        limit = _units(budget[0], _EPSILON_UNITS, ROUND_FLOOR), _units(budget[1], _DELTA_UNITS, ROUND_FLOOR)
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")  # closing without COMMIT rolls back
            _check_new(database, contract, run, part)
            _check_budget(_total(database, contract), asked, limit)
            database.execute(_INSERT, (contract, run, part, *asked, self._clock.now().isoformat()))
            database.execute("COMMIT")

    def history(self, contract: str) -> list[Spend]:
        """Every spend of the contract with this hash, in the order of charging."""
        query = "SELECT run, part, epsilon, delta, at FROM spend WHERE contract = ? ORDER BY id"
        with self._open() as database:
            rows = database.execute(query, (contract,)).fetchall()
        return [Spend(run, part, _amount(epsilon, _EPSILON_UNITS), _amount(delta, _DELTA_UNITS),
                      datetime.fromisoformat(at)) for run, part, epsilon, delta, at in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        uri = self._path.absolute().as_uri() + "?mode=rw"  # a lost ledger must not look unspent
        try:
            connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
            with closing(connection) as database:
                # FULL, and the directory too: else a power cut could bring back the journal and undo a charge
                database.execute("PRAGMA synchronous = EXTRA")
                yield database
        except sqlite3.OperationalError as error:
            raise self._unusable(f"cannot be used ({error})", "check the disk and other processes") from error
        except sqlite3.DatabaseError as error:
            raise self._damaged() from error

    def _verify(self, database: sqlite3.Connection) -> None:
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION_ID:
            raise self._damaged()
        if version != SCHEMA_VERSION:
            raise self._unusable(f"has schema version {version}, this software reads {SCHEMA_VERSION}",
                                 "use the software version that wrote it")
        if database.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise self._damaged()

    def _damaged(self) -> SettingsError:
        return self._unusable("is damaged or not a ledger",
                              "restore it from a backup: no run may start while what was spent is not known")

    def _unusable(self, what: str, todo: str) -> SettingsError:
        return SettingsError(f"the privacy ledger {what}", where=str(self._path), todo=todo)


def _create(path: Path) -> None:
    """Make a complete ledger under another name and link it in place: then an empty file is always damage."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".", suffix=".new")  # mode 0600
    os.close(handle)
    draft = Path(name)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as database:
            database.executescript(_SCHEMA)
        with suppress(FileExistsError):  # another process was first: its ledger is as good
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _check_new(database: sqlite3.Connection, contract: str, run: str, part: str) -> None:
    query = "SELECT 1 FROM spend WHERE contract = ? AND run = ? AND part = ?"
    if database.execute(query, (contract, run, part)).fetchone() is not None:
        raise MisuseError(f"part {part!r} of this run was charged before: a run id serves one run")


def _check_budget(spent: tuple[int, int], asked: tuple[int, int], limit: tuple[int, int]) -> None:
    if all(s + a <= b for s, a, b in zip(spent, asked, limit, strict=True)):
        return
    had, wants, most = (f"ε {_text(epsilon, _EPSILON_UNITS)}, δ {_text(delta, _DELTA_UNITS)}"
                        for epsilon, delta in (spent, asked, limit))
    raise BudgetError(f"the contract has spent {had}; this run asks for {wants}; the budget is {most}",
                      where="privacy budget", todo="this run is not possible; agree on a new contract")


def _total(database: sqlite3.Connection, contract: str) -> tuple[int, int]:
    query = "SELECT COALESCE(SUM(epsilon), 0), COALESCE(SUM(delta), 0) FROM spend WHERE contract = ?"
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
