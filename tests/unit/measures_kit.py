"""A small contract, and released tables made without a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cleanroom.adapters.demo_settings import demo_terms
from cleanroom.adapters.synth.settings import file_columns
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.table import ReleasedTable, Row

STATISTICS = (
    ("buyers", None, 1), ("sales", None, 50_000), ("sales_squared", None, 250_000), ("baskets", None, 20),
    ("units", None, 60), ("sales", "dairy", 5_000),
)


def plan_of(*, statistics: Sequence[tuple[str, str | None, int]] = STATISTICS,
            releases: Sequence[Sequence[str]] = ((), ("arm",), ("arm", "segment")), epsilon: str = "1",
            **changes: Any) -> Plan:
    """A plan; `changes` replace whole sections of the contract."""
    return Plan(Contract.model_validate({**_document(statistics, releases, epsilon), **changes}))


def table_of(plan: Plan, numbers: Mapping[tuple[str, ...], tuple[int, Sequence[int]]]) -> ReleasedTable:
    """A table from {key: (people, sums)}; a key that is not named is suppressed."""
    rows = []
    for group in plan.groups:
        found = numbers.get(group.key)
        rows.append(Row(group, None, None) if found is None else Row(group, found[0], tuple(found[1])))
    return ReleasedTable(tuple(rows))


def _document(statistics: Sequence[tuple[str, str | None, int]], releases: Sequence[Sequence[str]],
              epsilon: str) -> dict[str, Any]:
    party = {"contact": "dpo", "signing_key": "AAAA", "certificate": "AAAA"}
    return {
        "format": "cleanroom-contract/1", "id": "spring-test", "version": 1, "title": "Spring",
        "not_before": "2025-01-01T00:00:00Z", "not_after": "2026-01-01T00:00:00Z",
        "parties": {"advertiser": {"name": "Brand", **party}, "retailer": {"name": "Shop", **party}},
        "match": {"protocol": "ecdh-x25519-v1", "keys": ["email"], "normalisation": "cleanroom-1",
                  "epsilon": "1", "delta": "0.000001",
                  "max_people_advertiser": 1000, "max_people_retailer": 1000},
        "campaign": {"names": ["spring"], "channels": ["email", "display"], "assignment": "randomised",
                     "assignment_note": "drawn by lot", "cost_cents": 100_000, "currency": "EUR"},
        "calendar": {"time_zone": "Europe/Paris", "exposures_from": "2025-03-01",
                     "exposures_until": "2025-03-20", "period_days": 7, "window_days": 14},
        "purchases": {"refunds": "refuse"},
        "consent": {**demo_terms()["consent"], "columns": file_columns()}, "legal": demo_terms()["legal"],
        "disclosure": {"threshold": 20, "cells_floor": 0, "dominance_percent": 85, "budget_epsilon": "10",
                       "budget_delta": "0.00001"},
        "dimensions": [{"name": "arm", "values": ["exposed", "control", "holdout"]},
                       *([{"name": "segment", "values": ["loyal", "new"]}]
                         if any("segment" in names for names in releases) else [])],
        "statistics": [{"name": f"s{i}", "measure": measure, "category": category, "cap": cap, "weight": 1}
                       for i, (measure, category, cap) in enumerate(statistics)],
        "releases": [{"dimensions": list(names), "statistics": [f"s{i}" for i in range(len(statistics))],
                      "epsilon": epsilon, "people_weight": 1} for names in releases],
        "metrics": ["reach", "conversion", "sales", "lift"],
    }
