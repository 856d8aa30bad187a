"""The registry of metrics: which there are, whether a contract can ask for them, and all their numbers."""

from __future__ import annotations

from typing import Final

from cleanroom.contract.model import Contract, Metric
from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue.attribution import ATTRIBUTION
from cleanroom.measures.catalogue.base import Context, MetricDefinition
from cleanroom.measures.catalogue.click_collect import CLICK_COLLECT
from cleanroom.measures.catalogue.compiler import Opening, check_needs, smallest
from cleanroom.measures.catalogue.conversion import CONVERSION
from cleanroom.measures.catalogue.coverage import COVERAGE
from cleanroom.measures.catalogue.frequency import FREQUENCY
from cleanroom.measures.catalogue.halo import HALO
from cleanroom.measures.catalogue.lift import LIFT
from cleanroom.measures.catalogue.new_to_brand import NEW_TO_BRAND
from cleanroom.measures.catalogue.offline_share import OFFLINE_SHARE
from cleanroom.measures.catalogue.omnichannel import OMNICHANNEL
from cleanroom.measures.catalogue.reach import REACH
from cleanroom.measures.catalogue.ropo import ROPO
from cleanroom.measures.catalogue.sales import SALES
from cleanroom.measures.catalogue.visits import VISITS
from cleanroom.measures.catalogue.vopo import VOPO
from cleanroom.measures.estimate import Estimate
from cleanroom.table import ReleasedTable

__all__ = ["CATALOGUE", "Context", "MetricDefinition", "Opening", "check_metrics", "compute", "smallest"]

CATALOGUE: Final[dict[Metric, MetricDefinition]] = {metric.name: metric for metric in (
    REACH, CONVERSION, SALES, ROPO, VOPO, OFFLINE_SHARE, OMNICHANNEL, CLICK_COLLECT, FREQUENCY, LIFT, ATTRIBUTION,
    NEW_TO_BRAND, VISITS, HALO, COVERAGE)}


def compute(plan: Plan, table: ReleasedTable, context: Context) -> tuple[Estimate, ...]:
    """All estimates of the contract's metrics, in contract order. ContractError as in `check_metrics`."""
    check_metrics(plan.contract)
    return tuple(estimate for name in plan.contract.metrics
                 for estimate in CATALOGUE[name].compute(plan, table, context))


def check_metrics(contract: Contract) -> None:
    """Whether the contract opens what its metrics need, and nothing else; ContractError naming the setting."""
    check_needs(contract, CATALOGUE)
