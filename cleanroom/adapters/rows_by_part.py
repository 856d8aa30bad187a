"""Rows of a table on their way to the parts they belong to, and back: Arrow streams in piles of bytes.

A piece costs a schema, its dictionaries and some calls, however few rows it has. So rows wait for others of their part
until they fill the room that they are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cleanroom.ports import Pile

_FEW: Final = 1024  # distinct texts that are worth a dictionary in every piece
_DICTIONARY: Final = pa.dictionary(pa.int32(), pa.large_string())
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")


class RowsByPart:
    """Frames of the same columns, spread over one pile a part. About `room` bytes wait in memory."""

    def __init__(self, piles: Sequence[Pile], room: int) -> None:
        self._piles, self._room, self._size = piles, room, 0
        self._tables: list[Any] = []  # each in the order of the parts
        self._bounds: list[NDArray[np.int64]] = []  # where each part begins in each table, and where the last one ends

    def __repr__(self) -> str:
        return f"RowsByPart({len(self._piles)})"

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self._piles)

    def add(self, frame: pd.DataFrame, part: NDArray[np.int64]) -> None:
        """Rows, and the part of each. MachineError when there is no room for them."""
        if frame.empty:
            return
        order = np.argsort(part.astype(np.int16), kind="stable")
        table = _lean(pa.Table.from_pandas(frame, preserve_index=False)).take(pa.array(order))
        self._tables.append(table)
        self._bounds.append(np.cumsum([0, *np.bincount(part, minlength=len(self))]))
        self._size += table.nbytes
        if self._size >= self._room:
            self.flush()

    def flush(self) -> None:
        """Nothing waits any more."""
        if not self._tables:
            return
        table, firsts = _joined(self._tables), np.cumsum([0, *(len(each) for each in self._tables[:-1])])
        bounds = np.stack(self._bounds) + firsts[:, np.newaxis]
        self._tables, self._bounds, self._size = [], [], 0
        for part, pile in enumerate(self._piles):
            rows = pa.concat_tables([table.slice(start, end - start)
                                     for start, end in bounds[:, part:part + 2].tolist()])
            if len(rows):
                data = _stream(_lean(rows))  # part by part: texts without their dictionary may take many times the room
                pile.add(np.frombuffer(len(data).to_bytes(8, "little"), dtype=np.uint8))
                pile.add(data)

    def look(self, number: int, empty: pd.DataFrame) -> pd.DataFrame:
        """The rows of one part, which stay. `empty`: a frame of the columns, without rows."""
        self.flush()
        return _read(list(self._piles[number].look()), empty)

    def take(self, number: int, empty: pd.DataFrame) -> pd.DataFrame:
        """As `look`, once."""
        self.flush()
        return _read(list(self._piles[number].take()), empty)


def _stream(table: Any) -> NDArray[np.uint8]:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table.combine_chunks())
    return np.frombuffer(sink.getvalue(), dtype=np.uint8)


def _read(pieces: list[NDArray[np.uint8]], empty: pd.DataFrame) -> pd.DataFrame:
    """The frame of the streams in a pile. Takes the pieces over."""
    if not pieces:
        return empty
    data, tables, at = np.concatenate(pieces).data, [], 0
    pieces.clear()
    while at < len(data):
        size = int.from_bytes(data[at:at + 8], "little")
        with pa.ipc.open_stream(pa.py_buffer(data[at + 8:at + 8 + size])) as reader:
            tables.append(reader.read_all())
        at += 8 + size
    frame: pd.DataFrame = _joined(tables).to_pandas()
    plain = {name: kind for name, kind in empty.dtypes.items() if not isinstance(kind, pd.CategoricalDtype)}
    return frame.astype({name: kind for name, kind in plain.items() if frame[name].dtype != kind})


def _joined(tables: list[Any]) -> Any:
    """One table. A column that is a dictionary in some is one in all."""
    columns = {}
    for name in tables[0].column_names:
        found = [table.column(name) for table in tables]
        if any(pa.types.is_dictionary(column.type) for column in found):
            found = [column if pa.types.is_dictionary(column.type) else
                     column.dictionary_encode().cast(_DICTIONARY) for column in found]
        chunks = pa.chunked_array([chunk for column in found for chunk in column.chunks])
        columns[name] = chunks.unify_dictionaries() if pa.types.is_dictionary(chunks.type) else chunks
    return pa.table(columns)


def _lean(table: Any) -> Any:
    """The table with dictionaries of few texts only: all texts of a dictionary go to every part."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            few = len(table.column(place).chunk(0).dictionary) <= _FEW
            table = table.set_column(place, field.name,
                                     table.column(place).cast(_DICTIONARY if few else pa.large_string()))
    return table
