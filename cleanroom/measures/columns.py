"""The retailer's columns: what each person bought in each window, capped, as integers.

Pure arithmetic on one party's own rows. Values are exact: sums are int64, squares are rounded half up.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.contract.model import Statistic
from cleanroom.contract.plan import Plan
from cleanroom.contract.windows import window_of
from cleanroom.errors import DataError
from cleanroom.measures.compact import Compact, smallest
from cleanroom.measures.lines import Ints, Lines, Mask, campaign_buyers, customers, day_numbers, read_lines, selector

_EPOCH = date(1970, 1, 1)
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
    """One line per statistic of the contract, in its order, and the refund lines that were ignored.

    Exact, so never shared with the peer.
    """

    statistics: tuple[Clipping, ...]
    refund_lines: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class ColumnPart:
    """Columns of some of the people, and what is needed to say what the caps took from any selection of them.

    `over`: by statistic, the row of a person who is over the cap in a window, and by how much; a person may stand there
    once a window. `refunds`: the row of each refund line that was ignored.
    """

    columns: Compact
    over: tuple[tuple[Ints, Ints], ...]
    refunds: Ints


@dataclass(frozen=True, slots=True, repr=False)
class _Shop:
    """What the columns are made of: lines, days with a visit as (person, day), and each person's segment."""

    plan: Plan
    people: int
    lines: Lines
    visits: tuple[Ints, Ints]
    segments: pd.Series


def column_matrix(plan: Plan, people: Sequence[Hashable] | pd.Index, purchases: pd.DataFrame, *,
                  members: pd.DataFrame | None = None, visits: pd.DataFrame | None = None) \
        -> tuple[Ints, ClippingReport]:
    """`column_part` of all people at once: int64 (people, 1 + plan.columns), and the report."""
    part = column_part(plan, people, purchases, members=members, visits=visits)
    columns, report = join_parts(plan, [part], np.ones(len(part.columns), dtype=np.bool_))
    return columns.matrix(), report


def join_parts(plan: Plan, parts: Sequence[ColumnPart], kept: Mask) -> tuple[Compact, ClippingReport]:
    """The rows of all parts, one after the other, that are `kept`, and what the caps took from them."""
    starts = np.cumsum([0, *(len(part.columns) for part in parts)])
    columns = Compact.joined([part.columns for part in parts], kept)
    report = []
    for number, statistic in enumerate(plan.contract.statistics):
        rows, lost = (np.concatenate(each) for each in zip(
            *((part.over[number][0] + start, part.over[number][1])
              for part, start in zip(parts, starts[:-1], strict=True)), strict=True))
        inside = kept[rows]
        whole = sum(columns.total(place) for place, column in enumerate(plan.columns, 1)
                    if column.statistic.name == statistic.name)
        removed = int(lost[inside].sum())
        share = removed / (whole + removed) if removed else 0.0
        report.append(Clipping(statistic.name, len(np.unique(rows[inside])), share))
    refunds = sum(int(kept[part.refunds + start].sum()) for part, start in zip(parts, starts[:-1], strict=True))
    return columns, ClippingReport(tuple(report), refunds)


def column_part(plan: Plan, people: Sequence[Hashable] | pd.Index, purchases: pd.DataFrame, *,
                members: pd.DataFrame | None = None, visits: pd.DataFrame | None = None) -> ColumnPart:
    """Capped columns of every person, and what the caps took from each.

    `people`: unique person ids, in row order. `purchases`: one line a row with `person` (same type as
    `people`), `day` (datetime64 without time zone, a date in the contract's time zone), `basket`,
    `amount_cents` and `quantity` (integers up to 100,000,000; negative ones only with a rule for refunds),
    `category` (text), and as the statistics need them `sales_channel` and `brand`. `members`: `person`, `segment`.
    `visits`: `person`, `day`. Rows of other people are ignored.

    Returns (people, 1 + plan.columns), column 0 all ones. Raises DataError for a missing column, a duplicate
    person, a missing day or a value out of bounds.

    Definitions, over the lines that pass the statistic's filters (all lines without one) in the period's window:
    buyers 1 if anything was bought; sales Σ amount in cents; baskets distinct baskets of the person; units Σ
    quantity; sales_squared (sales / 100)² rounded half up, where sales is first cut at the cap of the sales statistic
    with the same filters if the contract has one: so Σ and Σ² describe the same clipped values.
    collections_with_extra: click-and-collect baskets on a day with an in-store purchase; extra_sales: Σ amount of
    those purchases; visits: days with a visit; visitors 1 if any. Net sums below 0 count as 0. Each is cut at its cap.
    """
    index = pd.Index(people)
    if not index.is_unique:
        row = int(np.argmax(index.duplicated())) + 1
        raise DataError("a person appears twice", where=f"people, row {row}")
    lines, refunds = read_lines(plan.contract, index, purchases)
    shop = _Shop(plan, len(index), lines, _visits(plan, index, visits), _segments(plan, index, members))
    columns = [np.ones(len(index), dtype=np.uint8)]
    over = []
    for number in range(len(plan.contract.statistics)):
        found, rows, lost = _statistic(shop, number)
        columns += found
        over.append((rows, lost))
    return ColumnPart(Compact(columns), tuple(over), refunds)


