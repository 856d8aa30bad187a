"""Omnichannel and single-channel customers: how many there are, and what one of them buys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Final

from cleanroom.contract.model import Customers
from cleanroom.contract.plan import Group, Plan
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
from cleanroom.measures.fractions import proportion
from cleanroom.measures.noise import Noised
from cleanroom.measures.statistics import census, mean
from cleanroom.table import ReleasedTable

KINDS: Final[tuple[Customers, ...]] = ("store_only", "online_only", "both_channels")
_FREE: Final = "member_segment"
_PART = Part(tuple(asked(measure, customers=kind) for measure in ("buyers", "sales") for kind in KINDS),
             (*(asked("baskets", _FREE, customers=kind) for kind in KINDS),
              *(asked("sales_squared", _FREE, customers=kind) for kind in KINDS),
              *(asked("buyers", _FREE, customers=kind) for kind in KINDS),
              *(asked("sales", _FREE, customers=kind) for kind in KINDS)))
_NAMES: Final[tuple[tuple[str, Unit, str, str], ...]] = (
    ("customers", "people", "", ""), ("customer_share", "share", "customers", "customers of all three kinds"),
    ("sales_per_customer", "cents_per_person", "sales", "customers"),
    ("baskets_per_customer", "per_person", "baskets", "customers"))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """For each kind of customer `customers_`, `customer_share_`, `sales_per_customer_`, `baskets_per_customer_<kind>`.

    A person is of one kind in a window, by where they bought: store is store and pickup_extra, online is online and
    click_collect. Segments of members, where the contract opens them, come after everybody (`detail`).
    """
    segments = dict.fromkeys([None, *(s.member_segment for s in plan.contract.statistics if s.customers in KINDS)])
    return [estimate for row, people in reading(plan, table, _PART) for segment in segments for kind in KINDS
            for estimate in _kind(row.group, people, kind, segment)]


def _kind(group: Group, people: Cohort | None, kind: Customers, segment: str | None) -> list[Estimate]:
    nothing: Mapping[str, Outcome] = {name: SUPPRESSED for name, *_ in _NAMES}
    found = nothing if people is None else _outcomes(people, kind, segment)
    return [publish("omnichannel", f"{name}_{kind}", unit, found[name], group=group, numerator=numerator,
                    denominator=denominator, detail=segment or "")
            for name, unit, numerator, denominator in _NAMES if name in found]


def _outcomes(people: Cohort, kind: Customers, segment: str | None) -> Mapping[str, Outcome]:
    buyers = {each: people.total("buyers", customers=each, member_segment=segment) for each in KINDS}
    own, sales, squares, baskets = (people.total(measure, customers=kind, member_segment=segment)
                                    for measure in ("buyers", "sales", "sales_squared", "baskets"))
    rest = [count for each, count in buyers.items() if each != kind and count is not None]
    if own is None:
        return {}
    found: dict[str, Outcome] = {"customers": census(own)}
    if len(rest) == 2:
        found["customer_share"] = proportion(own, reduce(Noised.__add__, rest))
    if sales is not None:
        cap = people.cap("sales", customers=kind, member_segment=segment)
        found["sales_per_customer"] = mean(sales, squares, own, cap)
    if baskets is not None:
        found["baskets_per_customer"] = mean(baskets, None, own, 0)
    return found


OMNICHANNEL = MetricDefinition("omnichannel", "Omnichannel and single-channel customers", 7, (_PART,), compute,
                               "omnichannel")

