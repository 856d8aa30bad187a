"""Arrow columns out of numpy arrays, without a Python object per row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom.adapters.synth.parameters import START

Array: TypeAlias = Any  # pyarrow.Array; the library ships no types
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

_DAY: Final = 86_400
_ZERO: Final = int(datetime.combine(START, time(), UTC).timestamp())  # day 0, seconds since 1970
_HEX: Final = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_UUID_PLACES: Final = [place for place in range(36) if place not in (8, 13, 18, 23)]


def pick(words: Sequence[str | None], codes: NDArray[Any]) -> Array:
    """The word of each code."""
    return pa.array(words, pa.string()).take(pa.array(codes))


def joined(*parts: Array | str) -> Array:
    """Texts put together row by row; null where a part is null."""
    return pc.binary_join_element_wise(*parts, "")


def digits(numbers: Ints, width: int) -> Array:
    """Decimal digits with leading zeros."""
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")


def decimals(numbers: Ints, scale: int) -> Array:
    """Whole numbers of 10^-`scale` units, none negative, as exact decimals."""
    words = np.zeros((len(numbers), 2), dtype="<i8")  # low and high half of the 128-bit integers
    words[:, 0] = numbers
    return pa.Array.from_buffers(pa.decimal128(14, scale), len(numbers), [None, pa.py_buffer(words.tobytes())])


def moments(day: NDArray[Any], second: NDArray[Any], *, zone: str | None = None) -> Array:
    """Timestamps from days since day 0 and seconds of the day."""
    seconds = _ZERO + day.astype(np.int64) * _DAY + second
    return pa.array(seconds * 1_000_000).view(pa.timestamp("us", zone))


def dates(day: NDArray[Any]) -> Array:
    """Dates from days since day 0."""
    return pa.array((day + _ZERO // _DAY).astype(np.int32)).view(pa.date32())


def opening_hours(random: np.random.Generator, size: int) -> Ints:
    """Seconds of the day between 8 and 22 h: no hour that a time zone skips or repeats."""
    return random.integers(8 * 3600, 22 * 3600, size)


def hex_texts(data: NDArray[np.uint8]) -> Array:
    """Lower-case hexadecimal of each row."""
    return _fixed(_nibbles(data))


def uuids(random: np.random.Generator, size: int) -> Array:
    """Random UUIDs, version 4 (RFC 9562)."""
    data = random.integers(0, 256, (size, 16), dtype=np.uint8)
    data[:, 6] = data[:, 6] & 0x0F | 0x40
    data[:, 8] = data[:, 8] & 0x3F | 0x80
    texts = np.full((size, 36), ord("-"), dtype=np.uint8)
    texts[:, _UUID_PLACES] = _nibbles(data)
    return _fixed(texts)


def _nibbles(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = _HEX[np.stack([data >> 4, data & 15], axis=2).reshape(len(data), -1)]
    return found


def _fixed(texts: NDArray[np.uint8]) -> Array:
    """Texts of equal length from their bytes."""
    rows, width = texts.shape
    ends = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends.tobytes()), pa.py_buffer(texts.tobytes()))


def repeated(counts: NDArray[Any]) -> tuple[Ints, Ints]:
    """For Σ counts rows: whose row it is, and its number among the rows of the same one."""
    owner = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    first = np.cumsum(counts) - counts
    return owner, np.arange(len(owner), dtype=np.int64) - first[owner]
