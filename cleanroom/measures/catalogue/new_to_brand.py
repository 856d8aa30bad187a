"""New to brand: buyers of the brand who had not bought it in the 365 days before their window."""

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
from cleanroom.measures.fractions import portion
from cleanroom.measures.statistics import census, rate
from cleanroom.table import ReleasedTable

_ALL, _NEW = {"scope": "brand"}, {"scope": "brand", "customers": "new_to_brand"}
_PART = Part(tuple(asked("buyers", **kind) for kind in (_ALL, _NEW)),
             tuple(asked("sales", **kind) for kind in (_ALL, _NEW)))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`new_to_brand_buyers`, `new_to_brand_rate` = new buyers / buyers of the brand, and where sales are opened
    `new_to_brand_sales_share` (noise only)."""
    return [estimate for row, people in reading(plan, table, _PART) for estimate in _group(row.group, people)]


def _group(group: Group, people: Cohort | None) -> list[Estimate]:
    new = census(people.needed("buyers", **_NEW)) if people else SUPPRESSED
    share = rate(people.needed("buyers", **_NEW), people.needed("buyers", **_ALL)) if people else SUPPRESSED
    found = [publish("new_to_brand", "new_to_brand_buyers", "people", new, group=group),
             publish("new_to_brand", "new_to_brand_rate", "share", share, group=group,
                     numerator="new buyers of the brand", denominator="buyers of the brand")]
    sales = [people.total("sales", **kind) if people else None for kind in (_NEW, _ALL)]
    if sales[0] is not None and sales[1] is not None:
        found.append(publish("new_to_brand", "new_to_brand_sales_share", "share", portion(sales[0], sales[1]),
                             group=group, numerator="brand sales to new buyers", denominator="brand sales"))
    return found


NEW_TO_BRAND = MetricDefinition("new_to_brand", "New to brand", 12, (_PART,), compute, "new_to_brand")
