"""A table from a query on a DuckDB file: read-only, and without reach beyond that file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from cleanroom.adapters.arrays import plain
from cleanroom.errors import DataError


class DuckDBQuery:
    """Columns of one query's result, all read at once."""

    def __init__(self, path: Path, query: str, file: str) -> None:
        self._table: Any
        try:
            with duckdb.connect(str(path), read_only=True) as database:
                database.execute("SET enable_external_access = false")  # no other file, no network, no extension
                database.execute("SET lock_configuration = true")
                found = database.sql(query)
                self._table = found.to_arrow_table() if found is not None else None
        except duckdb.Error as error:  # its message may quote a value
            raise DataError(f"the query failed ({type(error).__name__})", where=file,
                            todo="try `query` of party.toml in the duckdb shell, read-only") from None
        if self._table is None:
            raise DataError("the query failed (it gives no table)", where=file, todo="write a SELECT")

    def header(self) -> list[str]:
        """Column names."""
        return list(self._table.column_names)

    def batches(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Any]]:
        """Columns in their own types, texts as large strings or dictionaries of them: `rows` at a time, or all."""
        size = rows or max(1, self._table.num_rows)
        for start in range(0, max(1, self._table.num_rows), size):
            part = self._table.slice(start, size)
            yield {name: plain(part.column(name), name in repeated) for name in names}
