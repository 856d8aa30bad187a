"""Rules for what the values of dimensions and the filters of statistics may say. Each refusal names the setting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from cleanroom.contract.attribution import NONE, OTHER, PATH_MARK, SET_MARK, UNATTRIBUTED
from cleanroom.contract.model import Contract, Dimension, Statistic
from cleanroom.contract.plan import EXPOSURE_DIMENSIONS, UNEXPOSED, Plan
from cleanroom.contract.windows import PERIOD_MARK, day_range
from cleanroom.errors import ContractError

NEW_TO_BRAND_DAYS: Final = 365
MERGED: Final = ("channels", "path")  # dimensions whose rare values may become `other`
ENGAGEMENTS: Final = ("click", "visit", "view", "listen", "opportunity")  # the strongest first
_RESERVED: Final = (NONE, OTHER, UNATTRIBUTED)
_BUCKET: Final = re.compile(r"([1-9][0-9]{0,3})(?:-([1-9][0-9]{0,3})|(\+))?")
_VISITS: Final = ("visitors", "visits")
_EXTRAS: Final = ("collections_with_extra", "extra_sales")


def check_values(contract: Contract) -> None:
    """ContractError for the first value of a dimension that nobody could have."""
    if reserved := set(contract.campaign.channels) & set(_RESERVED):
        raise ContractError(f"campaign.channels: {sorted(reserved)[0]!r} has a meaning of its own")
    unexposed = any(arm in UNEXPOSED for arm in contract.dimensions[0].values)
    for dimension in contract.dimensions:
        if dimension.name in EXPOSURE_DIMENSIONS:
            _check_exposure(contract, dimension, unexposed)
    _check_lookback(contract)


def check_statistics(contract: Contract) -> None:
    """ContractError for the first statistic whose filters do not go with its measure or with the contract."""
    for index, statistic in enumerate(contract.statistics):
        where = f"statistics.{index}"
        _check_filters(where, contract, statistic)
        if statistic.days is not None and day_range(statistic.days)[1] > contract.calendar.window_days:
            raise ContractError(f"{where}.days: ends after the window of {contract.calendar.window_days} days")
    shapes = [statistic.model_dump(exclude={"name", "cap", "weight"}) for statistic in contract.statistics]
    for index, shape in enumerate(shapes):
        if shape in shapes[:index]:
            raise ContractError(f"statistics.{index}: the same sum is listed twice")


def frequency_bounds(values: Sequence[str]) -> list[tuple[int, int | None]]:
    """`1`, `2-3`, `4+` as (first, last or None). ContractError unless they cover 1, 2, 3, … once each, in order."""
    found, expected = [], 1
    for value in values:
        bucket = _BUCKET.fullmatch(value)
        if bucket is None or int(bucket[1]) != expected:
            raise _gap(value)
        last = None if bucket[3] else int(bucket[2] or bucket[1])
        if last is not None and (last < expected or (bucket[2] and last == expected)):
            raise _gap(value)
        found.append((expected, last))
        expected = 0 if last is None else last + 1
    if not found or found[-1][1] is not None:
        raise _gap(values[-1] if values else "nothing")
    return found


def _gap(value: str) -> ContractError:
    return ContractError(f"dimensions.frequency.values: at {value!r}", todo="cover every number once, in order, like "
                         '"1", "2-3", "4+"; "none" may follow')


def _check_exposure(contract: Contract, dimension: Dimension, unexposed: bool) -> None:
    setting = f"dimensions.{dimension.name}.values"
    if unexposed != (NONE in dimension.values):
        raise ContractError(f"{setting}: {'add' if unexposed else 'drop'} {NONE!r}, the value of people in the arms "
                            f"{' and '.join(UNEXPOSED)}")
    values = [value for value in dimension.values if value != NONE]
    if dimension.name == "frequency":
        frequency_bounds(values)
        return
    for value in values:
        if not _is_value(contract, dimension.name, value):
            raise ContractError(f"{setting}: nobody can have {value!r}", todo="see docs/measures.md for its form")
    if dimension.name in MERGED and contract.disclosure.cells_floor and OTHER not in values:
        raise ContractError(f"{setting}: disclosure.cells_floor merges rare values into {OTHER!r}, which is not listed")


def _is_value(contract: Contract, name: str, value: str) -> bool:
    channels = contract.campaign.channels
    match name:
        case "engagement":
            return value in ENGAGEMENTS
        case "campaign":
            return value in contract.campaign.names
        case "periods":
            return value == OTHER or _is_pattern(value, Plan(contract).periods)
        case "channels":
            parts = value.split(SET_MARK)
            return value == OTHER or parts == [channel for channel in channels if channel in parts]
    parts = value.split(PATH_MARK)
    once = all(one != two for one, two in pairwise(parts))
    return value == OTHER or (once and set(parts) <= set(channels))


def _is_pattern(value: str, periods: int) -> bool:
    """`1+3`: rising numbers of periods, the first of which is the first exposure's."""
    if not re.fullmatch(r"1(\+[1-9][0-9]{0,3})*", value):
        return False
    numbers = [int(part) for part in value.split(PERIOD_MARK)]
    return numbers[-1] <= periods and all(one < two for one, two in pairwise(numbers))


def _check_lookback(contract: Contract) -> None:
    """A person's look-back is that of the strongest engagement, so a weaker one may not look back further."""
    calendar = contract.calendar
    if calendar.lookback is None:
        return
    found, where = calendar.lookback.by_engagement(), "calendar.lookback"
    listed = next((each.values for each in contract.dimensions if each.name == "engagement"), ())
    if set(found) != set(listed) - {NONE}:
        raise ContractError(f"{where}: it needs one look-back for each value of the dimension engagement, no other")
    least, most = calendar.period_days, calendar.window_days + calendar.period_days - 1
    for name, days in found.items():
        if not least <= days <= most:
            raise ContractError(f"{where}.{name}: {days} days; with periods of {calendar.period_days} and a window of "
                                f"{calendar.window_days} days it is {least} to {most}")
    if any(one < two for one, two in pairwise(found.values())):
        raise ContractError(f"{where}: a weaker engagement looks back further than a stronger one",
                            todo=f"let it fall in the order {', '.join(found)}")


def _check_filters(where: str, contract: Contract, statistic: Statistic) -> None:
    lines = [name for name in ("category", "sales_channel", "scope", "days", "within", "customers")
             if getattr(statistic, name) is not None]
    if statistic.measure in _VISITS and lines:
        raise ContractError(f"{where}.{lines[0]}: visits are not purchases")
    if statistic.measure in _EXTRAS and "sales_channel" in lines:
        raise ContractError(f"{where}.sales_channel: {statistic.measure} has its channels already")
    if statistic.within is not None and contract.calendar.lookback is None:
        raise ContractError(f"{where}.within: calendar.lookback is missing")
    if statistic.within is not None and statistic.days is not None:
        raise ContractError(f"{where}.days: within says which days count")
    if statistic.category is not None and statistic.scope in {"campaign", "halo"}:
        raise ContractError(f"{where}.scope: category says it already")
    if statistic.scope in {"campaign", "halo"} and contract.campaign.categories is None:
        raise ContractError(f"{where}.scope: campaign.categories is missing")
