"""CSV files: one header line, one line per row, so that data row i is on line i + 2.

A line end inside a quoted field is refused, because an unclosed quote would swallow people silently; with
`quoted_newlines` it is taken, and then a quoted field must be closed and end there (RFC 4180); a quote inside an
unquoted field is a character. Cells are texts: a formula is one.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pa_csv

from cleanroom import limits
from cleanroom.adapters.arrays import Column, whole
from cleanroom.adapters.source_settings import TableSource
from cleanroom.adapters.sources.base import OneFile, WatchedFile
from cleanroom.errors import DataError

_DICTIONARY: Final = pa.dictionary(pa.int32(), pa.large_string())
_GROWTH: Final = 3  # bytes of a text with its offset, for one in the file
_CHUNK: Final = 4 * 1024 * 1024  # bytes read at once; also bounds the length of a line
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")  # ends a row for Arrow, and no line
_ENCODING_TODO: Final = "save the file as UTF-8 text, or say its encoding in party.toml"


class CsvFile(OneFile):
    """A `Source`. Its text is checked and its rows counted before the first batch; after the last they must agree."""

    checked = True

    def __init__(self, file: WatchedFile, table: TableSource) -> None:
        self._file, self._delimiter, self._newlines = file, table.delimiter, table.quoted_newlines
        self._encoding = "utf-8-sig" if table.encoding == "utf-8" else table.encoding  # with or without a mark
        self._expected = -1

    def header(self) -> list[str]:
        """Column names."""
        try:
            with self._opened() as handle:
                line = handle.readline(limits.MAX_FILE_FIELD_CHARACTERS)
        except UnicodeError:
            self._check_text()  # names the line
            raise
        if not line.strip():
            raise DataError("the file is empty", where=self._file.name, todo="write a header line and rows")
        return next(csv.reader([line], delimiter=self._delimiter))

    def batches(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Column]]:
        """See `base.Source`; batches are blocks of the file. Columns are texts without nulls."""
        if self._expected < 0:
            lines = self._check_text()
            self._expected = (self._records() if self._newlines else lines) - 1
        found = 0
        try:
            for part in self._stream(names, repeated) if rows else self._whole(names, repeated):
                found += part.num_rows
                if rows or found == self._expected:
                    yield {name: whole(part.column(name)) for name in names}
        except (pa.ArrowException, UnicodeError):
            self._file.verify()
            raise self._malformed() from None
        self._file.verify()
        if found != self._expected:
            raise self._malformed()

    def estimated(self, names: list[str]) -> int:  # noqa: ARG002  all columns count
        """See `base.Source`: by the size of the file."""
        return _GROWTH * self._file.size

    def place(self, row: int) -> str:
        """See `base.Source`."""
        return f"{self._file.name}, {f'row {row + 1}' if self._newlines else f'line {row + 2}'}"

    def _opened(self) -> Any:
        return self._file.path.open(encoding=self._encoding, newline="")

    def _whole(self, names: list[str], repeated: frozenset[str]) -> Iterator[Any]:
        yield pa_csv.read_csv(self._file.path, *self._options(names, repeated))

    def _stream(self, names: list[str], repeated: frozenset[str]) -> Iterator[Any]:
        with pa_csv.open_csv(self._file.path, *self._options(names, repeated)) as stream:
            empty = True
            for part in stream:
                empty = False
                yield part
            if empty:
                yield stream.schema.empty_table()

    def _options(self, names: list[str], repeated: frozenset[str]) -> tuple[Any, Any, Any]:
        kinds = {name: _DICTIONARY if name in repeated else pa.large_string() for name in names}
        encoding = "utf8" if self._encoding == "utf-8-sig" else self._encoding  # as it is, a mark skipped
        return (pa_csv.ReadOptions(block_size=_CHUNK, encoding=encoding),
                pa_csv.ParseOptions(delimiter=self._delimiter, ignore_empty_lines=False,
                                    newlines_in_values=self._newlines),
                pa_csv.ConvertOptions(include_columns=names, column_types=kinds,
                                      null_values=[], strings_can_be_null=False, check_utf8=False))

    def _check_text(self) -> int:
        """Number of lines; DataError at the first NUL or lone CR, or bytes that are no text of the encoding."""
        decoder = codecs.getincrementaldecoder(self._encoding)()
        lines, last, held, end = 0, "\n", "", False
        with self._file.path.open("rb") as handle:
            while not end:
                chunk = handle.read(_CHUNK)
                end = not chunk
                try:
                    text = held + decoder.decode(chunk, final=end)
                except UnicodeError as bad:
                    raise self._bad_line(lines + _line_ends(bad) + 1, f"is not {self._said()} text",
                                         _ENCODING_TODO) from None
                held = "\r" if text.endswith("\r") and not end else ""  # its line feed may be in the next chunk
                text = text.removesuffix(held)
                self._check_characters(text, lines)
                lines, last = lines + text.count("\n"), text[-1:] or last
        return lines + (last != "\n")

    def _check_characters(self, text: str, lines: int) -> None:
        """`text` follows `lines` lines."""
        nul, lone = text.find("\x00"), None if self._newlines else _LONE_RETURN.search(text)
        if nul >= 0:
            raise self._bad_line(lines + text.count("\n", 0, nul) + 1, "holds a NUL byte", _ENCODING_TODO)
        if lone:
            raise self._bad_line(lines + text.count("\n", 0, lone.start()) + 1,
                                 "holds a carriage return without a line feed", "end lines with LF, or CR LF")

    def _records(self) -> int:
        """Number of records, the header included. DataError: one that is not a row of the table."""
        number = width = 0
        with self._opened() as handle:
            try:
                for number, fields in enumerate(csv.reader(handle, delimiter=self._delimiter, strict=True), 1):
                    width = width or len(fields)
                    if len(fields) != width:
                        raise self._bad_row(f"row {number - 1}")
            except csv.Error:  # a quote where none may be, or never closed
                raise self._bad_row(f"row {number}") from None
        return number

    def _malformed(self) -> DataError:
        """Find the first line that is not one row; only runs when the file is already refused."""
        if self._newlines:
            return self._bad_row("")
        width = number = 0
        with self._opened() as handle:
            while line := handle.readline(_CHUNK):
                number += 1
                if len(line) == _CHUNK:
                    return self._bad_line(number, f"is longer than {_CHUNK:,} characters", "shorten it")
                fields = _fields(line, self._delimiter)
                width = width or len(fields)
                if len(fields) != width or not line.strip():
                    return self._bad_row(f"line {number}")
        return self._bad_row("")

    def _bad_row(self, place: str) -> DataError:
        return DataError("a line is not one row of the table", where=f"{self._file.name}, {place}".removesuffix(", "),
                         todo="give every line the fields of the header, close quotes, remove empty lines"
                              + ("" if self._newlines else "; or say quoted_newlines in party.toml"))

    def _bad_line(self, line: int, what: str, todo: str) -> DataError:
        return DataError(f"the line {what}", where=f"{self._file.name}, line {line}", todo=todo)

    def _said(self) -> str:
        return self._encoding.removesuffix("-sig").upper() if self._encoding.startswith("utf") else self._encoding


def _line_ends(error: UnicodeError) -> int:
    """In front of the place that cannot be decoded; 0 for a text without its byte-order mark."""
    if not isinstance(error, UnicodeDecodeError):
        return 0
    return error.object[:error.start].decode(error.encoding, "ignore").count("\n")


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
