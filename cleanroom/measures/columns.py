"""The retailer's columns: what each person bought in each window, capped, as integers.

Pure arithmetic on one party's own rows. Values are exact: sums are int64, squares are rounded half up.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.contract.model import Measure, Statistic
from cleanroom.contract.plan import Plan, window_of
from cleanroom.errors import DataError

Ints: TypeAlias = NDArray[np.int64]

_NEEDED = ("person", "day", "basket", "amount_cents", "quantity", "category")
_EPOCH = date(1970, 1, 1)
_NEVER = np.iinfo(np.int64).min
# At 10^8 a line, one person would need 9·10^10 lines to overflow 2^63.
_MAX_LINE = limits.MAX_LINE_AMOUNT_CENTS
# The square of this is above every cap (2^36) and its whole units squared (9·10^18) are below 2^63.
_MAX_SQUARED_CENTS = 3 * 10**11


@dataclass(frozen=True, slots=True)
class Clipping:
    """How much a cap took from one statistic; for the owner's report only.

    `people` is the number of people over the cap in at least one window; `share` (0 to 1) is the part of the
    value removed, summed over all people and windows. Windows that overlap count a purchase once each.
    """

    statistic: str
    people: int
    share: float


@dataclass(frozen=True, slots=True)
class ClippingReport:
    """One line per statistic of the contract, in its order. Exact, so never shared with the peer."""

    statistics: tuple[Clipping, ...]


@dataclass(frozen=True, slots=True, repr=False)
class _Lines:
    """Purchase lines of known people, by day. All arrays are int64 (lines,); days count from 1970-01-01.

    `previous` is the day of the line before it in the same person's basket, so a line is the first of its
    basket in a window exactly when it lies inside and `previous` lies before it.
    """

    person: Ints
    day: Ints
    amount: Ints
    quantity: Ints
    basket: Ints
    previous: Ints

    def window(self, start: int, end: int) -> _Lines:
        """Lines with start <= day < end (views, not copies)."""
        part = slice(*np.searchsorted(self.day, (start, end)))
        return _Lines(self.person[part], self.day[part], self.amount[part], self.quantity[part],
                      self.basket[part], self.previous[part])

    def where(self, mask: NDArray[np.bool_]) -> _Lines:
        """Selected lines, with `previous` found again among them."""
        person, day, basket = self.person[mask], self.day[mask], self.basket[mask]
        return _Lines(person, day, self.amount[mask], self.quantity[mask], basket,
                      _previous(person, basket, day))


def column_matrix(plan: Plan, people: Sequence[Hashable] | pd.Index, purchases: pd.DataFrame) \
        -> tuple[Ints, ClippingReport]:
    """Capped columns of every person, and what the caps took.

    `people`: unique person ids, in row order. `purchases`: one line a row with `person` (same type as
    `people`), `day` (datetime64 without time zone, a date in the contract's time zone), `basket`,
    `amount_cents` and `quantity` (integers, 0 to 100,000,000), `category` (text). Lines of other people are
    ignored.

    Returns an int64 array (people, 1 + plan.columns) in column-major order, column 0 all ones, and the
    report. Raises DataError for a missing column, a duplicate person, a missing day or a value out of bounds.

    Definitions, over the lines of the statistic's category (all lines without one) in the period's window:
    buyers 1 if any line; sales Σ amount in cents; baskets distinct baskets of the person; units Σ quantity;
    sales_squared (sales / 100)² rounded half up, where sales is first cut at the cap of the sales statistic
    of the same category if the contract has one: so Σ and Σ² describe the same clipped values. Each is cut at
    its cap.
    """
    index = pd.Index(people)
    if not index.is_unique:
        row = int(np.argmax(index.duplicated())) + 1
        raise DataError("a person appears twice", where=f"people, row {row}")
    lines = _by_category(plan, index, purchases)
    matrix: Ints = np.zeros((len(index), 1 + len(plan.columns)), dtype=np.int64, order="F")
    matrix[:, 0] = 1
    report = tuple(_fill(plan, number, lines[statistic.category], matrix)
                   for number, statistic in enumerate(plan.contract.statistics))
    return matrix, ClippingReport(report)


def square_units(cents: Ints) -> Ints:
    """(cents / 100)² rounded half up, exact; cents above 3·10^11 count as 3·10^11."""
    units, rest = np.divmod(np.minimum(cents, _MAX_SQUARED_CENTS), 100)
    # (100u + r)² = 10⁴u² + 200ur + r², so only the last two terms need rounding.
    return np.asarray(units * units + (200 * units * rest + rest * rest + 5000) // 10_000, dtype=np.int64)


def least_square_cap(cap: int) -> int:
    """Smallest cap of sales_squared, in units squared, that cuts nothing from sales capped at `cap` cents."""
    return int(square_units(np.array([cap], dtype=np.int64))[0])


def sales_cap(statistics: Sequence[Statistic], category: str | None) -> int | None:
    """Cap, in cents, of the sales statistic with this category; None when the contract has none."""
    return next((s.cap for s in statistics if s.measure == "sales" and s.category == category), None)


def _fill(plan: Plan, number: int, lines: _Lines, matrix: Ints) -> Clipping:
    statistic = plan.contract.statistics[number]
    over = np.zeros(len(matrix), dtype=np.bool_)
    whole = kept = 0.0
    for period in range(plan.periods):
        first, last = ((day - _EPOCH).days for day in window_of(plan.contract.calendar, period))
        totals = _totals(statistic.measure, lines.window(first, last), first, len(matrix))
        uncapped, capped = _cap(plan.contract.statistics, statistic, totals)
        matrix[:, plan.column_index(number, period)] = capped
        over |= uncapped > capped
        whole += float(uncapped.sum(dtype=np.float64))
        kept += float(capped.sum(dtype=np.float64))
    return Clipping(statistic.name, int(over.sum()), 1.0 - kept / whole if whole else 0.0)


def _totals(measure: Measure, lines: _Lines, start: int, people: int) -> Ints:
    match measure:
        case "buyers":
            return (np.bincount(lines.person, minlength=people) > 0).astype(np.int64)
        case "baskets":
            return np.bincount(lines.person[lines.previous < start], minlength=people).astype(np.int64)
        case "units":
            return _sum(lines.person, lines.quantity, people)
        case "sales" | "sales_squared":
            return _sum(lines.person, lines.amount, people)


def _cap(statistics: Sequence[Statistic], statistic: Statistic, totals: Ints) -> tuple[Ints, Ints]:
    if statistic.measure != "sales_squared":
        return totals, np.minimum(totals, statistic.cap)
    cap = sales_cap(statistics, statistic.category)
    sales = totals if cap is None else np.minimum(totals, cap)
    return square_units(totals), np.minimum(square_units(sales), statistic.cap)


def _sum(person: Ints, value: Ints, people: int) -> Ints:
    total = np.zeros(people, dtype=np.int64)
    np.add.at(total, person, value)
    return total


def _by_category(plan: Plan, people: pd.Index, purchases: pd.DataFrame) -> dict[str | None, _Lines]:
    lines, category = _read(people, purchases)
    wanted = {statistic.category for statistic in plan.contract.statistics}
    return {name: lines if name is None else lines.where(category.isin([name]).to_numpy(dtype=np.bool_))
            for name in wanted}


def _read(people: pd.Index, purchases: pd.DataFrame) -> tuple[_Lines, pd.Series]:
    missing = [name for name in _NEEDED if name not in purchases.columns]
    if missing:
        raise DataError(f"column {missing[0]} is missing", where="purchases")
    day = _day_numbers(purchases["day"])
    amount, quantity = (_bounded(purchases[name], name) for name in ("amount_cents", "quantity"))
    person = people.get_indexer(pd.Index(purchases["person"])).astype(np.int64)
    known = np.flatnonzero(person >= 0)
    order = known[np.argsort(day[known], kind="stable")]
    basket = pd.factorize(purchases["basket"].take(order), use_na_sentinel=False)[0].astype(np.int64)
    person, day = person[order], day[order]
    lines = _Lines(person, day, amount[order], quantity[order], basket, _previous(person, basket, day))
    return lines, purchases["category"].take(order)


def _previous(person: Ints, basket: Ints, day: Ints) -> Ints:
    pair = person * (int(basket.max(initial=0)) + 1) + basket
    return pd.Series(day).groupby(pair, sort=False).shift(fill_value=_NEVER).to_numpy(dtype=np.int64)


def _day_numbers(days: pd.Series) -> Ints:
    if not pd.api.types.is_datetime64_dtype(days.dtype):
        raise DataError("column day must hold dates without time zone", where="purchases")
    missing = days.isna().to_numpy(dtype=np.bool_)
    if missing.any():
        raise DataError("day is missing", where=f"purchases, row {int(np.argmax(missing)) + 1}")
    return np.asarray(days.to_numpy().astype("datetime64[D]").astype(np.int64), dtype=np.int64)


def _bounded(values: pd.Series, name: str) -> Ints:
    if not pd.api.types.is_integer_dtype(values.dtype) or values.hasnans:
        raise DataError(f"column {name} must hold integers only", where="purchases")
    numbers = values.to_numpy(dtype=np.int64)
    bad = (numbers < 0) | (numbers > _MAX_LINE)
    if bad.any():
        raise DataError(f"{name} is outside 0 to {_MAX_LINE}",
                        where=f"purchases, row {int(np.argmax(bad)) + 1}")
    return numbers
