"""The registry of metrics: which there are, whether a contract can ask for them, and all their numbers."""

from __future__ import annotations

from typing import Final

from cleanroom.contract.model import Contract, Metric
from cleanroom.contract.plan import Plan
from cleanroom.errors import ContractError
from cleanroom.measures.catalogue.base import Context, MetricDefinition
from cleanroom.measures.catalogue.conversion import CONVERSION
from cleanroom.measures.catalogue.lift import LIFT
from cleanroom.measures.catalogue.reach import REACH
from cleanroom.measures.catalogue.sales import SALES
from cleanroom.measures.cells import CONTROL, EXPOSED
from cleanroom.measures.columns import least_square_cap, sales_cap
from cleanroom.measures.estimate import Estimate
from cleanroom.table import ReleasedTable

__all__ = ["CATALOGUE", "Context", "MetricDefinition", "check_metrics", "compute"]

CATALOGUE: Final[dict[Metric, MetricDefinition]] = {
    metric.name: metric for metric in (REACH, CONVERSION, SALES, LIFT)
}


def compute(plan: Plan, table: ReleasedTable, context: Context) -> tuple[Estimate, ...]:
    """All estimates of the contract's metrics, in contract order. ContractError as in `check_metrics`."""
    check_metrics(plan.contract)
    return tuple(estimate for name in plan.contract.metrics
                 for estimate in CATALOGUE[name].compute(plan, table, context))


def check_metrics(contract: Contract) -> None:
    """Whether the contract's statistics, arms and caps are enough for its metrics; ContractError when not."""
    offered = {statistic.measure for statistic in contract.statistics if statistic.category is None}
    for name in contract.metrics:
        missing = [measure for measure in CATALOGUE[name].requires if measure not in offered]
        if missing:
            raise ContractError(f"metric {name} needs a statistic of {missing[0]} without category",
                                where="metrics", todo=f"add the statistic or drop {name}")
    if "lift" in contract.metrics:
        _check_comparison(contract)
    _check_squares(contract)


def _check_comparison(contract: Contract) -> None:
    arms = {value for each in contract.dimensions if each.name == "arm" for value in each.values}
    if not {EXPOSED, CONTROL} <= arms or not any("arm" in each.dimensions for each in contract.releases):
        raise ContractError(f"metric lift compares the arms {EXPOSED} and {CONTROL}, in a release with arm",
                            where="metrics", todo="name both arms and release arm, or drop lift")


def _check_squares(contract: Contract) -> None:
    """A square cut below the square of the largest sale would make every variance too small."""
    for index, statistic in enumerate(contract.statistics):
        cap = sales_cap(contract.statistics, statistic.category)
        if statistic.measure != "sales_squared" or cap is None:
            continue
        if statistic.cap < least_square_cap(cap):
            raise ContractError("the cap of the squares is below the square of the cap of sales",
                                where=f"statistics, {index + 1}", todo=f"set it to {least_square_cap(cap)}")
