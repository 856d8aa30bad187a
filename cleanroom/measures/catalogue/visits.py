"""Store visits in the window, bought or not, where the retailer counts them."""

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
from cleanroom.measures.statistics import census, mean, rate
from cleanroom.table import ReleasedTable

_PART = Part((asked("visitors"),), (asked("visits"),))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`visitors`, `visit_rate` = visitors / matched people, and with visits `visits_per_person` (noise only)."""
    return [estimate for row, people in reading(plan, table, _PART) for estimate in _group(row.group, people)]


def _group(group: Group, people: Cohort | None) -> list[Estimate]:
    visitors = census(people.needed("visitors")) if people else SUPPRESSED
    share = rate(people.needed("visitors"), people.people) if people else SUPPRESSED
    found = [publish("visits", "visitors", "people", visitors, group=group),
             publish("visits", "visit_rate", "share", share, group=group, numerator="visitors",
                     denominator="matched people")]
    visits = people.total("visits") if people else None
    if people is not None and visits is not None:
        found.append(publish("visits", "visits_per_person", "per_person",
                             mean(visits, None, people.people, people.cap("visits")), group=group,
                             numerator="days with a visit", denominator="matched people"))
    return found


VISITS = MetricDefinition("visits", "Store visits", 13, (_PART,), compute, "visits")
