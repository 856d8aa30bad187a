"""One CSV, Parquet or DuckDB file into raw columns, with the position of every row kept for error messages.

CSV: UTF-8 (a byte-order mark is skipped), one header line, one line per row: a line end inside a quoted field
is refused, because an unclosed quote would swallow people silently, and so data row i is on line i + 2.
Errors name file, line or row, and field; never a value.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from cleanroom import limits
from cleanroom.adapters.arrays import Column, plain, whole
from cleanroom.adapters.layout import Layout
from cleanroom.adapters.party import TableFile
from cleanroom.adapters.reading_sql import DuckDBQuery
from cleanroom.consent.files import check_columns
from cleanroom.errors import DataError

_DICTIONARY: Final = pa.dictionary(pa.int32(), pa.large_string())
_BATCH: Final = 250_000  # rows of a Parquet column in memory beside the finished array
_CHUNK: Final = 4 * 1024 * 1024  # bytes read at once; also bounds the length of a CSV line


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RawTable:
    """Columns of one file by product name, not yet typed (pyarrow arrays of equal length)."""

    file: str  # as in party.toml
    kind: Literal["csv", "parquet", "duckdb"]
    changed: float  # when the file was last written, seconds since 1970
    rows: int
    columns: Mapping[str, Column]
    own: Mapping[str, str]  # the party's name of each column
    time_zone: str | None

    def error(self, what: str, field: str, row: int, todo: str) -> DataError:
        """Error at data row `row` (0-based) of a product column."""
        place = f"line {row + 2}" if self.kind == "csv" else f"row {row + 1}"
        return DataError(what, where=f"{self.file}, {place}, field {self.own[field]}", todo=todo)


def read_raw(path: Path, table: TableFile, layout: Layout, allowed: frozenset[str] | None = None) -> RawTable:
    """Read the columns of a layout that the file has. `allowed`: all that it may have (R-13); None: any.

    DataError: no file, not readable as its format, a missing or repeated column, no row, broken text.
    """
    if not path.is_file():
        raise DataError("no such file", where=table.file, todo="put it there or correct party.toml")
    try:
        changed, source = path.stat().st_mtime, _source(path, table)
        header = source.header()
        own = _wanted(table, layout, header)
        if allowed is not None:
            product = {name: key for key, name in table.columns.items()}
            check_columns((product.get(name, name) for name in header), allowed, table.file)
        columns = source.columns(list(own.values()), frozenset(own[name] for name in layout.repeated if name in own))
    except OSError:
        raise DataError("the file cannot be read", where=table.file, todo="check its permissions") from None
    raw = {product: columns[name] for product, name in own.items()}
    return RawTable(table.file, table.kind, changed, len(next(iter(raw.values()))), raw, own, table.time_zone)


def _source(path: Path, table: TableFile) -> _Csv | _Parquet | DuckDBQuery:
    if table.query is not None:
        return DuckDBQuery(path, table.query, table.file)
    return _Csv(path, table) if table.kind == "csv" else _Parquet(path, table)


def _wanted(table: TableFile, layout: Layout, header: Sequence[str]) -> dict[str, str]:
    """Own name of each product column to read."""
    must = {*layout.required, *table.columns}
    wanted = {product: table.own(product) for product in (*layout.required, *layout.optional)
              if product in must or product in header}
    for product, name in wanted.items():
        if header.count(name) != 1:
            problem = "this column is missing" if name not in header else "two columns have this name"
            raise DataError(problem, where=f"{table.file}, field {name}",
                            todo=f"correct the header, or map {product} in party.toml")
    return wanted


class _Csv:
    def __init__(self, path: Path, table: TableFile) -> None:
        self._path, self._file, self._delimiter = path, table.file, table.delimiter
        self._lines = _check_bytes(path, table.file)

    def header(self) -> list[str]:
        """Column names."""
        with self._path.open(encoding="utf-8-sig", newline="") as handle:
            line = handle.readline(limits.MAX_FILE_FIELD_CHARACTERS)
        if not line.strip():
            raise DataError("the file is empty", where=self._file, todo="write a header line and rows")
        return next(csv.reader([line], delimiter=self._delimiter))

    def columns(self, names: list[str], repeated: frozenset[str]) -> dict[str, Column]:
        """Columns as text arrays without nulls, the repeated ones as dictionaries."""
        kinds = {name: _DICTIONARY if name in repeated else pa.large_string() for name in names}
        try:
            table = pa_csv.read_csv(
                self._path,
                read_options=pa_csv.ReadOptions(block_size=_CHUNK),
                parse_options=pa_csv.ParseOptions(delimiter=self._delimiter, ignore_empty_lines=False),
                convert_options=pa_csv.ConvertOptions(
                    include_columns=names, column_types=kinds,
                    null_values=[], strings_can_be_null=False, check_utf8=False),
            )
        except pa.ArrowException:
            raise self._malformed() from None
        if table.num_rows + 1 != self._lines:
            raise self._malformed()
        return {name: whole(table.column(name)) for name in names}

    def _malformed(self) -> DataError:
        """Find the first line that is not one row; only runs when the file is already refused."""
        where, width = self._file, 0
        with self._path.open(encoding="utf-8-sig", newline="") as handle:
            for number, line in enumerate(handle, 1):
                fields = _fields(line, self._delimiter)
                width = width or len(fields)
                if len(fields) != width or not line.strip():
                    where = f"{self._file}, line {number}"
                    break
        return DataError("a line is not one row of the table", where=where,
                         todo="give every line the fields of the header, close quotes, remove empty lines")


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _check_bytes(path: Path, file: str) -> int:
    """Number of lines of a text file; DataError at the first NUL or broken UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, last = 0, b"\n"
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                raise _broken_text(path, file) from None
            if b"\x00" in chunk:
                raise _broken_text(path, file)
            lines, last = lines + chunk.count(b"\n"), chunk[-1:]
    if decoder.getstate()[0]:
        raise _broken_text(path, file)
    return lines + (last != b"\n")


