"""ROPO, research online, purchase offline: what people with a click or a visit bought in the store."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from cleanroom.contract.model import Measure, Metric
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
from cleanroom.measures.fractions import fraction, inside, portion, proportion
from cleanroom.measures.noise import Noised
from cleanroom.table import ReleasedTable

IN_STORE = Part((asked("sales", sales_channel="store"), asked("buyers", sales_channel="store")),
                (asked("sales_squared", sales_channel="store"),), ("engagement",), credited=True)
RESEARCHED, VIEWED = ("click", "visit"), ("view", "listen", "opportunity")


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`ropo_revenue_share` and `ropo_buyer_rate`, see `store_shares`."""
    return store_shares(plan, table, "ropo", RESEARCHED)


def store_shares(plan: Plan, table: ReleasedTable, metric: Metric, engagements: Sequence[str]) -> list[Estimate]:
    """Shares of the people with some engagements in the store sales, and the store buyers, of all matched people.

    In each release by engagement, for each combination of its other dimensions; `arm` is added up, because the whole
    is everybody. Needs every group that is added up. A person counts under one engagement, the strongest. Where the
    contract has look-backs, only what was bought within them is in the part; the whole stays the same.
    """
    found: list[Estimate] = []
    for release in range(len(plan.contract.releases)):
        if IN_STORE.reads(plan, release) is not None:
            for group, (part, rest) in _strata(plan, table, release, engagements).items():
                found += _published(plan, metric, group, part, rest)
    return found


_Side = list[Cohort | None]


def _strata(plan: Plan, table: ReleasedTable, release: int, engagements: Sequence[str]) \
        -> dict[Group, tuple[_Side, _Side]]:
    axes = plan.contract.releases[release].dimensions
    found: dict[tuple[str, ...], tuple[Group, tuple[_Side, _Side]]] = {}
    for row in table.of(release):
        named = dict(zip(axes, row.group.key, strict=True))
        stratum = tuple(value for name, value in named.items() if name not in {"arm", "engagement"})
        group, sides = found.get(stratum, (row.group, ([], [])))
        part = named["engagement"] in engagements
        first = part and not sides[0]
        sides[0 if part else 1].append(cohort(plan, row))
        found[stratum] = (row.group if first else group, sides)
    return {group: sides for group, sides in found.values() if sides[0]}


def _published(plan: Plan, metric: Metric, group: Group, part: _Side, rest: _Side) -> list[Estimate]:
    revenue, buyers = _outcomes(plan, part, rest)
    return [publish(metric, f"{metric}_revenue_share", "share", revenue, group=group,
                    numerator="store sales of this engagement", denominator="store sales of all matched people"),
            publish(metric, f"{metric}_buyer_rate", "share", buyers, group=group,
                    numerator="store buyers of this engagement", denominator="store buyers of all matched people")]


def _outcomes(plan: Plan, part: _Side, rest: _Side) -> tuple[Outcome, Outcome]:
    known = [[each for each in side if each is not None] for side in (part, rest)]
    if any(len(side) < len(whole) for side, whole in zip(known, (part, rest), strict=True)) or not known[1]:
        return SUPPRESSED, SUPPRESSED
    if plan.contract.calendar.lookback:
        return _within(known[0], [*known[0], *known[1]])
    sales, buyers = ([_added(side, measure) for side in known] for measure in ("sales", "buyers"))
    squares = [_squares(side) for side in known]
    cap = known[0][0].cap("sales", sales_channel="store")
    return fraction(sales[0], sales[1], (squares[0], squares[1]), cap), proportion(buyers[0], buyers[1])


def _within(part: list[Cohort], everybody: list[Cohort]) -> tuple[Outcome, Outcome]:
    squares = _squares(part, "lookback"), _squares(everybody)
    cap = part[0].cap("sales", sales_channel="store")
    return (inside(_added(part, "sales", "lookback"), _added(everybody, "sales"), squares, cap),
            portion(_added(part, "buyers", "lookback"), _added(everybody, "buyers"), 1))


def _added(side: Sequence[Cohort], measure: Measure, within: str | None = None) -> Noised:
    return reduce(Noised.__add__, (each.needed(measure, sales_channel="store", within=within) for each in side))


def _squares(side: Sequence[Cohort], within: str | None = None) -> Noised | None:
    found = [each.total("sales_squared", sales_channel="store", within=within) for each in side]
    known = [each for each in found if each is not None]
    return reduce(Noised.__add__, known) if len(known) == len(found) else None


ROPO = MetricDefinition("ropo", "Research online, purchase offline", 4, (IN_STORE,), compute, "ropo")
