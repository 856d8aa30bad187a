"""Which days of purchases count: the window of a period, the look-back of an engagement, days since an exposure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, TypeAlias

from cleanroom.contract.attribution import NONE, OTHER
from cleanroom.contract.model import Calendar, Contract, Statistic
from cleanroom.errors import ContractError

Ranges: TypeAlias = tuple[tuple[date, date], ...]  # first day, and the day after the last; in order, apart

PERIOD_MARK: Final = "+"


def window_of(calendar: Calendar, period: int) -> tuple[date, date]:
    """First day (inclusive) and last day (exclusive) of the purchases that count for a period."""
    start = _end_of(calendar, period)
    return start, start + timedelta(days=calendar.window_days)


def days_that_count(contract: Contract, statistic: Statistic, values: Sequence[str], period: int) -> Ranges:
    """Days whose purchases a statistic adds up for people of a cell (dimension `values`, first-exposure `period`).

    The window of the period; with `within` only the look-back of the engagement, nothing for people without one;
    with `days` those that many days after the last exposure before them, where the dimension `periods` tells of
    later ones (nothing for its value `other`).
    """
    named = dict(zip((dimension.name for dimension in contract.dimensions), values, strict=True))
    start, end = window_of(contract.calendar, period)
    if statistic.within is not None:
        end = min(end, start + timedelta(days=lookback_days(contract.calendar, named["engagement"])))
    if statistic.days is None:
        return _apart([(start, end)])
    first, last = day_range(statistic.days)
    restarts = [_end_of(contract.calendar, period + number - 1) for number in numbers_of(named.get("periods", NONE))]
    return _apart([(begin + timedelta(days=first - 1), min(begin + timedelta(days=last), until, end))
                   for begin, until in pairwise([*restarts, date.max])])


def lookback_days(calendar: Calendar, engagement: str) -> int:
    """Days of the window that are inside an engagement's look-back, whatever the day of its period: 0 without one."""
    found = calendar.lookback.by_engagement() if calendar.lookback else {}
    return max(0, found.get(engagement, 0) - calendar.period_days + 1)


def numbers_of(value: str) -> tuple[int, ...]:
    """`1+3` as its numbers of periods, the first exposure's is 1; `none`, nobody's exposure, as their date's: 1."""
    if value == OTHER:
        return ()
    return (1,) if value == NONE else tuple(int(part) for part in value.split(PERIOD_MARK))


def day_range(days: str) -> tuple[int, int]:
    """`8-14` as (8, 14): the first day is 1. ContractError when it runs backwards."""
    first, last = (int(part) for part in days.split("-"))
    if first > last:
        raise ContractError(f"days {days!r} run backwards")
    return first, last


def _end_of(calendar: Calendar, period: int) -> date:
    return calendar.exposures_from + timedelta(days=(period + 1) * calendar.period_days)


def _apart(ranges: Sequence[tuple[date, date]]) -> Ranges:
    return tuple((first, end) for first, end in ranges if first < end)
