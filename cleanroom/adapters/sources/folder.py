"""A folder of CSV files, or of Parquet files, as one table: the files in the order of their names."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from cleanroom.adapters.arrays import Column, whole
from cleanroom.adapters.source_settings import TableSource, format_of
from cleanroom.adapters.sources.base import WatchedFile, changed
from cleanroom.adapters.sources.csv_file import CsvFile
from cleanroom.adapters.sources.parquet_file import ParquetFile
from cleanroom.errors import DataError


def data_file(path: Path, name: str, table: TableSource) -> CsvFile | ParquetFile:
    """One file that is not of a database. DataError: no such file."""
    file = WatchedFile(path, name)
    return CsvFile(file, table) if (table.format or format_of(name)) == "csv" else ParquetFile(file)


def members(folder: Path, name: str) -> list[str]:
    """Names of a folder's files, sorted; hidden ones and those of writers (`_SUCCESS`) left out.

    DataError: no such folder, nothing in it, or something that is neither CSV nor Parquet like the others.
    """
    try:
        found = sorted(each.name for each in folder.iterdir() if not each.name.startswith((".", "_")))
    except OSError:
        raise DataError("no such folder", where=name, todo="put it there or correct party.toml") from None
    kinds = {format_of(each) for each in found}
    if len(kinds) != 1 or not kinds <= {"csv", "parquet"}:
        what = "holds something else than CSV files, or Parquet files" if found else "is empty"
        raise DataError(f"the folder {what}", where=name, todo="keep files of one format in it, and nothing else")
    return found


class Folder:
    """A `Source`."""

    def __init__(self, folder: Path, name: str, table: TableSource) -> None:
        self._folder, self._name, self._names = folder, name, members(folder, name)
        self._files = [data_file(folder / each, f"{name}{each}", table) for each in self._names]
        self._starts: list[int] = []  # first row of each file that was read

    @property
    def changed(self) -> float:
        """See `base.Source`."""
        return min(file.changed for file in self._files)

    @property
    def checked(self) -> bool:
        """See `base.Source`."""
        return all(file.checked for file in self._files)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files."""
        return tuple(path for file in self._files for path in file.paths)

    def verify(self) -> None:
        """DataError when a file was written since the first look at it, joined or left."""
        for file in self._files:
            file.verify()
        if members(self._folder, self._name) != self._names:
            raise changed(self._name)

    def header(self) -> list[str]:
        """Column names of the first file. DataError: another has others."""
        first = self._files[0].header()
        for name, file in zip(self._names[1:], self._files[1:], strict=True):
            if sorted(file.header()) != sorted(first):
                raise DataError("other columns than in the first file of the folder", where=f"{self._name}{name}",
                                todo="give all files the same columns")
        return first

    def batches(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Column]]:
        """See `base.Source`."""
        parts = self._parts(names, repeated, rows)
        if rows:
            yield from parts
        else:
            every = list(parts)
            yield {name: whole(pa.chunked_array([part[name] for part in every])) for name in names}
        self.verify()

    def estimated(self, names: list[str]) -> int:
        """See `base.Source`."""
        return sum(file.estimated(names) for file in self._files)

    def place(self, row: int) -> str:
        """See `base.Source`."""
        number = bisect_right(self._starts, row) - 1
        return self._files[number].place(row - self._starts[number])

    def _parts(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Column]]:
        types: list[object] = []
        self._starts, row = [], 0
        for file in self._files:
            self._starts.append(row)
            for columns in file.batches(names, repeated, rows):
                found = [columns[name].type for name in names]
                types = types or found
                if found != types:
                    raise DataError("a column has another type than in the first file of the folder",
                                    where=file.place(0), todo="give the column one type in all files")
                row += len(columns[names[0]])
                yield columns
