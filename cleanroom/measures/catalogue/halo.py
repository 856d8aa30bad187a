"""Halo: what buyers of the advertised categories bought outside them."""

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
from cleanroom.measures.fractions import fraction
from cleanroom.measures.statistics import Result, census
from cleanroom.table import ReleasedTable

_SCOPES = ("halo", "campaign")
_PART = Part(tuple(asked("sales", scope=scope) for scope in _SCOPES),
             tuple(asked("sales_squared", scope=scope) for scope in _SCOPES))


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """`campaign_sales`, `halo_sales` (both a census) and `halo_share` = halo / (halo + campaign) of each group."""
    return [estimate for row, people in reading(plan, table, _PART) for estimate in _group(row.group, people)]


def _group(group: Group, people: Cohort | None) -> list[Estimate]:
    totals = [publish("halo", f"{scope}_sales", "cents", census(people.needed("sales", scope=scope)) if people
                      else SUPPRESSED, group=group) for scope in reversed(_SCOPES)]
    return [*totals, publish("halo", "halo_share", "share", _share(people) if people else SUPPRESSED, group=group,
                             numerator="sales outside the campaign's categories",
                             denominator="all sales to buyers of the campaign's categories")]


def _share(people: Cohort) -> Result:
    halo, campaign = (people.needed("sales", scope=scope) for scope in _SCOPES)
    squares = [people.total("sales_squared", scope=scope) for scope in _SCOPES]
    return fraction(halo, campaign, (squares[0], squares[1]), max(people.cap("sales", scope=s) for s in _SCOPES))


HALO = MetricDefinition("halo", "Halo", 14, (_PART,), compute, "halo")
