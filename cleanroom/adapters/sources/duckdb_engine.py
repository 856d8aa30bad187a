"""SQL that DuckDB runs: over a DuckDB file, or over named files of the party. Read-only, without reach beyond them.

CSV files come through the one reader of them, with its checks, as streams of Arrow batches. DuckDB's own would guess
what a comment, a title and the header are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from cleanroom.adapters.source_settings import TableSource, format_of
from cleanroom.adapters.sources.base import WatchedFile
from cleanroom.adapters.sources.csv_file import CsvFile
from cleanroom.adapters.sources.folder import Folder, data_file
from cleanroom.adapters.sources.parquet_file import ParquetFile
from cleanroom.errors import DataError

_Files = CsvFile | ParquetFile | Folder
_STREAMED: Final = 65_536  # rows asked for at once; the CSV reader gives blocks of the file


class DuckDB:
    """An `Engine` over files of a party, each under a name; close it at the end.

    CSV columns are texts, so that no digit of a key is lost. A path that ends in / is a folder of CSV or of Parquet
    files. A DuckDB file is a database of its own, the main one when it is the only file. `memory`: bytes. `table`: how
    its CSV files are written, and the format of a file if not by extension.
    """

    def __init__(self, folder: Path, files: Mapping[str, str], memory: int, table: TableSource) -> None:
        self._found = {name: _found(folder, path, table) for name, path in files.items()}
        self._connection = duckdb.connect(":memory:")
        self._streams = {name: _Stream(each, files[name]) for name, each in self._found.items()
                         if not isinstance(each, WatchedFile) and each.checked}
        for name, each in self._found.items():
            with self._refusing(files[name]):
                self._name(name, each)
        for setting in _confined(memory, [str(path) for each in self._found.values() for path in each.paths]):
            self._connection.execute(f"SET {setting}")

    @property
    def changed(self) -> float:
        """See `query.Engine`."""
        return min(each.changed for each in self._found.values())

    def columns(self, query: str, where: str) -> list[tuple[str, str]]:
        """See `query.Engine`."""
        with self._refusing(where):
            kinds = [statement.type for statement in self._connection.extract_statements(query)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise DataError("the query failed (it is not one SELECT)", where=where, todo="write one SELECT")
            return [(name, _quoted(name)) for name in self._connection.sql(query).columns]

    @contextmanager
    def ask(self, query: str, where: str) -> Iterator[Any]:
        """See `query.Engine`."""
        with self._refusing(where):
            yield pa.RecordBatchReader.from_stream(self._connection.sql(query))
        for each in self._found.values():
            each.verify()

    def close(self) -> None:
        """Forget it."""
        self._connection.close()

    def _name(self, name: str, found: WatchedFile | _Files) -> None:
        """Make a file or folder known to queries."""
        if name in self._streams:
            self._connection.register(name, self._streams[name])
            return
        listed, quoted = ", ".join(_text(str(path)) for path in found.paths), _quoted(name)
        if not isinstance(found, WatchedFile):
            self._connection.execute(f"CREATE VIEW {quoted} AS FROM read_parquet([{listed}], union_by_name = true)")
            return
        self._connection.execute(f"ATTACH {listed} AS {quoted} (READ_ONLY)")
        if len(self._found) == 1:
            self._connection.execute(f"USE {quoted}")

    @contextmanager
    def _refusing(self, where: str) -> Iterator[None]:
        try:
            yield
        except (duckdb.Error, pa.ArrowException, UnicodeError, OSError) as error:  # its message may quote a value
            for stream in self._streams.values():
                if stream.refused is not None:
                    raise stream.refused from None
            raise DataError(f"the query failed ({type(error).__name__})", where=where,
                            todo="try it in the duckdb shell, read-only; a query that sorts or groups needs "
                                 "limits.memory") from None


class _Stream:
    """What DuckDB scans, once for each place in a query. `refused`: why a scan ended early."""

    def __init__(self, source: _Files, name: str) -> None:
        self._source, self._names = source, source.header()
        if len(set(self._names)) != len(self._names):
            raise DataError("two columns have one name", where=name, todo="correct the header")
        self._schema = pa.schema([(each, pa.large_string()) for each in self._names])
        self.refused: DataError | None = None

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The Arrow PyCapsule interface."""
        return pa.RecordBatchReader.from_batches(self._schema, self._batches()).__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[Any]:
        try:
            for columns in self._source.batches(self._names, frozenset(), _STREAMED):
                yield pa.record_batch(list(columns.values()), schema=self._schema)
        except DataError as error:
            self.refused = error  # DuckDB would make a text of it
            raise


def _found(folder: Path, path: str, table: TableSource) -> WatchedFile | _Files:
    if path.endswith("/"):
        found = Folder(folder / path, path, table)
        found.header()  # all of its files have the same
        return found
    if (table.format or format_of(path)) == "duckdb":
        return WatchedFile(folder / path, path)
    return data_file(folder / path, path, table)


def _confined(memory: int, paths: Sequence[str]) -> tuple[str, ...]:
    """No other file, no network, no extension, no Python object; nothing spilled to the disk in clear."""
    return (f"memory_limit = '{max(1, memory // 1_000_000)} MB'", "temp_directory = ''",
            f"allowed_paths = [{', '.join(map(_text, paths))}]", "python_enable_replacements = false",
            "enable_external_access = false", "lock_configuration = true")


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
