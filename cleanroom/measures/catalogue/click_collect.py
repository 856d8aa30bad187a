"""Click and collect: the online basket with and without collection, and what is bought while collecting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue.base import (
    SUPPRESSED,
    Cohort,
    Context,
    MetricDefinition,
    Outcome,
    Part,
    asked,
    publish,
    reading,
)
from cleanroom.measures.estimate import Estimate, Unit
from cleanroom.measures.fractions import portion
from cleanroom.measures.statistics import Result, mean, ratio
from cleanroom.table import ReleasedTable

_CHANNELS: Final = ("online", "click_collect")
_PART = Part(tuple(asked(measure, sales_channel=name) for measure in ("sales", "baskets") for name in _CHANNELS),
             (asked("collections_with_extra"), asked("extra_sales"),
              *(asked(measure, sales_channel=name) for measure in ("sales_squared", "buyers") for name in _CHANNELS)))
_Named = tuple[str, Unit, Outcome | None, str, str]


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`basket_online` (delivered) and `basket_click_collect`; `extra_purchase_rate` = collections on a day with a
    store purchase / collections; `extra_sales_per_collection` = those purchases / collections."""
    return [publish("click_collect", name, unit, SUPPRESSED if people is None else outcome, group=row.group,
                    numerator=numerator, denominator=denominator)
            for row, people in reading(plan, table, _PART)
            for name, unit, outcome, numerator, denominator in _numbers(people) if outcome is not None]


def _numbers(people: Cohort | None) -> Iterator[_Named]:
    for name in _CHANNELS:
        yield (f"basket_{name}", "cents_per_basket", _basket(people, name) if people else SUPPRESSED,
               f"{name} sales", f"{name} baskets")
    yield ("extra_purchase_rate", "share", _extra(people) if people else SUPPRESSED,
           "collections with a store purchase on the same day", "collections")
    yield ("extra_sales_per_collection", "cents_per_basket", _extra_sales(people) if people else SUPPRESSED,
           "store sales on days of a collection", "collections")


def _basket(people: Cohort, name: str) -> Result:
    sales, baskets = (people.needed(measure, sales_channel=name) for measure in ("sales", "baskets"))
    buyers = people.total("buyers", sales_channel=name) or people.people
    average = mean(sales, people.total("sales_squared", sales_channel=name), buyers,
                   people.cap("sales", sales_channel=name))
    return ratio(sales, baskets, buyers, average)


def _extra(people: Cohort) -> Outcome | None:
    collections, extra = people.needed("baskets", sales_channel="click_collect"), people.total("collections_with_extra")
    if extra is None:
        return None
    return portion(extra, collections, people.cap("baskets", sales_channel="click_collect"))


def _extra_sales(people: Cohort) -> Outcome | None:
    collections, extra = people.needed("baskets", sales_channel="click_collect"), people.total("extra_sales")
    return None if extra is None else mean(extra, None, collections, 0)


CLICK_COLLECT = MetricDefinition("click_collect", "Click and collect", 8, (_PART,), compute, "click_collect")
