"""Conversion: who bought anything in the window, among the matched people of a group."""

from __future__ import annotations

from cleanroom.contract.plan import Group, Plan
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
from cleanroom.measures.statistics import census, rate
from cleanroom.table import ReleasedTable

_PART = Part((asked("buyers"),))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`buyers` (a census, noise only) and `conversion_rate` = buyers / matched people, of each group."""
    return [estimate for row, people in reading(plan, table, _PART) for estimate in _group(row.group, people)]


def _group(group: Group, people: Cohort | None) -> list[Estimate]:
    buyers = census(people.needed("buyers")) if people else SUPPRESSED
    share = rate(people.needed("buyers"), people.people) if people else SUPPRESSED
    return [
        publish("conversion", "buyers", "people", buyers, group=group),
        publish("conversion", "conversion_rate", "share", share, group=group,
                numerator="buyers", denominator="matched people"),
    ]


CONVERSION = MetricDefinition("conversion", "Buyers and conversion rate", 2, (_PART,), compute, "conversion")
