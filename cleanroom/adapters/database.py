"""One SQLite file of a party: made whole or not at all, mode 0600, checked before it is believed."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cleanroom.adapters.private_files import sync_folder
from cleanroom.errors import SettingsError

_BUSY_SECONDS: Final = 30.0  # how long another process may hold the lock; a transaction takes milliseconds


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file holds. `application`: tells it from any other SQLite file. `tables`: the script that makes them."""

    name: str  # for errors: "privacy ledger"
    application: int
    version: int
    tables: str
    damaged: str  # what to do with a damaged one
    journal: Literal["delete", "wal"] = "delete"  # wal: nobody who reads waits; a power cut may undo the last changes


class Database:
    """A file with one schema; safe for several processes and threads at once: a connection is opened per use.

    A missing file is created; an empty, damaged, foreign or too widely readable one is a SettingsError.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self._path, self._schema = path, schema
        try:
            if not path.exists():
                self._create()
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise self._unusable("others may read or write it", "give it mode 0600")
        except OSError as error:
            raise self._unusable(f"cannot be created ({error.strerror})", "check its folder") from error
        with self.open() as database:
            self._verify(database)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection in autocommit mode; a transaction that was not committed is rolled back at its end."""
        uri = self._path.absolute().as_uri() + "?mode=rw"  # a lost file must not be taken for a new one
        try:
            connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
            with closing(connection) as database:
                # EXTRA: the directory too, else a power cut could bring back the journal and undo what was written
                level = "EXTRA" if self._schema.journal == "delete" else "NORMAL"
                database.execute(f"PRAGMA synchronous = {level}")
                yield database
        except sqlite3.OperationalError as error:
            raise self._unusable(f"cannot be used ({error})", "check the disk and other processes") from error
        except sqlite3.DatabaseError as error:
            raise self._damaged() from error

    def _verify(self, database: sqlite3.Connection) -> None:
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if application != self._schema.application:
            raise self._damaged()
        if version != self._schema.version:
            raise self._unusable(f"has schema version {version}, this software reads {self._schema.version}",
                                 "use the software version that wrote it")
        if database.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise self._damaged()

    def _damaged(self) -> SettingsError:
        return self._unusable(f"is damaged or not a {self._schema.name.split()[-1]}", self._schema.damaged)

    def _unusable(self, what: str, todo: str) -> SettingsError:
        return SettingsError(f"the {self._schema.name} {what}", where=str(self._path), todo=todo)

    def _create(self) -> None:
        """Make a complete file under another name and link it in place: then an empty one is always damage."""
        path, schema = self._path, self._schema
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".", suffix=".new")  # mode 0600
        os.close(handle)
        draft = Path(name)
        try:
            with closing(sqlite3.connect(draft, isolation_level=None)) as database:
                database.executescript(f"PRAGMA journal_mode = {schema.journal}; BEGIN; "
                                       f"PRAGMA application_id = {schema.application}; "
                                       f"PRAGMA user_version = {schema.version}; {schema.tables} COMMIT;")
            with suppress(FileExistsError):  # another process was first: its file is as good
                path.hardlink_to(draft)
        finally:
            draft.unlink()
        sync_folder(path.parent)