def _broken_text(path: Path, file: str) -> DataError:
    with path.open("rb") as handle:
        for number, line in enumerate(handle, 1):
            try:
                if "\x00" not in line.decode("utf-8"):
                    continue
                what = "the line holds a NUL byte"
            except UnicodeDecodeError:
                what = "the line is not UTF-8 text"
            return DataError(what, where=f"{file}, line {number}", todo="save the file as UTF-8 text")
    return DataError("the file is not UTF-8 text", where=file, todo="save the file as UTF-8 text")


class _Parquet:
    def __init__(self, path: Path, table: TableFile) -> None:
        self._path, self._file = path, table.file
        try:
            self._parquet = pa_parquet.ParquetFile(path)
        except (pa.ArrowException, OSError):
            raise self._unreadable() from None

    def header(self) -> list[str]:
        """Column names."""
        return list(self._parquet.schema_arrow.names)

    def columns(self, names: list[str], repeated: frozenset[str]) -> dict[str, Column]:
        """Columns in their own types; repeated texts as dictionaries, others decoded. One after the other: the
        bytes of the file and the arrays made of them are never there for all columns at once."""
        try:
            file = pa_parquet.ParquetFile(self._path, read_dictionary=list(repeated))
            return {name: self._column(file, name, name in repeated) for name in names}
        except (pa.ArrowException, OSError):
            raise self._unreadable() from None

    def _column(self, file: Any, name: str, repeated: bool) -> Column:
        batches = file.iter_batches(_BATCH, columns=[name], use_threads=False)  # a thread more, a batch more in memory
        parts = [plain(batch.column(0), repeated) for batch in batches]
        pa.default_memory_pool().release_unused()  # else what one column needed stays beside the next
        empty = file.schema_arrow.field(name).type
        return whole(pa.chunked_array(parts)) if parts else plain(pa.chunked_array([], empty), repeated)

    def _unreadable(self) -> DataError:
        return DataError("not a readable Parquet file", where=self._file, todo="write the file again")
