"""Conversion: who bought anything in the window, among the matched people of a group."""

from __future__ import annotations

from cleanroom.contract.plan import Group, Plan
from cleanroom.measures.catalogue.base import Cohort, Context, MetricDefinition, cohort, publish
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.statistics import Undefined, census, rate
from cleanroom.table import ReleasedTable


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`buyers` (a census, noise only) and `conversion_rate` = buyers / matched people, of each group."""
    return [estimate for row in table.rows for estimate in _group(row.group, cohort(plan, row))]


def _group(group: Group, people: Cohort | None) -> list[Estimate]:
    suppressed = Undefined("suppressed")
    buyers = census(people.needed("buyers")) if people else suppressed
    share = rate(people.needed("buyers"), people.people) if people else suppressed
    return [
        publish("conversion", "buyers", "people", buyers, group=group),
        publish("conversion", "conversion_rate", "share", share, group=group,
                numerator="buyers", denominator="matched people"),
    ]


CONVERSION = MetricDefinition("conversion", "Buyers and conversion rate", 2, ("buyers",), compute,
                              "conversion")
