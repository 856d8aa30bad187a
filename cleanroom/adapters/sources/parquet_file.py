"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from cleanroom.adapters.arrays import Column, plain, whole
from cleanroom.adapters.sources.base import OneFile, WatchedFile
from cleanroom.errors import DataError

_BATCH: Final = 250_000  # rows of a column in memory beside the finished array
_SAMPLE: Final = 65_536  # rows


class ParquetFile(OneFile):
    """A `Source`."""

    checked = False

    def __init__(self, file: WatchedFile) -> None:
        self._file = file
        try:
            self._parquet = pa_parquet.ParquetFile(file.path)
        except (pa.ArrowException, OSError):
            raise self._unreadable() from None

    def header(self) -> list[str]:
        """Column names."""
        return list(self._parquet.schema_arrow.names)

    def batches(self, names: list[str], repeated: frozenset[str], rows: int) -> Iterator[dict[str, Column]]:
        """Columns in their own types; repeated texts as dictionaries, others decoded. `rows` at a time, or all, one
        column after the other: the bytes of the file and the arrays made of them are never there for all at once."""
        try:
            # Buffered ahead, the whole file would stay in memory until its last batch.
            file = pa_parquet.ParquetFile(self._file.path, read_dictionary=list(repeated), pre_buffer=False)
            if not rows or not file.metadata.num_rows:
                yield {name: self._column(file, name, name in repeated) for name in names}
            else:
                for batch in file.iter_batches(rows, columns=names):
                    yield {name: plain(batch.column(name), name in repeated) for name in names}
        except (pa.ArrowException, OSError):
            self._file.verify()
            raise self._unreadable() from None
        self._file.verify()

    def estimated(self, names: list[str]) -> int:
        """See `base.Source`: by the first rows."""
        for columns in self.batches(names, frozenset(), _SAMPLE):
            size = sum(column.nbytes for column in columns.values())
            return int(size * self._parquet.metadata.num_rows / max(1, *(len(each) for each in columns.values())))
        return 0

    def place(self, row: int) -> str:
        """See `base.Source`."""
        return f"{self._file.name}, row {row + 1}"

    def _column(self, file: Any, name: str, repeated: bool) -> Column:
        batches = file.iter_batches(_BATCH, columns=[name], use_threads=False)  # a thread more, a batch more in memory
        parts = [plain(batch.column(0), repeated) for batch in batches]
        pa.default_memory_pool().release_unused()  # else what one column needed stays beside the next
        empty = file.schema_arrow.field(name).type
        return whole(pa.chunked_array(parts)) if parts else plain(pa.chunked_array([], empty), repeated)

    def _unreadable(self) -> DataError:
        return DataError("not a readable Parquet file", where=self._file.name, todo="write the file again")
