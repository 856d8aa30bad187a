"""The answer to a query as a table, whatever engine gives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import pyarrow as pa

from cleanroom.adapters.arrays import Column, plain

_SAMPLE: Final = 65_536  # rows


class Engine(Protocol):
    """Runs one SELECT at a time. Every answer is of the same data, or an answer's end is a DataError."""

    @property
    def changed(self) -> float | None:
        """When the data were last written, seconds since 1970. None: a live system."""
        ...

    def columns(self, query: str, where: str) -> list[tuple[str, str]]:
        """Name of each column of the answer, and the SQL that selects it by that name. DataError at `where`."""
        ...

    def ask(self, query: str, where: str) -> AbstractContextManager[Any]:
        """A pyarrow.RecordBatchReader. What fails inside the context is a DataError at `where`."""
        ...


class Query:
    """A `Source`. `where` names it in errors."""

    checked = False

    def __init__(self, engine: Engine, query: str, where: str) -> None:
        self._engine, self._where = engine, where
        self._query = query.strip().rstrip(";")
        self._columns: list[tuple[str, str]] = []

    @property
    def changed(self) -> float | None:
        """See `base.Source`."""
        return self._engine.changed

    def header(self) -> list[str]:
        """Column names."""
        self._columns = self._columns or self._engine.columns(self._query, self._where)
        return [name for name, _ in self._columns]

    def batches(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Column]]:
        """See `base.Source`. Columns in their own types."""
        with self._engine.ask(self._from(self._chosen(names)), self._where) as reader:
            for part in _sliced(reader, rows) if rows else [reader.read_all()]:
                yield {name: plain(part.column(place), name in repeated) for place, name in enumerate(names)}

    def estimated(self, names: list[str]) -> int:
        """See `base.Source`: by counting, and the first rows."""
        with self._engine.ask(self._from("count(*)"), self._where) as reader:
            count = int(reader.read_all().column(0)[0].as_py())
        with self._engine.ask(f"{self._from(self._chosen(names))} LIMIT {_SAMPLE}", self._where) as reader:
            sample = reader.read_all()
        return int(sample.nbytes * count // max(1, sample.num_rows))

    def place(self, row: int) -> str:
        """See `base.Source`."""
        return f"{self._where}, row {row + 1}"

    def _chosen(self, names: list[str]) -> str:
        selects = dict(self._columns)
        return ", ".join(selects[name] for name in names)

    def _from(self, selected: str) -> str:
        return f"SELECT {selected} FROM (\n{self._query}\n) AS answer"  # noqa: S608  the owner's own query


def _sliced(reader: Any, rows: int) -> Iterator[Any]:
    """Batches of at most `rows` rows, one at least."""
    empty = True
    for batch in reader:
        for start in range(0, batch.num_rows, rows):
            empty = False
            yield batch.slice(start, rows)
    if empty:
        yield pa.Table.from_batches([], reader.schema)
