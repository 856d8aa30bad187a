"""Frequency and recency: how conversion and sales go with the number of exposures, and when people buy."""

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
from cleanroom.measures.statistics import mean, rate
from cleanroom.table import ReleasedTable

_PART = Part((asked("buyers"), asked("sales")), (asked("sales_squared"), asked("sales", "days")), ("frequency",))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """By frequency `frequency_conversion` and `frequency_sales_per_person`; `recency_share` = sales on some days of
    the window (`detail`) / sales in the window, where the contract opens them.

    The groups are not random: people who are reached often differ from others. Nothing here is an effect.
    """
    days = dict.fromkeys(s.days for s in plan.contract.statistics if s.measure == "sales" and s.days is not None)
    return [estimate for row, people in reading(plan, table, _PART)
            for estimate in (*_curve(row.group, people), *(_recency(row.group, people, part) for part in days))]


def _curve(group: Group, people: Cohort | None) -> list[Estimate]:
    conversion = rate(people.needed("buyers"), people.people) if people else SUPPRESSED
    spending = mean(people.needed("sales"), people.total("sales_squared"), people.people, people.cap("sales")) \
        if people else SUPPRESSED
    return [publish("frequency", "frequency_conversion", "share", conversion, group=group,
                    numerator="buyers", denominator="matched people"),
            publish("frequency", "frequency_sales_per_person", "cents_per_person", spending, group=group,
                    numerator="sales", denominator="matched people")]


def _recency(group: Group, people: Cohort | None, days: str) -> Estimate:
    part = people.total("sales", days=days) if people else None
    outcome = SUPPRESSED if people is None or part is None else portion(part, people.needed("sales"))
    return publish("frequency", "recency_share", "share", outcome, group=group, numerator="sales on these days",
                   denominator="sales in the window", detail=days)


FREQUENCY = MetricDefinition("frequency", "Frequency and recency", 9, (_PART,), compute, "frequency")
