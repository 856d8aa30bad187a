"""One CSV, Parquet or DuckDB file into raw columns, with the position of every row kept for error messages.

CSV: UTF-8 (a byte-order mark is skipped), one header line, one line per row: a line end inside a quoted field
is refused, because an unclosed quote would swallow people silently, and so data row i is on line i + 2.
Errors name file, line or row, and field; never a value.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
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
_GROWTH: Final = 3  # bytes of a text with its offset, for one in a CSV or DuckDB file
_SAMPLE: Final = 65_536  # rows
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
    first: int = 0  # data row of the file at which these columns begin

    def error(self, what: str, field: str, row: int, todo: str) -> DataError:
        """Error at data row `row` (0-based) of a product column."""
        place = f"line {self.first + row + 2}" if self.kind == "csv" else f"row {self.first + row + 1}"
        return DataError(what, where=f"{self.file}, {place}, field {self.own[field]}", todo=todo)


def read_raw(path: Path, table: TableFile, layout: Layout, allowed: frozenset[str] | None = None) -> RawTable:
    """Read the columns of a layout that the file has. `allowed`: all that it may have (R-13); None: any.

    DataError: no file, not readable as its format, a missing or repeated column, no row, broken text.
    """
    return next(read_batches(path, table, layout, 0, allowed))


def read_batches(path: Path, table: TableFile, layout: Layout, rows: int,
                 allowed: frozenset[str] | None = None) -> Iterator[RawTable]:
    """As `read_raw`, about `rows` at a time; 0: all at once. At least one batch, which may be empty."""
    if not path.is_file():
        raise DataError("no such file", where=table.file, todo="put it there or correct party.toml")
    try:
        changed, source = path.stat().st_mtime, _source(path, table)
        own = _checked(table, layout, source.header(), allowed)
        repeated, first = frozenset(own[name] for name in layout.repeated if name in own), 0
        for columns in source.batches(list(own.values()), repeated, rows):
            raw = {product: columns[name] for product, name in own.items()}
            count = len(next(iter(raw.values())))
            yield RawTable(table.file, table.kind, changed, count, raw, own, table.time_zone, first)
            first += count
    except OSError:
        raise DataError("the file cannot be read", where=table.file, todo="check its permissions") from None


def estimated_bytes(path: Path, table: TableFile, layout: Layout) -> int:
    """About how much memory the columns of a file will take as texts, from its size or its first rows."""
    if not path.is_file():
        return 0
    if table.kind != "parquet":
        return _GROWTH * path.stat().st_size
    source = _Parquet(path, table)
    return source.estimated([table.own(name) for name in (*layout.required, *layout.optional)])


def _checked(table: TableFile, layout: Layout, header: list[str], allowed: frozenset[str] | None) -> dict[str, str]:
    own = _wanted(table, layout, header)
    if allowed is not None:
        product = {name: key for key, name in table.columns.items()}
        check_columns((product.get(name, name) for name in header), allowed, table.file)
    return own


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

    def batches(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Column]]:
        """Columns as text arrays without nulls, the repeated ones as dictionaries: all at once, or in blocks of the
        file if `rows`."""
        found = 0
        try:
            for part in self._stream(names, repeated) if rows else self._whole(names, repeated):
                found += part.num_rows
                if rows or found + 1 == self._lines:
                    yield {name: whole(part.column(name)) for name in names}
        except pa.ArrowException:
            raise self._malformed() from None
        if found + 1 != self._lines:
            raise self._malformed()

    def _whole(self, names: list[str], repeated: frozenset[str]) -> Iterator[Any]:
        yield pa_csv.read_csv(self._path, *self._options(names, repeated))

    def _stream(self, names: list[str], repeated: frozenset[str]) -> Iterator[Any]:
        with pa_csv.open_csv(self._path, *self._options(names, repeated)) as stream:
            empty = True
            for part in stream:
                empty = False
                yield part
            if empty:
                yield stream.schema.empty_table()

    def _options(self, names: list[str], repeated: frozenset[str]) -> tuple[Any, Any, Any]:
        kinds = {name: _DICTIONARY if name in repeated else pa.large_string() for name in names}
        return (pa_csv.ReadOptions(block_size=_CHUNK),
                pa_csv.ParseOptions(delimiter=self._delimiter, ignore_empty_lines=False),
                pa_csv.ConvertOptions(include_columns=names, column_types=kinds,
                                      null_values=[], strings_can_be_null=False, check_utf8=False))

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

    def batches(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Column]]:
        """Columns in their own types; repeated texts as dictionaries, others decoded. `rows` at a time, or all, one
        column after the other: the bytes of the file and the arrays made of them are never there for all at once."""
        try:
            file = pa_parquet.ParquetFile(self._path, read_dictionary=list(repeated))
            if not rows or not file.metadata.num_rows:
                yield {name: self._column(file, name, name in repeated) for name in names}
                return
            for batch in file.iter_batches(rows, columns=names):
                yield {name: plain(batch.column(name), name in repeated) for name in names}
        except (pa.ArrowException, OSError):
            raise self._unreadable() from None

    def estimated(self, names: list[str]) -> int:
        """Bytes of all rows as texts, by the first ones."""
        present = [name for name in names if name in self.header()]
        for columns in self.batches(present, frozenset(), _SAMPLE):
            size = sum(column.nbytes for column in columns.values())
            return int(size * self._parquet.metadata.num_rows / max(1, *(len(each) for each in columns.values())))
        return 0

    def _column(self, file: Any, name: str, repeated: bool) -> Column:
        batches = file.iter_batches(_BATCH, columns=[name], use_threads=False)  # a thread more, a batch more in memory
        parts = [plain(batch.column(0), repeated) for batch in batches]
        pa.default_memory_pool().release_unused()  # else what one column needed stays beside the next
        empty = file.schema_arrow.field(name).type
        return whole(pa.chunked_array(parts)) if parts else plain(pa.chunked_array([], empty), repeated)

    def _unreadable(self) -> DataError:
        return DataError("not a readable Parquet file", where=self._file, todo="write the file again")
