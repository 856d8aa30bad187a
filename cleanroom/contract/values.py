"""Rules for what the values of dimensions and the filters of statistics may say. Each refusal names the setting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from cleanroom.contract.attribution import NONE, OTHER, PATH_MARK, SET_MARK, UNATTRIBUTED
from cleanroom.contract.model import Contract, Dimension, Statistic
from cleanroom.contract.plan import EXPOSURE_DIMENSIONS, UNEXPOSED
from cleanroom.errors import ContractError

NEW_TO_BRAND_DAYS: Final = 365
MERGED: Final = ("channels", "path")  # dimensions whose rare values may become `other`
ENGAGEMENTS: Final = ("click", "view")
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


def day_range(days: str) -> tuple[int, int]:
    """`8-14` as (8, 14): days of the window, the first is 1. ContractError when it runs backwards."""
    first, last = (int(part) for part in days.split("-"))
    if first > last:
        raise ContractError(f"days {days!r} run backwards")
    return first, last


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
        case "channels":
            parts = value.split(SET_MARK)
            return value == OTHER or parts == [channel for channel in channels if channel in parts]
    parts = value.split(PATH_MARK)
    once = all(one != two for one, two in pairwise(parts))
    return value == OTHER or (once and set(parts) <= set(channels))


def _check_filters(where: str, contract: Contract, statistic: Statistic) -> None:
    lines = [name for name in ("category", "sales_channel", "scope", "days", "customers")
             if getattr(statistic, name) is not None]
    if statistic.measure in _VISITS and lines:
        raise ContractError(f"{where}.{lines[0]}: visits are not purchases")
    if statistic.measure in _EXTRAS and "sales_channel" in lines:
        raise ContractError(f"{where}.sales_channel: {statistic.measure} has its channels already")
    if statistic.category is not None and statistic.scope in {"campaign", "halo"}:
        raise ContractError(f"{where}.scope: category says it already")
    if statistic.scope in {"campaign", "halo"} and contract.campaign.categories is None:
        raise ContractError(f"{where}.scope: campaign.categories is missing")
