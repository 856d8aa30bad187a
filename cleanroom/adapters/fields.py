"""Texts and ids out of raw columns. The first bad row is refused by its position, never by its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.adapters.arrays import Column
from cleanroom.adapters.reading import RawTable
from cleanroom.errors import DataError
from cleanroom.identity.values import packed

Mask = NDArray[np.bool_]

_LONGEST: Final = limits.MAX_FILE_FIELD_CHARACTERS


def text(raw: RawTable, field: str) -> pd.Series:
    """Texts without outer white space; whole numbers become their digits. DataError when blank."""
    column = pc.utf8_trim_whitespace(plain_texts(raw, field))
    refuse(raw, field, mask(pc.equal(column, "")), "empty", "fill it or drop the row")
    return _series(column)


def loose_text(raw: RawTable, field: str) -> pd.Series:
    """Texts as they are; a null is an empty text."""
    return _series(plain_texts(raw, field))


def choice(raw: RawTable, field: str, allowed: Sequence[str]) -> pd.Series:
    """One of some words, in any case. DataError otherwise."""
    words = text(raw, field).str.lower()
    refuse(raw, field, (~words.isin(allowed)).to_numpy(dtype=bool), f"not one of {', '.join(allowed)}",
           "translate it before the run")
    return words


def flag(raw: RawTable, field: str) -> pd.Series:
    """Yes or no: true, false, 1, 0. DataError otherwise."""
    column = raw.columns[field]
    if pa.types.is_boolean(column.type):
        refuse(raw, field, mask(column.is_null()), "empty", "fill it or drop the row")
        return pd.Series(mask(column))
    return choice(raw, field, ("true", "false", "1", "0")).isin(["true", "1"])


def category(raw: RawTable, field: str, *, trim: bool = False) -> pd.Series:
    """Texts as categories where the column was read as a dictionary, else as `loose_text`; with `trim` as `text`.

    A null stays one. The checks are made on the distinct values.
    """
    column = raw.columns[field]
    if not pa.types.is_dictionary(column.type):
        return text(raw, field) if trim else loose_text(raw, field)
    try:
        if trim and column.null_count:
            raise raw.error("empty", field, 0, "")
        check = text if trim else loose_text
        places, distinct = pd.factorize(check(replace(raw, columns={field: column.dictionary}), field))
    except DataError:  # once more, for the right row
        return category(replace(raw, columns={field: column.dictionary_decode()}), field, trim=trim)
    codes = np.append(places, -1)[column.indices.fill_null(-1).to_numpy()]
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(distinct)))


def persons(raw: RawTable, *, unique: bool, blank: bool = False) -> pd.Series:
    """Ids of people, without outer white space. DataError at the second row of a person when unique.

    `blank`: an empty id is allowed, and is nobody.
    """
    ids = loose_text(raw, "person").str.strip() if blank else category(raw, "person", trim=True)
    if unique:
        refuse(raw, "person", ids.duplicated().to_numpy(dtype=bool), "this person already has a row",
               "keep one row per person")
    return ids


def plain_texts(raw: RawTable, field: str) -> Column:
    """Array of texts without nulls. DataError: not a text, too long, NUL, not UTF-8."""
    column = _as_text(raw, field)
    refuse(raw, field, mask(pc.greater(pc.binary_length(column), _LONGEST)), f"longer than {_LONGEST} bytes",
           "shorten it")
    if not raw.source.checked:
        _check_utf8(raw, field, column)
        if not packed(column).data.all():
            refuse(raw, field, mask(pc.match_substring(column, "\x00")), "a NUL character", "remove it")
    return column


def is_text(column: Column) -> bool:
    """Whether a raw column holds texts."""
    return bool(pa.types.is_large_string(column.type))


def mask(column: Column) -> Mask:
    """An array of booleans without nulls, as numpy."""
    values: Mask = column.to_numpy(zero_copy_only=False)
    return values


def refuse(raw: RawTable, field: str, bad: Mask, what: str, todo: str) -> None:
    """DataError at the first row that is bad."""
    if bad.any():
        raise raw.error(what, field, int(bad.argmax()), todo)


def _as_text(raw: RawTable, field: str) -> Column:
    column = raw.columns[field]
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = _utc(column)
    if any(test(column.type) for test in (pa.types.is_boolean, pa.types.is_timestamp, pa.types.is_integer,
                                          pa.types.is_null)):
        column = column.cast(pa.large_string())
    if not is_text(column):
        raise raw.error("not a text", field, 0, "write this column as text")
    return pc.fill_null(column, "")


def _utc(column: Column) -> Column:
    """Times with a zone as texts in UTC, with a Z. Arrow writes times without a zone ten times as fast."""
    texts = column.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.timestamp("us")).cast(pa.large_string())
    return pc.binary_join_element_wise(texts, pa.scalar("Z", texts.type), pa.scalar("", texts.type))


def _check_utf8(raw: RawTable, field: str, column: Column) -> None:
    try:
        column.validate(full=True)
    except pa.ArrowException:
        row = next((i for i in range(len(column)) if not _decodes(column[i])), 0)
        raise raw.error("not UTF-8 text", field, row, "write the column as UTF-8 text") from None


def _decodes(scalar: Column) -> bool:
    try:
        scalar.as_py()
    except UnicodeDecodeError:
        return False
    return True


def _series(column: Column) -> pd.Series:
    series: pd.Series = column.to_pandas()
    return series
