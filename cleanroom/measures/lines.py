"""The retailer's purchase lines as integer arrays, and the selections that statistics make among them.

Pure arithmetic on one party's own rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.contract.model import Contract, Customers, Statistic
from cleanroom.contract.values import NEW_TO_BRAND_DAYS
from cleanroom.errors import DataError

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

SALES_CHANNELS: Final = ("store", "online", "click_collect", "pickup_extra")
IN_STORE: Final = ("store", "pickup_extra")  # bought at a till
ONLINE: Final = ("online", "click_collect")  # ordered online
_NEEDED: Final = ("person", "day", "basket", "amount_cents", "quantity", "category")
_NEVER, _ALWAYS = np.iinfo(np.int64).min, np.iinfo(np.int64).max
# At 10^8 a line, one person would need 9·10^10 lines to overflow 2^63.
_MAX_LINE: Final = limits.MAX_LINE_AMOUNT_CENTS


@dataclass(frozen=True, slots=True, repr=False)
class Lines:
    """Purchase lines of known people, by day. All arrays have shape (lines,); days count from 1970-01-01.

    `bought` is false for refunds. `previous` is the day of the bought line before it in the same person's basket, so
    a line is the first of its basket in a window exactly when it lies inside and `previous` lies before it; refunds
    are never the first.
    """

    person: Ints
    day: Ints
    amount: Ints
    quantity: Ints
    basket: Ints
    category: Ints
    channel: Ints
    brand: Mask
    bought: Mask
    previous: Ints
    categories: pd.Index

    def __len__(self) -> int:
        return len(self.person)

    def _take(self, rows: Mask | slice) -> Lines:
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})

    def window(self, start: int, end: int) -> Lines:
        """Lines with start <= day < end (views, not copies)."""
        return self._take(slice(*np.searchsorted(self.day, (start, end))))

    def where(self, mask: Mask) -> Lines:
        """Selected lines, with `previous` found again among them."""
        part = self._take(mask)
        return replace(part, previous=_previous(part.person, part.basket, part.day, part.bought))

    def of_category(self, name: str) -> Mask:
        """Lines of a category."""
        return np.asarray(self.category == self.categories.get_indexer(pd.Index([name], dtype=object))[0]) \
            if name in self.categories else np.zeros(len(self), dtype=np.bool_)

    def of_channels(self, names: Sequence[str]) -> Mask:
        """Lines of some sales channels."""
        return np.isin(self.channel, [SALES_CHANNELS.index(name) for name in names])

    def buyers(self, people: int) -> Mask:
        """(people,) whether a person bought anything."""
        return np.bincount(self.person[self.bought], minlength=people) > 0


_ARRAYS: Final = ("person", "day", "amount", "quantity", "basket", "category", "channel", "brand", "bought",
                  "previous")


def read_lines(contract: Contract, people: pd.Index, purchases: pd.DataFrame) -> tuple[Lines, Ints]:
    """Lines of `people`, and the person of each refund line that was ignored (`refunds = "gross"`).

    Optional columns: `sales_channel` (default store) and `brand`. DataError for a missing column that a statistic
    needs, a missing day, or a value out of bounds; negative values are refused unless the contract has a rule.
    """
    _require(contract, purchases)
    day = day_numbers(purchases["day"], "purchases")
    least = 0 if contract.purchases.refunds == "refuse" else -_MAX_LINE
    amount, quantity = (_bounded(purchases[name], name, least) for name in ("amount_cents", "quantity"))
    bought = (amount >= 0) & (quantity >= 0)
    person = people.get_indexer(pd.Index(purchases["person"])).astype(np.int64)
    wanted = (person >= 0) & (bought | (contract.purchases.refunds == "net"))
    known = np.flatnonzero(wanted)
    order = known[np.argsort(day[known], kind="stable")]
    basket = pd.factorize(purchases["basket"].take(order), use_na_sentinel=False)[0].astype(np.int64)
    category, names = pd.factorize(purchases["category"].take(order), use_na_sentinel=False)
    brand = purchases["brand"].to_numpy(dtype=np.bool_)[order] if "brand" in purchases else np.zeros(len(order), bool)
    ids, days, real = person[order], day[order], bought[order]
    return Lines(ids, days, amount[order], quantity[order], basket, category.astype(np.int64),
                 _channels(purchases, order), brand, real, _previous(ids, basket, days, real),
                 pd.Index(names, dtype=object)), person[(person >= 0) & ~wanted]


def selector(contract: Contract, statistic: Statistic) -> Callable[[Lines], Mask]:
    """Which lines a statistic adds up, whatever the window."""
    return partial(_selected, contract, statistic)


def customers(kind: Customers, lines: Lines, start: int, end: int, people: int) -> Mask:
    """(people,) whether each person is one of these customers in the window [start, end) of days.

    By where they bought anything in it: in store only, online only, or both. `new_to_brand`: they bought the brand
    in it, and not in the 365 days before it.
    """
    inside = lines.window(start, end)
    if kind == "new_to_brand":
        before = lines.window(start - NEW_TO_BRAND_DAYS, start)
        return _among(inside, inside.brand, people) & ~_among(before, before.brand, people)
    store, online = (_among(inside, inside.of_channels(names), people) for names in (IN_STORE, ONLINE))
    return {"store_only": store & ~online, "online_only": online & ~store, "both_channels": store & online}[kind]


def campaign_buyers(contract: Contract, lines: Lines, people: int) -> Mask:
    """(people,) whether each person bought from the advertised categories among `lines`."""
    return _among(lines, _advertised(contract, lines), people)


def _selected(contract: Contract, statistic: Statistic, lines: Lines) -> Mask:
    mask = np.ones(len(lines), dtype=np.bool_)
    if statistic.category is not None:
        mask &= lines.of_category(statistic.category)
    if statistic.sales_channel is not None:
        mask &= lines.of_channels([statistic.sales_channel])
    if statistic.scope == "brand":
        mask &= lines.brand
    elif statistic.scope is not None:
        mask &= _advertised(contract, lines) == (statistic.scope == "campaign")
    if statistic.measure == "collections_with_extra":
        mask &= _same_day(lines, ["click_collect"], IN_STORE)
    elif statistic.measure == "extra_sales":
        mask &= _same_day(lines, IN_STORE, ["click_collect"])
    return mask


def _advertised(contract: Contract, lines: Lines) -> Mask:
    return np.isin(lines.category, lines.categories.get_indexer(pd.Index(contract.campaign.categories or (),
                                                                         dtype=object)))


def _same_day(lines: Lines, channels: Sequence[str], others: Sequence[str]) -> Mask:
    """Lines of `channels` on a day on which the same person also bought in `others`."""
    of = lines.of_channels(others) & lines.bought
    pairs = pd.MultiIndex.from_arrays([lines.person, lines.day])
    return np.asarray(lines.of_channels(channels) & pairs.isin(pairs[of].unique()))


def _among(lines: Lines, mask: Mask, people: int) -> Mask:
    return np.bincount(lines.person[mask & lines.bought], minlength=people) > 0


def _previous(person: Ints, basket: Ints, day: Ints, bought: Mask) -> Ints:
    pair = (person * (int(basket.max(initial=0)) + 1) + basket)[bought]
    previous = np.full(len(person), _ALWAYS, dtype=np.int64)
    shifted = pd.Series(day[bought]).groupby(pair, sort=False).shift(fill_value=_NEVER)
    previous[bought] = shifted.to_numpy(dtype=np.int64)
    return previous


def _require(contract: Contract, purchases: pd.DataFrame) -> None:
    missing = [name for name in _NEEDED if name not in purchases.columns]
    if missing:
        raise DataError(f"column {missing[0]} is missing", where="purchases")
    for statistic in contract.statistics:
        absent = [name for name in _optional_columns(statistic) if name not in purchases.columns]
        if absent:
            raise DataError(f"statistic {statistic.name} needs the column {absent[0]}", where="purchases",
                            todo=f"map {absent[0]} in party.toml, or agree on a contract without the statistic")


def _optional_columns(statistic: Statistic) -> list[str]:
    """A file without sales channels is one of a store, which is enough as long as nothing else is asked for."""
    split = statistic.customers in {"store_only", "online_only", "both_channels"} \
        or statistic.measure in {"collections_with_extra", "extra_sales"} \
        or statistic.sales_channel not in {None, "store"}
    brand = statistic.scope == "brand" or statistic.customers == "new_to_brand"
    return [*(["sales_channel"] if split else []), *(["brand"] if brand else [])]


def _channels(purchases: pd.DataFrame, order: NDArray[np.intp]) -> Ints:
    if "sales_channel" not in purchases:
        return np.zeros(len(order), dtype=np.int64)
    codes = pd.Index(SALES_CHANNELS).get_indexer(pd.Index(purchases["sales_channel"])).astype(np.int64)
    if (codes < 0).any():
        raise DataError(f"sales_channel is not one of {', '.join(SALES_CHANNELS)}",
                        where=f"purchases, row {int(np.argmax(codes < 0)) + 1}")
    return codes[order]


def day_numbers(days: pd.Series, where: str) -> Ints:
    """Days from 1970-01-01. DataError for another type or a missing day."""
    if not pd.api.types.is_datetime64_dtype(days.dtype):
        raise DataError("column day must hold dates without time zone", where=where)
    missing = days.isna().to_numpy(dtype=np.bool_)
    if missing.any():
        raise DataError("day is missing", where=f"{where}, row {int(np.argmax(missing)) + 1}")
    return np.asarray(days.to_numpy().astype("datetime64[D]").astype(np.int64), dtype=np.int64)


def _bounded(values: pd.Series, name: str, least: int) -> Ints:
    if not pd.api.types.is_integer_dtype(values.dtype) or values.hasnans:
        raise DataError(f"column {name} must hold integers only", where="purchases")
    numbers = values.to_numpy(dtype=np.int64)
    bad = (numbers < least) | (numbers > _MAX_LINE)
    if bad.any():
        raise DataError(f"{name} is outside {least} to {_MAX_LINE}",
                        where=f"purchases, row {int(np.argmax(bad)) + 1}",
                        todo="" if least else "agree on a rule for refunds in the contract, or leave them out")
    return numbers
