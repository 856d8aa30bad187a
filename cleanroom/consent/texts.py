"""Columns of texts, read at once. A column that a frame does not have is blank in every row.

Most columns repeat a few values over millions of rows, so each distinct value is looked at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom.identity.values import Column, text_array

Mask = NDArray[np.bool_]
Codes = NDArray[np.int8]
Nanoseconds = NDArray[np.int64]

_TIME: Final = (r"\A(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
                r"(?:Z|[+-][0-9]{2}:?[0-9]{2})\z")
_AT_ONCE: Final = 250_000  # rows whose texts are copied


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """The column, or blanks."""
    return frame[name] if name in frame.columns else pd.Series("", index=frame.index, dtype="str")


def equals(frame: pd.DataFrame, name: str, text: str) -> Mask:
    """Where the value is exactly `text`."""
    return among(frame, name, (text,))


def places(index: pd.Index, texts: pd.Series) -> NDArray[np.intp]:
    """Place of each text in a unique index, -1 where it is not there."""
    if isinstance(texts.dtype, pd.CategoricalDtype):
        found = np.append(index.get_indexer(pd.Index(texts.cat.categories)), -1)
        return found[texts.cat.codes.to_numpy()]
    return np.asarray(index.get_indexer(pd.Index(texts)), dtype=np.intp)


def each(texts: pd.Series, test: Callable[[str], bool]) -> Mask:
    """`test` of every text, called once for each distinct one; False for a null."""
    codes, distinct = pd.factorize(texts)
    found = [test(str(text)) for text in distinct]
    return np.array([*found, False], dtype=bool)[codes]


def codes(texts: pd.Series, known_texts: Sequence[str]) -> Codes:
    """Place of each text in a closed list, -1 when it is not there."""
    found, distinct = pd.factorize(texts)
    places = [known_texts.index(text) if text in known_texts else -1 for text in distinct]
    return np.array([*places, -1], dtype=np.int8)[found]


def blank(frame: pd.DataFrame, name: str) -> Mask:
    """Where there is no value: null, empty or white space."""
    if name not in frame.columns:
        return np.ones(len(frame), dtype=bool)
    texts = frame[name]
    if isinstance(texts.dtype, pd.CategoricalDtype):
        return texts.isna().to_numpy() | each(texts, lambda text: not text.strip())
    return np.asarray(texts.isna() | (texts.str.strip() == ""), dtype=bool)


def among(frame: pd.DataFrame, name: str, known_texts: Sequence[str]) -> Mask:
    """Where the value is one of a closed list."""
    if name not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return each(frame[name], frozenset(known_texts).__contains__)


def known(frame: pd.DataFrame, name: str, known_texts: Sequence[str]) -> Mask:
    """Where the value is blank or one of a closed list."""
    if name not in frame.columns:
        return np.ones(len(frame), dtype=bool)
    listed = frozenset(known_texts)
    return frame[name].isna().to_numpy() | each(frame[name], lambda text: not text.strip() or text in listed)


def matches(frame: pd.DataFrame, name: str, pattern: str) -> Mask:
    """Where the whole value, or nothing at all, fits the pattern."""
    if name not in frame.columns:
        return np.full(len(frame), re.fullmatch(pattern, "") is not None)
    texts = frame[name]
    if isinstance(texts.dtype, pd.CategoricalDtype):
        compiled, empty = re.compile(pattern), re.fullmatch(pattern, "") is not None
        return each(texts, lambda text: compiled.fullmatch(text) is not None) | (texts.isna().to_numpy() & empty)
    return np.asarray(texts.fillna("").str.fullmatch(pattern), dtype=bool)


def instant(moment: datetime) -> int:
    """An aware time as nanoseconds UTC."""
    return int(pd.Timestamp(moment).as_unit("ns").value)


def nanoseconds(texts: pd.Series) -> tuple[Nanoseconds, Mask]:
    """Instants and whether each text is one: ISO 8601 with an offset. 0 where it is not."""
    instants, valid = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=np.bool_)
    for start in range(0, len(texts), _AT_ONCE):
        column = text_array(texts.iloc[start:start + _AT_ONCE])
        shaped = pc.match_substring_regex(column, _TIME)
        times = _times(column.filter(shaped))
        places = start + np.flatnonzero(shaped)[times.is_valid()]
        instants[places], valid[places] = times.drop_null().cast(pa.int64()), True
    return instants, valid


def _times(shaped: Column) -> Column:
    """Times out of texts that look like one; null for the 31st of April."""
    try:
        return shaped.cast(pa.timestamp("ns", "UTC"))
    except pa.ArrowInvalid:  # it refuses all for one: once more, with a Python object a text
        parsed = pd.to_datetime(shaped.to_pandas(), format="ISO8601", utc=True, errors="coerce")
        return pa.array(parsed, pa.timestamp("ns", "UTC"), from_pandas=True)


def optional_nanoseconds(frame: pd.DataFrame, name: str) -> tuple[Nanoseconds, Mask]:
    """As `nanoseconds`, for a column that may be absent."""
    if name not in frame.columns:
        return np.zeros(len(frame), dtype=np.int64), np.zeros(len(frame), dtype=bool)
    return nanoseconds(frame[name])
