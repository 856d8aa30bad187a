"""A party's tables in parts that fit the memory: every row of a person, from every table, is in one part.

Files are read once, a batch at a time, checked as a whole read would check them, and their rows go to the pile of their
person's part. Rows of nobody are spread evenly. Parts are then taken one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cleanroom.adapters.layout import LAYOUTS
from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.readers import Terms, load_tables, require_rows, tables_of, typed
from cleanroom.adapters.reading import estimated_bytes, read_batches
from cleanroom.contract.model import Contract
from cleanroom.errors import DataError
from cleanroom.identity.numbering import numbered, plain_ids
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.identity.values import packed, repeated_hashes, text_hashes
from cleanroom.ports import Pile, Scratch

_BATCH: Final = 131_072  # rows read at once
_SHARE: Final = 20  # of the budget that one part may take as texts: the steps that follow hold several copies
_MOST_PARTS: Final = 512
_LEAST_PART: Final = 1 << 20  # bytes; smaller ones would cost more time than memory
_UNIQUE: Final = frozenset({"people", "members", "arms"})  # one row a person

Tables = AdvertiserTables | RetailerTables


def load_parts(settings: PartySettings, contract: Contract, scratch: Scratch, budget: int) -> Iterator[Tables]:
    """All tables of the party, checked before this returns, in as many parts as a memory of `budget` bytes needs.

    Persons are numbered within their part. DataError as `readers.load_tables`; MachineError when there is no room.
    """
    size = sum(estimated_bytes(settings.path(name), settings.data[name], layout)
               for name, layout in LAYOUTS[settings.role].items() if name in settings.data)
    count = min(_MOST_PARTS, size // _LEAST_PART, -(-_SHARE * size // budget))
    if count <= 1:
        return iter([numbered(load_tables(settings, contract))])
    scratch.require(size)
    piles = {name: _spread(settings, name, Terms.of(contract), scratch.piles(count))
             for name in LAYOUTS[settings.role] if name in settings.data}
    return (_part(settings, piles, number) for number in range(count))


def _part(settings: PartySettings, piles: dict[str, tuple[list[Pile], pd.DataFrame]], number: int) -> Tables:
    pa.default_memory_pool().release_unused()
    return numbered(tables_of(settings.role, {name: _frame(table[number], empty)
                                              for name, (table, empty) in piles.items()}))


def _spread(settings: PartySettings, name: str, terms: Terms, piles: Any) -> tuple[list[Pile], pd.DataFrame]:
    """The rows of one table by part, and a frame of its columns without rows."""
    layout, path, table = LAYOUTS[settings.role][name], settings.path(name), settings.data[name]
    seen: list[NDArray[np.uint64]] = []
    empty: pd.DataFrame | None = None
    for raw in read_batches(path, table, layout, _BATCH):
        if raw.first == 0:
            require_rows(name, raw)
        frame = typed(name, raw, terms)
        empty = frame.iloc[:0] if empty is None else empty
        hashes = text_hashes(packed(plain_ids(frame["person"])))
        if name in _UNIQUE:
            seen.append(hashes)
        nobody = np.asarray(frame["person"] == "", dtype=np.bool_)
        row = np.arange(raw.first, raw.first + len(frame))
        part = np.where(nobody, row, (hashes >> np.uint64(16)).astype(np.int64))
        _add(frame, part % len(piles), piles)
    if seen:
        _refuse_repeated(settings, name, terms, np.concatenate(seen))
    if empty is None:
        raise DataError("the file has no rows", where=table.file, todo="write the rows, or name another file")
    return list(piles), empty


def _add(frame: pd.DataFrame, part: NDArray[np.int64], piles: list[Pile]) -> None:
    order = np.argsort(part.astype(np.int16), kind="stable")
    table = pa.Table.from_pandas(frame, preserve_index=False).take(pa.array(order))
    ends = np.cumsum(np.bincount(part, minlength=len(piles)))
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    for pile, start, end in zip(piles, [0, *ends[:-1]], ends, strict=True):
        if end > start:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
                writer.write_table(table.slice(start, end - start).combine_chunks())
            data = np.frombuffer(sink.getvalue(), dtype=np.uint8)
            pile.add(np.frombuffer(len(data).to_bytes(8, "little"), dtype=np.uint8))
            pile.add(data)


def _frame(pile: Pile, empty: pd.DataFrame) -> pd.DataFrame:
    """One part of one table."""
    pieces = list(pile.take())
    if not pieces:
        return empty
    data, tables, at = np.concatenate(pieces).data, [], 0
    pieces.clear()
    while at < len(data):
        size = int.from_bytes(data[at:at + 8], "little")
        with pa.ipc.open_stream(pa.py_buffer(data[at + 8:at + 8 + size])) as reader:
            tables.append(reader.read_all())
        at += 8 + size
    frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
    return frame.astype({name: kind for name, kind in empty.dtypes.items() if frame[name].dtype != kind})


def _refuse_repeated(settings: PartySettings, name: str, terms: Terms, hashes: NDArray[np.uint64]) -> None:
    """DataError at the second row of a person. Hashes only say whether to look; then the file is read again."""
    suspects = repeated_hashes(hashes)
    if not len(suspects):
        return
    seen: set[str] = set()
    layout, path, table = LAYOUTS[settings.role][name], settings.path(name), settings.data[name]
    for raw in read_batches(path, table, layout, _BATCH):
        persons = typed(name, raw, terms)["person"]
        rows = np.flatnonzero(np.isin(hashes[raw.first:raw.first + raw.rows], suspects))
        for row in rows.tolist():
            if persons.iloc[row] in seen:
                raise raw.error("this person already has a row", "person", row, "keep one row per person")
            seen.add(persons.iloc[row])
