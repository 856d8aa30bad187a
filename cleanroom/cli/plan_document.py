"""The forecast of a run as one JSON-compatible document; `plan_table` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cleanroom.contract.plan import Group, Plan
from cleanroom.disclosure.accounting import Cost, budget_of, run_cost
from cleanroom.disclosure.padding import padding_rows, padding_terms
from cleanroom.measures.planning import Assumptions, Forecast, forecasts, group_forecasts
from cleanroom.report.mode import mode
from cleanroom.session.costs import Costs, Load, stage_work
from cleanroom.wire.traffic import Sizes, traffic

SCHEMA: Final = "cleanroom-plan/1"


@dataclass(frozen=True, slots=True)
class Network:
    """Cores of each node, megabits a second between them, and the arithmetic of both (a name and its costs)."""

    workers: int
    bandwidth: float
    backend: str
    costs: Costs


def plan_document(plan: Plan, assumed: Assumptions, spent: Mapping[str, Cost], network: Network) -> dict[str, Any]:
    """Everything `cleanroom plan` says. Money is in cents, as in measurement.json."""
    found = group_forecasts(plan, assumed)
    return {
        "schema": SCHEMA,
        **mode(plan.contract),
        "contract": {"id": plan.contract.id, "title": plan.contract.title,
                     "currency": plan.contract.campaign.currency, "threshold": plan.contract.disclosure.threshold},
        "assumed": {"advertiser_people": round(sum(assumed.people)), "retailer_people": assumed.retailer,
                    "overlap": assumed.overlap, "matched": round(sum(assumed.people) * assumed.matched),
                    "conversion": assumed.conversion, "mean": assumed.mean, "sd": assumed.sd},
        "groups": [{"release": each.group.release, "group": _labels(plan, each.group), "people": round(each.people),
                    "suppressed": round(each.suppressed, 6)} for each in found],
        "precision": [_precision(plan, each) for each in forecasts(plan, assumed)],
        "privacy": _privacy(plan, spent),
        "run": _run(plan, assumed, network),
    }


def _precision(plan: Plan, forecast: Forecast) -> dict[str, Any]:
    estimate = forecast.estimate
    numbers = {name: None if value is None else round(value, 6)
               for name, value in (("value", estimate.value), ("half", forecast.half),
                                   ("sampling", forecast.sampling), ("noise", forecast.noise),
                                   ("detectable", forecast.detectable))}
    return {"metric": estimate.metric, "name": estimate.name, "unit": estimate.unit,
            "group": _labels(plan, estimate.group), "against": _labels(plan, estimate.against), **numbers,
            "note": estimate.note}


def _labels(plan: Plan, group: Group | None) -> dict[str, str] | None:
    if group is None:
        return None
    return dict(zip(plan.contract.releases[group.release].dimensions, group.key, strict=True))


def _privacy(plan: Plan, spent: Mapping[str, Cost]) -> dict[str, Any]:
    cost, budget = run_cost(plan), budget_of(plan.contract)
    nothing = Cost(Decimal(0), Decimal(0))
    return {
        "run": _amount(cost.total), "transcript": _amount(cost.transcript), "release": _amount(cost.release),
        "budget": _amount(budget), "runs_allowed": _runs(budget, nothing, cost.total),
        "ledgers": {role: {"spent": _amount(used), "runs_left": _runs(budget, used, cost.total)}
                    for role, used in spent.items()},
    }


def _amount(cost: Cost) -> dict[str, str]:
    return {"epsilon": cost.epsilon_text, "delta": cost.delta_text}


def _runs(budget: Cost, used: Cost, each: Cost) -> int:
    """How many more whole runs the budget pays for."""
    left = ((budget.epsilon - used.epsilon) // each.epsilon, (budget.delta - used.delta) // each.delta)
    return max(0, int(min(left)))


def _run(plan: Plan, assumed: Assumptions, network: Network) -> dict[str, Any]:
    """Padding, traffic and time. Random paddings are at their mean, P / 2."""
    most = padding_terms(plan).most
    per_cell, dummies = padding_rows(plan, most) // len(plan.cells), padding_rows(plan, most)
    cells = tuple(round(people) + most // 2 for people in assumed.people)
    rows = assumed.retailer + dummies + most // 2
    sent = traffic(plan, Sizes(cells, per_cell, rows, len(plan.groups)))
    work = stage_work(plan, Load(round(sum(assumed.people)), sum(cells), assumed.retailer, rows, dummies),
                      network.workers, network.costs)
    stages = []
    for name, bytes_sent in sent.items():
        sides = work.get(name)
        wire = sum(bytes_sent.values()) * 8 / (network.bandwidth * 1e6)
        seconds = max(wire, sides.advertiser, sides.retailer) if sides else wire
        stages.append({"stage": name, "advertiser_bytes": bytes_sent["advertiser"],
                       "retailer_bytes": bytes_sent["retailer"], "seconds": round(seconds, 3)})
    return {"workers": network.workers, "bandwidth": network.bandwidth, "backend": network.backend,
            "padding": {"most_per_cell_and_pattern": most, "dummies": dummies,
                        "advertiser_rows": sum(cells), "retailer_rows": rows},
            "advertiser_bytes": sum(each["advertiser"] for each in sent.values()),
            "retailer_bytes": sum(each["retailer"] for each in sent.values()),
            "seconds": round(sum(float(str(stage["seconds"])) for stage in stages), 3), "stages": stages}
