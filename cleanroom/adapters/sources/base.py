"""What every origin of a table can do, and files that must not change while they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from cleanroom.adapters.arrays import Column
from cleanroom.errors import DataError


class Source(Protocol):
    """One table in the party's own columns. Errors are DataError; they name places, never values."""

    @property
    def changed(self) -> float | None:
        """When the data were last written, seconds since 1970: of several files the oldest. None: a live system."""
        ...

    @property
    def checked(self) -> bool:
        """Whether texts are known to be UTF-8 without NUL once they are read."""
        ...

    def header(self) -> list[str]:
        """Column names."""
        ...

    def batches(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Column]]:
        """Columns, texts as large strings or (`repeated`) dictionaries of them: about `rows` at a time; 0: all at once.

        At least one batch. It can be asked again: for the same data, or DataError at the end.
        """
        ...

    def estimated(self, names: list[str]) -> int:
        """About how many bytes the columns take as texts."""
        ...

    def place(self, row: int) -> str:
        """Where data row `row` (from 0) is, for people: `people.csv, line 7`. Only of rows that were read."""
        ...


class WatchedFile:
    """A file that must stay the one it was when it was first looked at. `name`: as in party.toml."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        if not path.is_file():
            raise DataError("no such file", where=name, todo="put it there or correct party.toml")
        self._first = self._look()

    @property
    def changed(self) -> float:
        """When it was last written, seconds since 1970."""
        return self._first.st_mtime

    @property
    def paths(self) -> tuple[Path, ...]:
        """Itself alone."""
        return (self.path,)

    @property
    def size(self) -> int:
        """Bytes."""
        return self._first.st_size

    def verify(self) -> None:
        """DataError when it is another file now, or was written since."""
        first, now = self._first, self._look()
        if any(getattr(first, each) != getattr(now, each)
               for each in ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")):
            raise changed(self.name)

    def _look(self) -> os.stat_result:
        try:
            return self.path.stat()
        except OSError:
            raise DataError("the file cannot be read", where=self.name, todo="check its permissions") from None


class OneFile:
    """What a `Source` of a single file is, whatever its format."""

    _file: WatchedFile

    @property
    def changed(self) -> float:
        """See `Source`."""
        return self._file.changed

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return self._file.paths

    def verify(self) -> None:
        """See `WatchedFile`."""
        self._file.verify()


def changed(where: str) -> DataError:
    """The data were written while they were read."""
    return DataError("the data changed while they were read", where=where,
                     todo="run again when nothing writes to them; write a new file beside it and rename it")
