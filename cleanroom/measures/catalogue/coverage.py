"""Coverage: which part of the owner's own data is tied to people at all. Exact, and in the owner's copy only."""

from __future__ import annotations

from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue.base import Context, MetricDefinition, Outcome, publish
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.noise import Noise
from cleanroom.measures.statistics import Level, Undefined
from cleanroom.table import ReleasedTable


def compute(_plan: Plan, _table: ReleasedTable, context: Context) -> list[Estimate]:
    """The retailer: `carded_sales_share`, sales with a customer / all sales of the windows. The advertiser:
    `tied_exposures_share` and `tied_visits_share`, exposures (site or store visits) of a known person / all of the
    campaign. Each of the own party only, noted `own_exact`; the peer's is not known here."""
    return [publish("coverage", name, "share", _share(*numbers), group=None, numerator="tied to a person",
                    denominator="all", note="" if numbers[1] <= 0 else "own_exact")
            for name, numbers in context.coverage.items()]


def _share(part: int, whole: int) -> Outcome:
    if whole <= 0:
        return Undefined("undefined_zero_denominator")
    return Level(part / whole, 0.0, 0.0, 0.0, Noise(0.0, 0.0))


COVERAGE = MetricDefinition("coverage", "Coverage of the own data", 15, (), compute, "coverage")
