"""One reading of a party's tables, whatever they come from, as raw columns with the place of every row.

A file that changes between the first look at it and the last is refused, and all tables of a database are of one
moment. Errors name file, line or row, and field; never a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import TracebackType
from typing import Self

from cleanroom.adapters.arrays import Column
from cleanroom.adapters.layout import LAYOUTS, Layout
from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.source_settings import TableSource
from cleanroom.adapters.sources.base import Source
from cleanroom.adapters.sources.duckdb_engine import DuckDB
from cleanroom.adapters.sources.folder import Folder, data_file
from cleanroom.adapters.sources.postgres import Postgres
from cleanroom.adapters.sources.query import Engine, Query
from cleanroom.consent.files import check_columns
from cleanroom.errors import DataError


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RawTable:
    """Columns of one table, or of consecutive rows of it, by product name, not yet typed (pyarrow arrays)."""

    file: str  # how errors name it
    source: Source
    rows: int
    columns: Mapping[str, Column]
    own: Mapping[str, str]  # the party's name of each column
    time_zone: str | None
    first: int = 0  # data row of the table at which these columns begin

    def error(self, what: str, field: str, row: int, todo: str) -> DataError:
        """Error at data row `row` (0-based) of a product column."""
        return DataError(what, where=f"{self.source.place(self.first + row)}, field {self.own[field]}", todo=todo)


class Reading:
    """The tables of a party while they are read; each may be read again. Use as a context manager."""

    def __init__(self, settings: PartySettings) -> None:
        self.settings = settings
        self._sources: dict[str, Source] = {}
        self._engines: dict[tuple[str | None, ...], Engine] = {}  # a database, or a DuckDB file, is opened once
        self._stack = ExitStack()
        self.layouts: Mapping[str, Layout] = {name: layout for name, layout in LAYOUTS[settings.role].items()
                                              if name in settings.data}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stack.close()

    def whole(self, name: str, allowed: frozenset[str] | None = None) -> RawTable:
        """The columns of a table's layout that it has. `allowed`: all that it may have (R-13); None: any.

        DataError: no file, not readable as its format, a missing or repeated column, broken text, a change meanwhile.
        """
        [table] = self.batches(name, self.layouts[name], 0, allowed)
        return table

    def batches(self, name: str, layout: Layout, rows: int, allowed: frozenset[str] | None = None
                ) -> Iterator[RawTable]:
        """As `whole`, about `rows` at a time; 0: all at once. At least one batch, which may be empty."""
        table = self.settings.data[name]
        try:
            source = self._source(name)
            own = _checked(table, layout, source.header(), allowed)
            repeated, first = frozenset(own[each] for each in layout.repeated if each in own), 0
            for columns in source.batches(list(own.values()), repeated, rows):
                raw = {product: columns[each] for product, each in own.items()}
                count = len(next(iter(raw.values())))
                yield RawTable(table.label, source, count, raw, own, table.time_zone, first)
                first += count
        except OSError:
            raise DataError("the file cannot be read", where=table.label, todo="check its permissions") from None

    def header(self, name: str) -> list[str]:
        """The party's own columns of a table. DataError as `whole`."""
        return self._source(name).header()

    def size(self) -> int:
        """About how much memory all tables will take as texts. DataError as `whole`."""
        return sum(self._size(name) for name in self.layouts)

    def _size(self, name: str) -> int:
        own = _wanted(self.settings.data[name], self.layouts[name], self.header(name))
        return self._source(name).estimated(list(own.values()))

    def _source(self, name: str) -> Source:
        if name not in self._sources:
            self._sources[name] = self._opened(name, self.settings.data[name])
        return self._sources[name]

    def _opened(self, name: str, table: TableSource) -> Source:
        if table.sql:
            return Query(self._engine(name, table), table.sql, table.label)
        folder, file = self.settings.folder, table.file or ""
        return Folder(folder / file, file, table) if table.is_folder else data_file(folder / file, file, table)

    def _engine(self, name: str, table: TableSource) -> Engine:
        key = table.database, table.file, name if table.files else ""
        if key not in self._engines:
            self._engines[key] = self._stack.enter_context(closing(_started(table, self.settings)))
        return self._engines[key]


def _started(table: TableSource, settings: PartySettings) -> DuckDB | Postgres:
    if table.database is not None:
        return Postgres(settings.databases[table.database], table.database, settings.folder)
    files = table.files or {PurePosixPath(table.file or "").stem: table.file or ""}
    return DuckDB(settings.folder, files, settings.limits.bytes, table)


def _checked(table: TableSource, layout: Layout, header: list[str], allowed: frozenset[str] | None) -> dict[str, str]:
    own = _wanted(table, layout, header)
    if allowed is not None:
        product = {name: key for key, name in table.columns.items()}
        check_columns((product.get(name, name) for name in header), allowed, table.label)
    return own


def _wanted(table: TableSource, layout: Layout, header: Sequence[str]) -> dict[str, str]:
    """Own name of each product column to read."""
    must = {*layout.required, *table.columns}
    wanted = {product: table.own(product) for product in (*layout.required, *layout.optional)
              if product in must or product in header}
    for product, name in wanted.items():
        if header.count(name) != 1:
            problem = "this column is missing" if name not in header else "two columns have this name"
            raise DataError(problem, where=f"{table.label}, field {name}",
                            todo=f"correct the header, or map {product} in party.toml")
    return wanted
