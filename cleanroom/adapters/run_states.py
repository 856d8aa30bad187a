"""The states of a run on one node, and the table that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from cleanroom.adapters.database import Schema

Waiting = Literal["awaiting_approval", "outside_hours", "queued"]
End = Literal["finished", "refused", "failed", "cancelled", "interrupted"]
State = Literal["asked", "awaiting_approval", "outside_hours", "queued", "running", "finished", "refused", "failed",
                "cancelled", "interrupted"]
Dialled = Literal["us", "peer"]
Word = Literal["", "refused", "cancelled"]

LIVE: Final[tuple[State, ...]] = get_args(State)[:5]  # a process answers for the run
WAITING: Final = LIVE[:4]
UNANSWERED: Final = ("", "reading", "connecting", "gate", "hello")  # steps before the peer's hello is here

_TABLES: Final = f"""
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    contract TEXT NOT NULL,
    version INTEGER NOT NULL,
    contract_hash TEXT NOT NULL,
    dialled TEXT NOT NULL CHECK (dialled IN {get_args(Dialled)}),
    state TEXT NOT NULL CHECK (state IN {get_args(State)}),
    step TEXT NOT NULL DEFAULT '',
    asked TEXT NOT NULL,
    changed TEXT NOT NULL,
    started TEXT,
    ended TEXT,
    error TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    approved_by INTEGER,
    approved TEXT,
    word TEXT NOT NULL DEFAULT '' CHECK (word IN {get_args(Word)}),
    owner TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_run_of_a_contract ON run (contract) WHERE state = 'running';
CREATE VIEW shown AS SELECT run, contract, version, contract_hash, dialled, state, step, asked, changed, started, ended,
                            error, reason, approved_by, approved, word FROM run ORDER BY id DESC;
CREATE VIEW live AS SELECT * FROM run WHERE state IN {LIVE};
CREATE VIEW waiting AS SELECT * FROM run WHERE state IN {WAITING};
CREATE VIEW unanswered AS SELECT * FROM run WHERE dialled = 'us' AND state = 'running' AND step IN {UNANSWERED};
"""  # noqa: S608 - names of this file
SCHEMA: Final = Schema("register of runs", application=0x434C5252, version=1, tables=_TABLES, journal="wal",  # "CLRR"
                       damaged="move it away while no run is in progress; the audit logs in `runs` tell what it told")


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the register knows it. Times are aware, UTC.

    `run`, `contract_hash` in hex. `step`: the one it is in, or ended in. `error`, `reason`: class and public words of
    what ended it. `approved_by`: number of the system user who approved. `word`: what a person here said since.
    """

    run: str
    contract: str
    version: int
    contract_hash: str
    dialled: Dialled
    state: State
    step: str
    asked: datetime
    changed: datetime
    started: datetime | None
    ended: datetime | None
    error: str
    reason: str
    approved_by: int | None
    approved: datetime | None
    word: Word


def read_run(row: Sequence[object]) -> Run:
    """A row of the view `shown`."""
    names = tuple(Run.__dataclass_fields__)
    values = dict(zip(names, row, strict=True))
    for name in ("asked", "changed", "started", "ended", "approved"):
        values[name] = datetime.fromisoformat(str(values[name])) if values[name] is not None else None
    return Run(**values)  # type: ignore[arg-type]  # the table's own checks hold the types
