"""VOPO, view online, purchase offline: what people with a view, and no click or visit, bought in the store."""

from __future__ import annotations

from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue.base import Context, MetricDefinition
from cleanroom.measures.catalogue.ropo import IN_STORE, VIEWED, store_shares
from cleanroom.measures.estimate import Estimate
from cleanroom.table import ReleasedTable


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`vopo_revenue_share` and `vopo_buyer_rate`: with those of ROPO they add up to the share of all exposed."""
    return store_shares(plan, table, "vopo", VIEWED)


VOPO = MetricDefinition("vopo", "View online, purchase offline", 5, (IN_STORE,), compute, "vopo")