def square_units(cents: Ints) -> Ints:
    """(cents / 100)² rounded half up, exact; cents above 3·10^11 count as 3·10^11."""
    units, rest = np.divmod(np.minimum(cents, _MAX_SQUARED_CENTS), 100)
    # (100u + r)² = 10⁴u² + 200ur + r², so only the last two terms need rounding.
    return np.asarray(units * units + (200 * units * rest + rest * rest + 5000) // 10_000, dtype=np.int64)


def least_square_cap(cap: int) -> int:
    """Smallest cap of sales_squared, in units squared, that cuts nothing from sales capped at `cap` cents."""
    return int(square_units(np.array([cap], dtype=np.int64))[0])


def sales_cap(statistics: Sequence[Statistic], squares: Statistic) -> int | None:
    """Cap, in cents, of the sales whose squares these are; None when the contract does not have them."""
    return next((s.cap for s in statistics if s.measure == "sales" and same_filters(s, squares)), None)


def same_filters(one: Statistic, two: Statistic) -> bool:
    """Whether two statistics look at the same lines of the same people."""
    apart = {"name": "", "measure": "sales", "cap": 1, "weight": 1}
    return one.model_copy(update=apart) == two.model_copy(update=apart)


def _statistic(shop: _Shop, number: int) -> tuple[list[NDArray[np.unsignedinteger[Any]]], Ints, Ints]:
    """The columns of one statistic, and the rows and amounts above its cap."""
    plan, statistic = shop.plan, shop.plan.contract.statistics[number]
    lines = shop.lines.where(selector(plan.contract, statistic)(shop.lines))
    columns, rows, lost = [], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for column in plan.columns:
        if column.statistic.name != statistic.name:
            continue
        if not column.days:  # what no purchase adds to
            columns.append(np.zeros(shop.people, dtype=np.uint8))
            continue
        counted = _counted(shop, statistic, *_numbers(window_of(plan.contract.calendar, column.period)))
        totals = np.where(counted, _totals(shop, statistic, lines, [_numbers(days) for days in column.days]), 0)
        uncapped, capped = _cap(plan.contract.statistics, statistic, totals)
        columns.append(smallest(capped))
        rows.append(np.flatnonzero(uncapped > capped))
        lost.append((uncapped - capped)[rows[-1]])
    return columns, np.concatenate(rows), np.concatenate(lost)


def _counted(shop: _Shop, statistic: Statistic, first: int, last: int) -> Mask:
    """People that the statistic is about, in a window."""
    mask = np.ones(shop.people, dtype=np.bool_)
    if statistic.member_segment is not None:
        mask &= (shop.segments == statistic.member_segment).to_numpy(dtype=np.bool_)
    if statistic.customers is not None:
        mask &= customers(statistic.customers, shop.lines, first, last, shop.people)
    if statistic.scope == "halo":
        mask &= campaign_buyers(shop.plan.contract, shop.lines.window(first, last), shop.people)
    return mask


def _numbers(days: tuple[date, date]) -> tuple[int, int]:
    return (days[0] - _EPOCH).days, (days[1] - _EPOCH).days


def _totals(shop: _Shop, statistic: Statistic, lines: Lines, days: Sequence[tuple[int, int]]) -> Ints:
    first = days[0][0]
    inside = lines.window(first, days[-1][1])
    if len(days) > 1:
        inside = inside.where(np.any([(inside.day >= start) & (inside.day < end) for start, end in days], axis=0))
    match statistic.measure:
        case "buyers":
            return inside.buyers(shop.people).astype(np.int64)
        case "baskets" | "collections_with_extra":
            return np.bincount(inside.person[inside.previous < first], minlength=shop.people).astype(np.int64)
        case "units":
            return _sum(inside.person, inside.quantity, shop.people)
        case "sales" | "sales_squared" | "extra_sales":
            return _sum(inside.person, inside.amount, shop.people)
    person, day = shop.visits
    visits = np.bincount(person[(day >= first) & (day < days[-1][1])], minlength=shop.people)
    return (visits if statistic.measure == "visits" else visits > 0).astype(np.int64)


def _cap(statistics: Sequence[Statistic], statistic: Statistic, totals: Ints) -> tuple[Ints, Ints]:
    if statistic.measure != "sales_squared":
        return totals, np.minimum(totals, statistic.cap)
    cap = sales_cap(statistics, statistic)
    sales = totals if cap is None else np.minimum(totals, cap)
    return square_units(totals), np.minimum(square_units(sales), statistic.cap)


def _sum(person: Ints, value: Ints, people: int) -> Ints:
    total = np.zeros(people, dtype=np.int64)
    np.add.at(total, person, value)
    return np.maximum(total, 0)


def counts_visits(plan: Plan) -> bool:
    """Whether a statistic needs the table of visits."""
    return any(statistic.measure in {"visits", "visitors"} for statistic in plan.contract.statistics)


def _visits(plan: Plan, people: pd.Index, visits: pd.DataFrame | None) -> tuple[Ints, Ints]:
    if not counts_visits(plan):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if visits is None:
        raise DataError("a statistic counts visits, and there are none", where="visits",
                        todo="name the table visits in party.toml, or agree on a contract without visits")
    person = people.get_indexer(pd.Index(visits["person"])).astype(np.int64)
    rows = pd.DataFrame({"person": person, "day": day_numbers(visits["day"], "visits")})
    once = rows[rows["person"] >= 0].drop_duplicates()
    return once["person"].to_numpy(dtype=np.int64), once["day"].to_numpy(dtype=np.int64)


def _segments(plan: Plan, people: pd.Index, members: pd.DataFrame | None) -> pd.Series:
    if all(statistic.member_segment is None for statistic in plan.contract.statistics):
        return pd.Series([None] * len(people), dtype=object)
    if members is None or "segment" not in members.columns:
        raise DataError("a statistic needs the segment of members", where="members, column segment",
                        todo="map segment in party.toml, or agree on a contract without member_segment")
    return members.set_index("person")["segment"].reindex(people)
