"""Normalised key values of many people, column by column: one buffer of bytes and its offsets, no object a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom.primitives.backend import Texts

Column: TypeAlias = Any  # pyarrow.LargeBinaryArray, or a ChunkedArray of them; null: the person has no such key

# Odd multipliers, one for each position of a byte: a multilinear hash. It groups equal texts; nothing rests on it.
_PIECE: Final = 1 << 13  # texts hashed at once: their arithmetic stays in the cache
_MULTIPLIERS: Final = np.random.Generator(np.random.PCG64(25519)).integers(0, 2**63, 1 << 10, dtype=np.uint64) * 2 + 1


class KeyValues:
    """(n, K): K columns of n values in priority order. A selection of people copies no value. Silent."""

    def __init__(self, columns: Sequence[Column], rows: NDArray[np.int32] | None = None) -> None:
        self._columns, self._rows = tuple(columns), rows

    @classmethod
    def of(cls, *columns: Sequence[bytes | str | None]) -> KeyValues:
        """From lists of values."""
        return cls([pa.array(column, type=pa.large_binary()) for column in columns])

    def __repr__(self) -> str:
        return "KeyValues"

    def __len__(self) -> int:
        return len(self._columns[0]) if self._rows is None else len(self._rows)

    @property
    def key_types(self) -> int:
        """K."""
        return len(self._columns)

    @property
    def size(self) -> int:
        """Bytes."""
        held: int = sum(column.nbytes for column in self._columns)
        return held + (0 if self._rows is None else self._rows.nbytes)

    def none(self) -> KeyValues:
        """Nobody, and no hold on the values either."""
        return KeyValues.of(*[[]] * len(self._columns))

    def take(self, rows: NDArray[np.integer[Any]]) -> KeyValues:
        """The values of some people, in this order."""
        return KeyValues(self._columns, (rows if self._rows is None else self._rows[rows]).astype(np.int32))

    def where(self, kept: NDArray[np.bool_]) -> KeyValues:
        """The values of the people that are kept."""
        return self if kept.all() else self.take(np.flatnonzero(kept))

    def part(self, rows: slice) -> KeyValues:
        """Consecutive people."""
        if self._rows is not None:
            return KeyValues(self._columns, self._rows[rows])
        return KeyValues([column.slice(rows.start, rows.stop - rows.start) for column in self._columns])

    def chosen(self) -> KeyValues:
        """The same with values of its own, so that nothing is looked up any more. For a chunk."""
        return KeyValues([self._column(position) for position in range(len(self._columns))])

    def present(self, position: int) -> NDArray[np.bool_]:
        """Who has a key of this type."""
        has: NDArray[np.bool_] = self._column(position).is_valid().to_numpy(zero_copy_only=False)
        return has

    def texts(self, position: int) -> Texts:
        """The present values of one key type, as the backend hashes them."""
        return packed(self._column(position).drop_null())

    def framed(self) -> list[bytes]:
        """One message a person, for a chunk: for each key type a zero byte, or a one, the length (4 bytes, big-endian)
        and the value. Different people have different messages."""
        columns = [_framed(self._column(position)) for position in range(len(self._columns))]
        found: list[bytes] = pc.binary_join_element_wise(*columns, pa.scalar(b"", pa.large_binary())).to_pylist()
        return found

    def tolist(self) -> list[list[bytes | None]]:
        """Row by row. For tests and small lists."""
        columns = (self._column(position).to_pylist() for position in range(len(self._columns)))
        return [list(row) for row in zip(*columns, strict=True)]

    def _column(self, position: int) -> Column:
        column = self._columns[position]
        return column if self._rows is None else column.take(pa.array(self._rows))


def packed(column: Column) -> Texts:
    """Bytes and offsets of a column without nulls."""
    column = whole(column)
    if len(column) == 0:
        return Texts(np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int64))
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[column.offset:column.offset + len(column) + 1]
    values = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, dtype=np.uint8)
    return Texts(values[ends[0]:ends[-1]], ends - ends[0])


def _framed(column: Column) -> Column:
    column = whole(column)
    lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False).astype(">u4")
    heads = np.concatenate([np.ones((len(column), 1), np.uint8), lengths.view(np.uint8).reshape(-1, 4)], axis=1)
    heads = pa.FixedSizeBinaryArray.from_buffers(pa.binary(5), len(column), [None, pa.py_buffer(heads.tobytes())])
    both = pc.binary_join_element_wise(heads.cast(pa.binary()).cast(pa.large_binary()), column,
                                       pa.scalar(b"", pa.large_binary()))
    return pc.fill_null(both, b"\x00")


def text_hashes(texts: Texts) -> NDArray[np.uint64]:
    """(n,) a hash of each text; equal texts have equal hashes. Anyone can make others collide."""
    count = len(texts.offsets) - 1
    parts = [_hashes(texts.part(start, min(start + _PIECE, count))) for start in range(0, count, _PIECE)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def _hashes(texts: Texts) -> NDArray[np.uint64]:
    place = np.arange(len(texts.data), dtype=np.int64) - np.repeat(texts.offsets[:-1], np.diff(texts.offsets))
    # + 1, so that a zero byte counts.
    terms = (texts.data.astype(np.uint64) + np.uint64(1)) * _MULTIPLIERS[place & (len(_MULTIPLIERS) - 1)]
    running = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(terms, dtype=np.uint64)])
    sums: NDArray[np.uint64] = running[texts.offsets[1:]] - running[texts.offsets[:-1]]
    return sums ^ (sums >> np.uint64(29))


def repeated(column: Column) -> NDArray[np.bool_]:
    """Which values stand more than once in a column (nulls never do). Exact: hashes only choose the candidates."""
    present = column.is_valid().to_numpy(zero_copy_only=False)
    hashes = text_hashes(packed(column.drop_null()))
    rows = np.flatnonzero(present)[_candidates(hashes)]
    found = np.zeros(len(column), dtype=np.bool_)
    if len(rows):
        codes = whole(column.take(pa.array(rows))).dictionary_encode().indices.to_numpy()
        found[rows] = np.bincount(codes)[codes] > 1
    return found


def text_array(texts: pd.Series) -> Column:
    """A column of texts as one array of large strings; a null is an empty text."""
    kind = None if isinstance(texts.dtype, pd.CategoricalDtype) else pa.large_string()
    return pc.fill_null(whole(pa.array(texts, type=kind, from_pandas=True).cast(pa.large_string())), "")


def without(column: Column, dropped: NDArray[np.bool_]) -> Column:
    """The column with nulls in place of what is dropped."""
    return pc.if_else(pa.array(~dropped), column, pa.scalar(None, pa.large_binary())) if dropped.any() else column


def whole(column: Column) -> Column:
    """One array in place of chunks."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _candidates(hashes: NDArray[np.uint64]) -> NDArray[np.intp]:
    twice = repeated_hashes(hashes)
    return np.flatnonzero(np.isin(hashes, twice)) if len(twice) else np.empty(0, dtype=np.intp)


def repeated_hashes(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The hashes that occur more than once, each once."""
    ordered = np.sort(hashes)
    twice: NDArray[np.uint64] = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return twice
