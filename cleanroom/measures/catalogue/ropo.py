"""ROPO, research online, purchase offline: what people with a click or a visit bought in the store."""

from __future__ import annotations

from functools import reduce

from cleanroom.contract.model import Metric
from cleanroom.contract.plan import Group, Plan
from cleanroom.measures.catalogue.base import (
    SUPPRESSED,
    Cohort,
    Context,
    MetricDefinition,
    Outcome,
    Part,
    asked,
    cohort,
    publish,
)
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.fractions import fraction, proportion
from cleanroom.measures.noise import Noised
from cleanroom.table import ReleasedTable

IN_STORE = Part((asked("sales", sales_channel="store"), asked("buyers", sales_channel="store")),
                (asked("sales_squared", sales_channel="store"),), ("engagement",))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`ropo_revenue_share` and `ropo_buyer_rate`, see `store_shares`."""
    return store_shares(plan, table, "ropo", "click")


def store_shares(plan: Plan, table: ReleasedTable, metric: Metric, engagement: str) -> list[Estimate]:
    """Shares of the people with one engagement in the store sales, and the store buyers, of all matched people.

    In each release by engagement, for each combination of its other dimensions; `arm` is added up, because the whole
    is everybody. Needs every group that is added up. A person counts under one engagement, `click` before `view`.
    """
    found: list[Estimate] = []
    for release in range(len(plan.contract.releases)):
        if IN_STORE.reads(plan, release) is not None:
            for group, (part, rest) in _strata(plan, table, release, engagement).items():
                found += _published(metric, group, part, rest)
    return found


_Side = list[Cohort | None]


def _strata(plan: Plan, table: ReleasedTable, release: int, engagement: str) -> dict[Group, tuple[_Side, _Side]]:
    axes = plan.contract.releases[release].dimensions
    found: dict[tuple[str, ...], tuple[Group, tuple[_Side, _Side]]] = {}
    for row in table.of(release):
        named = dict(zip(axes, row.group.key, strict=True))
        stratum = tuple(value for name, value in named.items() if name not in {"arm", "engagement"})
        group, sides = found.get(stratum, (row.group, ([], [])))
        inside = named["engagement"] == engagement
        sides[0 if inside else 1].append(cohort(plan, row))
        found[stratum] = (row.group if inside else group, sides)
    return {group: sides for group, sides in found.values() if sides[0]}


def _published(metric: Metric, group: Group, part: _Side, rest: _Side) -> list[Estimate]:
    revenue, buyers = _outcomes(part, rest)
    return [publish(metric, f"{metric}_revenue_share", "share", revenue, group=group,
                    numerator="store sales of this engagement", denominator="store sales of all matched people"),
            publish(metric, f"{metric}_buyer_rate", "share", buyers, group=group,
                    numerator="store buyers of this engagement", denominator="store buyers of all matched people")]


def _outcomes(part: _Side, rest: _Side) -> tuple[Outcome, Outcome]:
    known = [[each for each in side if each is not None] for side in (part, rest)]
    if any(len(side) < len(whole) for side, whole in zip(known, (part, rest), strict=True)) or not known[1]:
        return SUPPRESSED, SUPPRESSED
    sales, buyers = ([reduce(Noised.__add__, (each.needed(measure, sales_channel="store") for each in side))
                      for side in known] for measure in ("sales", "buyers"))
    squares = [[each.total("sales_squared", sales_channel="store") for each in side] for side in known]
    added = [reduce(Noised.__add__, whole) if len(whole) == len(side) else None
             for side in squares for whole in [[each for each in side if each is not None]]]
    cap = known[0][0].cap("sales", sales_channel="store")
    return fraction(sales[0], sales[1], (added[0], added[1]), cap), proportion(buyers[0], buyers[1])


ROPO = MetricDefinition("ropo", "Research online, purchase offline", 4, (IN_STORE,), compute, "ropo")
