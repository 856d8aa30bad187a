"""SQL that DuckDB runs: over a DuckDB file, or over named files of the party. Read-only, without reach beyond them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cleanroom.adapters.source_settings import Format, format_of
from cleanroom.adapters.sources.base import WatchedFile
from cleanroom.adapters.sources.folder import members
from cleanroom.errors import DataError


class DuckDB:
    """An `Engine` over files of a party, each under a name; close it at the end.

    CSV columns are texts, so that no digit of a key is lost. A path that ends in / is a folder of CSV or of Parquet
    files. A DuckDB file is a database of its own, the main one when it is the only file. `memory`: bytes. `kind`: of
    the files, if not by extension.
    """

    def __init__(self, folder: Path, files: Mapping[str, str], memory: int, delimiter: str = ",",
                 kind: Format | None = None) -> None:
        paths = {name: _paths(folder, path) for name, path in files.items()}
        self._files = [file for found in paths.values() for file in found]
        self._connection = duckdb.connect(":memory:")
        for name, found in paths.items():
            with _refusing(files[name]):
                for statement in _named(name, found, delimiter, kind, alone=len(files) == 1):
                    self._connection.execute(statement)
        for setting in _confined(memory, [str(file.path) for file in self._files]):
            self._connection.execute(f"SET {setting}")

    @property
    def changed(self) -> float:
        """See `query.Engine`."""
        return min(file.changed for file in self._files)

    def columns(self, query: str, where: str) -> list[tuple[str, str]]:
        """See `query.Engine`."""
        with _refusing(where):
            kinds = [statement.type for statement in self._connection.extract_statements(query)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise DataError("the query failed (it is not one SELECT)", where=where, todo="write one SELECT")
            return [(name, _quoted(name)) for name in self._connection.sql(query).columns]

    @contextmanager
    def ask(self, query: str, where: str) -> Iterator[Any]:
        """See `query.Engine`."""
        with _refusing(where):
            yield pa.RecordBatchReader.from_stream(self._connection.sql(query))
        for file in self._files:
            file.verify()

    def close(self) -> None:
        """Forget it."""
        self._connection.close()


def _confined(memory: int, paths: Sequence[str]) -> tuple[str, ...]:
    """No other file, no network, no extension, no Python object; nothing spilled to the disk in clear."""
    return (f"memory_limit = '{max(1, memory // 1_000_000)} MB'", "temp_directory = ''",
            f"allowed_paths = [{', '.join(map(_text, paths))}]", "python_enable_replacements = false",
            "enable_external_access = false", "lock_configuration = true")


def _named(name: str, files: Sequence[WatchedFile], delimiter: str, kind: Format | None, *, alone: bool) -> list[str]:
    listed, kind = ", ".join(_text(str(file.path)) for file in files), kind or format_of(files[0].name)
    if kind == "duckdb":
        return [f"ATTACH {listed} AS {_quoted(name)} (READ_ONLY)", *([f"USE {_quoted(name)}"] if alone else [])]
    read = f"read_parquet([{listed}], union_by_name = true)" if kind == "parquet" else (
        f"read_csv([{listed}], all_varchar = true, header = true, delim = {_text(delimiter)}, quote = '\"', "
        "escape = '\"', union_by_name = true)")
    return [f"CREATE VIEW {_quoted(name)} AS SELECT * FROM {read}"]  # noqa: S608  texts are quoted


def _paths(folder: Path, path: str) -> list[WatchedFile]:
    if not path.endswith("/"):
        return [WatchedFile(folder / path, path)]
    return [WatchedFile(folder / path / name, f"{path}{name}") for name in members(folder / path, path)]


@contextmanager
def _refusing(where: str) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, pa.ArrowException, UnicodeError) as error:  # its message may quote a value
        raise DataError(f"the query failed ({type(error).__name__})", where=where,
                        todo="try it in the duckdb shell, read-only; a query that sorts or groups needs limits.memory"
                        ) from None


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
