"""Offline share: store sales among store and online sales of the people of a group."""

from __future__ import annotations

from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue.base import (
    SUPPRESSED,
    Cohort,
    Context,
    MetricDefinition,
    Part,
    asked,
    publish,
    reading,
)
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.fractions import fraction
from cleanroom.measures.statistics import Result
from cleanroom.table import ReleasedTable

_CHANNELS = ("store", "online")
_PART = Part(tuple(asked("sales", sales_channel=name) for name in _CHANNELS),
             tuple(asked("sales_squared", sales_channel=name) for name in _CHANNELS))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`offline_share` = store / (store + online) of each group; click and collect is neither."""
    return [publish("offline_share", "offline_share", "share", SUPPRESSED if people is None else _share(people),
                    group=row.group, numerator="store sales", denominator="store and online sales")
            for row, people in reading(plan, table, _PART)]


def _share(people: Cohort) -> Result:
    store, online = (people.needed("sales", sales_channel=name) for name in _CHANNELS)
    squares = [people.total("sales_squared", sales_channel=name) for name in _CHANNELS]
    cap = max(people.cap("sales", sales_channel=name) for name in _CHANNELS)
    return fraction(store, online, (squares[0], squares[1]), cap)


OFFLINE_SHARE = MetricDefinition("offline_share", "Offline share of sales", 6, (_PART,), compute, "offline_share")
