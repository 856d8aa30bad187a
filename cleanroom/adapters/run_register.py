"""Every run of a party, from its first hello to its end: one SQLite file, `state/runs.sqlite`.

It holds ids, states, steps, times, public reasons and the number of the system user who approved; nothing about people.
A process that is killed leaves its runs as they were; the next look at the register finds them `interrupted`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cleanroom import limits
from cleanroom.adapters.alive import Alive, is_alive
from cleanroom.adapters.database import Database
from cleanroom.adapters.run_states import LIVE, SCHEMA, WAITING, Dialled, End, Run, State, Waiting, read_run
from cleanroom.errors import (
    AttemptsError,
    BusyError,
    CleanroomError,
    MisuseError,
    ResumeError,
    SettingsError,
    UsageError,
)
from cleanroom.ports import Clock

REGISTER_NAME: Final = "runs.sqlite"
_HOUR: Final = timedelta(hours=1)
_INSERT: Final = """
INSERT OR IGNORE INTO run (run, contract, version, contract_hash, dialled, state, asked, changed, owner)
VALUES (?, ?, ?, ?, ?, 'asked', ?, ?, ?)"""
_FORGET: Final = """
DELETE FROM run WHERE id <= (SELECT MAX(id) FROM run) - ? AND id NOT IN (SELECT id FROM live)"""
_CROSSED: Final = """
SELECT 1 FROM unanswered AS ours JOIN run AS theirs USING (contract) WHERE theirs.run = ? AND ours.run < theirs.run"""
_END: Final = """
UPDATE run SET state = ?, error = ?, reason = ?, ended = ? WHERE run = ? AND id IN (SELECT id FROM live)"""
_GIVE_UP: Final = "UPDATE run SET state = ?, error = ?, reason = ?, ended = ? WHERE run = ?"
_RESUMABLE: Final[tuple[Literal["interrupted", "finished"], ...]] = ("interrupted", "finished")
_BEGIN: Final = "UPDATE run SET state = 'running', changed = ?, started = ? WHERE run = ?"


class RunRegister:
    """The register in a party's `state` folder; safe for several processes and threads at once. Close it when done.

    SettingsError when the file cannot be used.
    """

    def __init__(self, state: Path, clock: Clock) -> None:
        self._folder, self._clock = state, clock
        self._open = Database(state / REGISTER_NAME, SCHEMA).open
        self._alive: Alive | None = None
        self._unrecorded: dict[str, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return "RunRegister"

    def close(self) -> None:
        """This process answers for no run any more: what it left unfinished is interrupted."""
        if self._alive is not None:
            self._alive.close()
        self._alive = None

    def runs(self, most: int = limits.MAX_REGISTERED) -> list[Run]:
        """The newest runs, newest first."""
        with self._open() as database:
            self._sweep(database)
            return [read_run(row) for row in database.execute("SELECT * FROM shown LIMIT ?", (most,))]

    def find(self, text: str) -> Run:
        """The run whose id starts with `text`. UsageError unless there is exactly one."""
        hits = [each for each in self.runs() if len(text) >= 4 and each.run.startswith(text)]
        if len(hits) != 1:
            raise UsageError(f"{len(hits)} runs have an id that starts with this", where="RUN",
                             todo="give more digits of a run id that `cleanroom runs list DIR` shows")
        return hits[0]

    def get(self, run: str) -> Run:
        """One run. MisuseError for an id that is not here."""
        with self._open() as database:
            return _get(database, run)

    def knows(self, run: str) -> bool:
        """Whether a run with this id was here."""
        with self._open() as database:
            return database.execute("SELECT 1 FROM run WHERE run = ?", (run,)).fetchone() is not None

    def ask(self, run: str, contract: str, version: int, contract_hash: str, dialled: Dialled, *, attempts: int,
            queue: int) -> None:
        """Register a new run; this process answers for it.

        Of runs that the peer dialled: AttemptsError when this contract had `attempts` in the last hour, BusyError when
        `queue` of any contract wait. MisuseError for an id that was here before.
        """
        now = self._clock.now()
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            self._sweep(database)
            if dialled == "peer":
                _check_attempts(database, contract, now - _HOUR, attempts)
                _check_queue(database, queue)
            row = (run, contract, version, contract_hash, dialled, now.isoformat(), now.isoformat(), self._token())
            if database.execute(_INSERT, row).rowcount != 1:
                raise MisuseError("a new run got the id of an earlier one")
            database.execute(_FORGET, (limits.MAX_REGISTERED,))
            database.execute("COMMIT")

    def reopen(self, run: str) -> Literal["interrupted", "finished"]:
        """A run goes on in this process: one that was interrupted, or a finished one whose peer lacks our last frames;
        which it was. It asks again, approved or not as before. ResumeError when it is over in another way."""
        again = "UPDATE run SET state = 'asked', owner = ?, ended = NULL, word = '' WHERE run = ?"
        for state in _RESUMABLE:
            if self._change(run, (state,), again, self._token()):
                self._unrecorded.pop(run, None)
                return state
        raise ResumeError("the run is over, or under way in another process", where=run,
                          todo="`cleanroom runs list DIR` shows its state")

    def give_up(self, run: str, state: End, error: BaseException | None) -> None:
        """An interrupted run is over, by `error`. Nobody else has its journal meanwhile."""
        if self.knows(run):
            self._change(run, ("interrupted",), _GIVE_UP, state, *_words(error), self._clock.now().isoformat())

    def forget(self, run: str) -> None:
        """An interrupted run of which nothing else is kept may begin anew, asked for and approved like any other."""
        self._change(run, ("interrupted",), "DELETE FROM run WHERE dialled = 'peer' AND run = ?")

    def move(self, run: str, state: Waiting) -> None:
        """A run waits for something else now."""
        self._must(run, WAITING, "UPDATE run SET state = ? WHERE run = ?", state)

    def take_turn(self, run: str, at_once: int) -> bool:
        """Let a queued run begin, if it is its turn: one run of a contract at a time, the oldest first, and `at_once`
        runs that peers dialled."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            self._sweep(database)
            turn = run in _next(database, at_once)
            if turn:
                now = self._clock.now().isoformat()
                database.execute(_BEGIN, (now, now, run))
            database.execute("COMMIT")
        return turn

    def enter(self, run: str, step: str) -> None:
        """A running run has come to a step."""
        self._must(run, ("running",), "UPDATE run SET step = ? WHERE run = ?", step)

    def end(self, run: str, state: End, error: BaseException | None = None) -> None:
        """A run is over. Of an error its class and public words are kept, never its message."""
        values = (state, *_words(error), self._clock.now().isoformat())
        try:
            self._must(run, LIVE, _END, *values)
        except SettingsError:
            self._unrecorded[run] = values  # until the disk takes it: the run would keep its contract's turn
            raise

    def settle(self) -> None:
        """Record the ends that the disk refused: other processes wait for the turn of these runs."""
        if self._unrecorded:
            self.runs(0)

    def crossed(self, run: str) -> bool:
        """Whether a run of the same contract that we dialled waits for the peer's answer and goes first.

        Two nodes that dial each other at the same moment would each wait for the other's run to end. The lower id goes
        first, on both sides.
        """
        with self._open() as database:
            return database.execute(_CROSSED, (run,)).fetchone() is not None

    def approve(self, run: str, user: int) -> None:
        """A person of this party, by the number of the system user, lets a run begin. UsageError when it does not wait
        for that."""
        query = "UPDATE run SET approved_by = ?, approved = ? WHERE run = ?"
        if not self._change(run, ("awaiting_approval",), query, user, self._clock.now().isoformat()):
            raise _too_late("waiting for approval")

    def refuse(self, run: str) -> None:
        """A person of this party refuses a run. UsageError when it does not wait."""
        if not self._change(run, WAITING, "UPDATE run SET word = 'refused' WHERE run = ?"):
            raise _too_late("waiting")

    def cancel(self, run: str) -> None:
        """A person of this party ends a run: its process does so at its next message or chunk. UsageError when it has
        none: see `node.interrupted`."""
        if not self._change(run, LIVE, "UPDATE run SET word = 'cancelled' WHERE run = ?"):
            raise _too_late("in progress")

    def _must(self, run: str, among: Sequence[State], query: str, *values: object) -> None:
        if not self._change(run, among, query, *values):
            raise MisuseError(f"the run is not {' or '.join(among)}")

    def _change(self, run: str, among: Sequence[State], query: str, *values: object) -> bool:
        """Update a run whose state is `among` these; whether it was."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            self._sweep(database)
            allowed = _get(database, run).state in among
            if allowed:
                database.execute(query, (*values, run))
                database.execute("UPDATE run SET changed = ? WHERE run = ?", (self._clock.now().isoformat(), run))
            database.execute("COMMIT")
        return allowed

    def _token(self) -> str:
        self._alive = self._alive or Alive(self._folder)
        return self._alive.token

    def _sweep(self, database: sqlite3.Connection) -> None:
        """Runs of processes that are gone are interrupted; ends that the disk refused are recorded."""
        for run, values in self._unrecorded.items():
            database.execute(_END, (*values, run))
        own, now = self._alive.token if self._alive else "", self._clock.now().isoformat()
        for (owner,) in database.execute("SELECT DISTINCT owner FROM live WHERE owner != ?", (own,)).fetchall():
            if not is_alive(self._folder, owner):
                database.execute("UPDATE run SET state = 'interrupted', changed = ?, ended = ? WHERE id IN "
                                 "(SELECT id FROM live WHERE owner = ?)", (now, now, owner))


def _get(database: sqlite3.Connection, run: str) -> Run:
    row = database.execute("SELECT * FROM shown WHERE run = ?", (run,)).fetchone()
    if row is None:
        raise MisuseError("a run that was never registered")
    return read_run(row)


def _next(database: sqlite3.Connection, at_once: int) -> set[str]:
    """Queued runs that may begin now."""
    running = database.execute("SELECT contract, dialled FROM run WHERE state = 'running'").fetchall()
    busy, free = {contract for contract, _ in running}, at_once - sum(dialled == "peer" for _, dialled in running)
    queued = database.execute("SELECT run, contract, dialled FROM run WHERE state = 'queued' ORDER BY id")
    found = set()
    for run, contract, dialled in queued:
        if contract not in busy and (dialled == "us" or free > 0):
            found.add(run)
            free -= dialled == "peer"
        busy.add(contract)  # later ones of it wait behind this one
    return found


def _check_attempts(database: sqlite3.Connection, contract: str, since: datetime, most: int) -> None:
    query = "SELECT COUNT(*) FROM run WHERE contract = ? AND dialled = 'peer' AND asked > ?"
    (count,) = database.execute(query, (contract, since.isoformat())).fetchone()
    if count >= most:
        raise AttemptsError(f"the peer has begun {count} runs of contract {contract} in the last hour",
                            where="node.attempts_per_hour", todo="ask the other party why")


def _check_queue(database: sqlite3.Connection, most: int) -> None:
    (count,) = database.execute("SELECT COUNT(*) FROM waiting WHERE dialled = 'peer'").fetchone()
    if count >= most:
        raise BusyError(f"{count} runs wait already", where="node.queue", todo="wait until they have begun")


def _words(error: BaseException | None) -> tuple[str, str]:
    """Class and public words of what ended a run."""
    public = error.public if isinstance(error, CleanroomError) else MisuseError.public
    return (type(error).__name__, public) if error is not None else ("", "")


def _too_late(state: str) -> UsageError:
    return UsageError(f"the run is not {state}", where="RUN", todo="`cleanroom runs list DIR` shows its state")
