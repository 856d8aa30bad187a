"""Amounts and quantities out of raw columns, exact or refused."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.adapters.arrays import Column
from cleanroom.adapters.fields import is_text, mask, plain_texts, refuse
from cleanroom.adapters.reading import RawTable

_MONEY: Final = r"[0-9]{1,12}(\.[0-9]{1,2})?"
_COST: Final = r"[0-9]{1,12}(\.[0-9]{1,6})?"
_WHOLE: Final = r"[0-9]{1,12}"
# Currency units. A float64 below a million is within 1e-10 of the decimal it was written from.
_CENT_TOLERANCE: Final = 1e-6
_ABSURD: Final = ("absurdly large", "correct it")
_NET: Final = "agree on a rule for refunds in the contract, leave them out of the file, or net them per line"


def cents(raw: RawTable, field: str, *, signed: bool = False) -> NDArray[np.int64]:
    """Amounts in currency units as whole cents.

    Decimal texts and Parquet decimals are exact. Parquet floats are taken within 1e-6 currency units of whole
    cents. Parquet integers are whole currency units. DataError: empty, not a number, negative, above
    `limits.MAX_LINE_AMOUNT_CENTS`, more than two decimals.
    """
    if is_text(raw.columns[field]):
        exact = _shaped(raw, field, _MONEY, signed=signed).cast(pa.decimal128(14, 2))
        whole: NDArray[np.int64] = pc.cast(pc.multiply(exact, pa.scalar(100)), pa.int64()).to_numpy()
        refuse(raw, field, np.abs(whole) > limits.MAX_LINE_AMOUNT_CENTS, *_ABSURD)
        return whole
    amounts = _numbers(raw, field, decimals=2, signed=signed)
    refuse(raw, field, np.abs(amounts * 100) > limits.MAX_LINE_AMOUNT_CENTS, *_ABSURD)
    rounded = np.rint(amounts * 100)
    refuse(raw, field, np.abs(amounts - rounded / 100) > _CENT_TOLERANCE, "more than two decimals",
           "round to whole cents")
    return rounded.astype(np.int64)


def micros(raw: RawTable, field: str) -> NDArray[np.int64]:
    """Costs in currency units as whole millionths: one exposure may cost a fraction of a cent.

    Decimal texts and Parquet decimals are exact, Parquet floats are rounded. DataError: empty, not a number, negative,
    above `limits.MAX_LINE_AMOUNT_CENTS`, more than six decimals.
    """
    most = limits.MAX_LINE_AMOUNT_CENTS // 100
    if is_text(raw.columns[field]):
        exact = _shaped(raw, field, _COST, signed=False).cast(pa.decimal128(18, 6))
        whole: NDArray[np.int64] = pc.cast(pc.multiply(exact, pa.scalar(10**6)), pa.int64()).to_numpy()
        refuse(raw, field, whole > most * 10**6, *_ABSURD)
        return whole
    amounts = _numbers(raw, field, decimals=6, signed=False)
    refuse(raw, field, amounts > most, *_ABSURD)
    return np.rint(amounts * 10**6).astype(np.int64)


def quantity(raw: RawTable, field: str, *, signed: bool = False) -> NDArray[np.int64]:
    """Whole units. DataError: empty, not a number, negative unless `signed`, a fraction, above
    `limits.MAX_LINE_QUANTITY` in size."""
    if is_text(raw.columns[field]):
        whole: NDArray[np.int64] = _shaped(raw, field, _WHOLE, signed=signed).cast(pa.int64()).to_numpy()
        refuse(raw, field, np.abs(whole) > limits.MAX_LINE_QUANTITY, *_ABSURD)
        return whole
    values = _numbers(raw, field, decimals=0, signed=signed)
    refuse(raw, field, np.abs(values) > limits.MAX_LINE_QUANTITY, *_ABSURD)
    refuse(raw, field, values != np.rint(values), "not a whole number", "count units")
    return values.astype(np.int64)


def _numbers(raw: RawTable, field: str, decimals: int, *, signed: bool) -> NDArray[np.float64]:
    """A numeric Parquet column as finite floats, non-negative unless `signed`; decimals must be exact already."""
    column = raw.columns[field]
    kind = column.type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
        raise raw.error("not a number", field, 0, "write this column as decimals")
    refuse(raw, field, mask(column.is_null()), "empty", "fill it or drop the row")
    if pa.types.is_decimal(kind):
        inexact = mask(pc.not_equal(column, pc.round(column, decimals)))
        refuse(raw, field, inexact, "too many decimals", "round it")
    values: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    refuse(raw, field, ~np.isfinite(values), "not a number", "fill it or drop the row")
    refuse(raw, field, (values < 0) & (not signed), "negative", _NET)
    return values


def _shaped(raw: RawTable, field: str, shape: str, *, signed: bool) -> Column:
    """Texts that are all numbers of a shape; else DataError that says what is wrong with the first."""
    column = plain_texts(raw, field)
    bad = ~mask(pc.match_substring_regex(column, f"^{'-?' if signed else ''}{shape}$"))
    if bad.any():
        row = int(bad.argmax())
        what, todo = _diagnosis(column[row].as_py(), shape, signed=signed)
        raise raw.error(what, field, row, todo)
    return column


def _diagnosis(value: str, shape: str, *, signed: bool) -> tuple[str, str]:
    digits = value.removeprefix("-").replace(".", "", 1)
    if not value.strip():
        return "empty", "fill it or drop the row"
    if not (digits.isascii() and digits.isdigit()):
        return "not a number", "write digits, with a point before decimals"
    if value.startswith("-") and not signed:
        return "negative", _NET
    if len(value.removeprefix("-").partition(".")[0]) > 12:
        return _ABSURD
    finer = {_MONEY: ("more than two decimals", "round to whole cents"), _COST: ("more than six decimals", "round it")}
    return finer.get(shape, ("not a whole number", "count units"))
