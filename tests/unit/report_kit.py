"""A small contract, its table and a run's facts, for the tests of the report."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from cleanroom.adapters.demo_settings import demo_terms
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue import Context, compute
from cleanroom.measures.columns import Clipping
from cleanroom.measures.estimate import Estimate
from cleanroom.report.document import measurement_document
from cleanroom.report.facts import KeyFacts, Refused, RunFacts, Spend
from cleanroom.table import ReleasedTable, Row

ARMS, SEGMENTS = ("exposed", "control"), ("families", "singles")
PEOPLE = {("exposed", "families"): 612, ("exposed", "singles"): 404,
          ("control", "families"): 701, ("control", "singles"): 498}


def contract(*, assignment: str = "observational", currency: str = "EUR", title: str = "Autumn mailing",
             segments: tuple[str, ...] = SEGMENTS) -> Contract:
    statistics = [
        {"name": name, "measure": measure, "category": category, "cap": cap, "weight": 2}
        for name, measure, category, cap in (
            ("buyers", "buyers", None, 1), ("sales", "sales", None, 40_000),
            ("sales_squared", "sales_squared", None, 160_000), ("baskets", "baskets", None, 20),
            ("sales_fresh", "sales", "Fresh food", 20_000))]
    parties = {role: {"name": name, "contact": "dpo@example.com", "signing_key": _base64(role),
                      "certificate": _base64(name)}
               for role, name in (("advertiser", "Northfield Brands"), ("retailer", "Regional Grocers"))}
    return Contract.model_validate({
        "format": "cleanroom-contract/1", "id": "autumn-mailing", "version": 2, "title": title,
        "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", "parties": parties,
        "match": {"protocol": "ecdh-x25519-v1", "keys": ["email", "loyalty"], "normalisation": "cleanroom-1",
                  "epsilon": "0.5", "delta": "0.000001", "max_people_advertiser": 5000,
                  "max_people_retailer": 5000},
        "campaign": {"names": ["Campaign 18"], "channels": ["direct_mail"], "assignment": assignment,
                     "assignment_note": "Chosen as the note says.", "cost_cents": 500_000,
                     "currency": currency},
        "calendar": {"time_zone": "Europe/Paris", "exposures_from": "2026-03-02",
                     "exposures_until": "2026-03-15", "period_days": 14, "window_days": 30},
        "purchases": {"refunds": "refuse"},
        "consent": {**demo_terms()["consent"], "lookback_days": 120}, "legal": demo_terms()["legal"],
        "disclosure": {"threshold": 50, "cells_floor": 0, "dominance_percent": 85, "budget_epsilon": "6",
                       "budget_delta": "0.00001"},
        "dimensions": [{"name": "arm", "values": ARMS}, {"name": "segment", "values": segments}],
        "statistics": statistics,
        "releases": [{"dimensions": dimensions, "statistics": [s["name"] for s in statistics], "epsilon": epsilon,
                      "people_weight": 4} for dimensions, epsilon in ((["arm"], "1"), (["arm", "segment"], "1.5"))],
        "metrics": ["reach", "conversion", "sales", "lift"]})


def table(plan: Plan, *, suppressed: tuple[tuple[str, ...], ...] = ()) -> ReleasedTable:
    """Plain totals without noise; the groups whose key is in `suppressed` are withheld."""
    return ReleasedTable(tuple(
        Row(group, None, None) if group.key in suppressed else Row(group, *_totals(group.key))
        for group in plan.groups))


def facts(**changes: Any) -> RunFacts:
    return RunFacts(**{
        "run_id": "run-0001", "role": "retailer", "started": datetime(2026, 5, 1, 9, 0, tzinfo=UTC),
        "ended": datetime(2026, 5, 1, 9, 0, 41, tzinfo=UTC), "software": "0.1.0", "backend": "openssl",
        "contract_sha256": "9f" * 32, "transcript_sha256": "51" * 32, "audit_root": "c0" * 32,
        "admitted": 2500, "rows_sent": 2900, "peer_rows": 3100, "bytes_sent": 48_201,
        "bytes_received": 21_334,
        "transcript_cost": Spend("0.5", "0.000001"), "release_cost": Spend("2.5", "0"),
        "cumulative": Spend("3", "0.000001"), "budget": Spend("6", "0.00001"),
        "refused": (Refused("R-05", "Consent was withdrawn", 17),), "excluded": {"no_valid_key": 6},
        "keys": (KeyFacts("email", 2300, 120, 60, 20, {"inner_space": 41, "domain": 19},
                          {"inner_space": (("aaaa.aaaaaa aa aaaa.aa", 12), ("aaaa aa aaaaaaaaaaaaaaaaa… (61)", 3))},
                          {"common": 0, "conflict": 18, "alike": 2, "kept": 0}),
                 KeyFacts("postal", 2000, 500, 0, 0, matched=(812.0, 31.5))),
        "clipping": (Clipping("sales", 23, 0.0143),), "timings": {"matching": 6.125},
        "sends": (("Blinded rows", "Their number, padding included."),),
        "privacy": (("Privacy unit", "One person."),), **changes})


def document(*, suppressed: tuple[tuple[str, ...], ...] = (), extra: tuple[Estimate, ...] = (),
             of: Contract | None = None, **changes: Any) -> dict[str, Any]:
    agreed = of or contract()
    plan, known = Plan(agreed), facts(**changes)
    opened = table(plan, suppressed=suppressed)
    found = compute(plan, opened, Context(known.role, known.admitted, known.peer_rows))
    return measurement_document(agreed, plan, opened, (*found, *extra), known)


def everything() -> tuple[tuple[str, ...], ...]:
    """The keys of all groups."""
    return tuple(group.key for group in Plan(contract()).groups)


def _totals(key: tuple[str, ...]) -> tuple[int, tuple[int, ...]]:
    parts = [(cell, count) for cell, count in PEOPLE.items() if cell[:len(key)] == key]
    people = sum(count for _, count in parts)
    sales = sum(count * (13_200 if cell[0] == "exposed" else 9_100) for cell, count in parts)
    return people, (people * 8 // 10, sales, sales * 150 // 10_000, people * 4, sales // 3)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode().ljust(32, b".")[:32]).decode()
