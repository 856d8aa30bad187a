"""How long the HTML report takes and how much it weighs: `python benchmarks/report.py [GROUPS] [STATISTICS]`.

It builds a contract with two arms × GROUPS/2 segments and STATISTICS statistics, fills its table with plausible
totals, computes every metric, and renders the page in both languages. No private join is run.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from datetime import UTC, datetime

from cleanroom.adapters.demo_settings import demo_terms
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue import compute
from cleanroom.measures.catalogue.base import Context
from cleanroom.report.document import measurement_document
from cleanroom.report.facts import RunFacts, Spend
from cleanroom.report.html import render_html
from cleanroom.report.wording import LANGUAGES
from cleanroom.table import ReleasedTable, Row

ARMS = ("exposed", "control")
BASE = (("buyers", "buyers", 1), ("sales", "sales", 40_000), ("sales_squared", "sales_squared", 160_000),
        ("baskets", "baskets", 20))
MOST_VALUES = 64  # of one dimension of a contract


def made_contract(groups: int, statistics: int) -> Contract:
    """A contract that releases about `groups` groups of `statistics` sums each."""
    per_release, releases = _shape(groups)
    sums = [{"name": name, "measure": measure, "category": None, "cap": cap, "weight": 3}
            for name, measure, cap in BASE]
    sums += [{"name": f"sales_{index}", "measure": "sales", "category": f"Category {index}", "cap": 8_000, "weight": 1}
             for index in range(statistics - len(BASE))]
    party = {"name": "Company", "contact": "dpo@example.com", "signing_key": _base64("k"), "certificate": _base64("c")}
    names = [each["name"] for each in sums]
    split = {"dimensions": ["arm", "segment"], "statistics": names, "epsilon": "1", "people_weight": 4}
    return Contract.model_validate({
        "format": "cleanroom-contract/1", "id": "benchmark", "version": 1, "title": "A large report",
        "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z",
        "parties": dict.fromkeys(("advertiser", "retailer"), party),
        "match": {"protocol": "ecdh-x25519-v1", "keys": ["email"], "normalisation": "cleanroom-1", "epsilon": "0.5",
                  "delta": "0.000001", "max_people_advertiser": 2_000_000, "max_people_retailer": 2_000_000},
        "campaign": {"names": ["Campaign"], "channels": ["display"], "assignment": "observational",
                     "assignment_note": "As the note says.", "cost_cents": 500_000, "currency": "EUR"},
        "calendar": {"time_zone": "Europe/Paris", "exposures_from": "2026-03-02", "exposures_until": "2026-03-15",
                     "period_days": 14, "window_days": 30},
        "purchases": {"refunds": "refuse"},
        "consent": {**demo_terms()["consent"], "lookback_days": 120}, "legal": demo_terms()["legal"],
        "disclosure": {"threshold": 50, "cells_floor": 0, "dominance_percent": 85, "budget_epsilon": "10",
                       "budget_delta": "0.00001"},
        "dimensions": [{"name": "arm", "values": ARMS},
                       {"name": "segment", "values": [f"Segment {i}" for i in range(per_release // 2)]}],
        "statistics": sums,
        "releases": [{**split, "dimensions": ["arm"]}, *[split] * releases],
        "metrics": ["reach", "conversion", "sales", "lift"]})


def made_table(plan: Plan) -> ReleasedTable:
    """Plausible totals; every twentieth group is suppressed."""
    return ReleasedTable(tuple(
        Row(group, None, None) if index % 20 == 19 else _row(plan, index) for index, group in enumerate(plan.groups)))


def _row(plan: Plan, index: int) -> Row:
    people = 2_000 + 37 * index
    sums = tuple(people * statistic.cap // (4 + (index + at) % 5) // (1 if at else 2)
                 for at, statistic in enumerate(plan.contract.statistics))
    return Row(plan.groups[index], people, sums)


def _shape(groups: int) -> tuple[int, int]:
    releases = -(-groups // (2 * MOST_VALUES))
    return -(-groups // releases // 2) * 2, releases


def _base64(text: str) -> str:
    return base64.b64encode(text.encode().ljust(32, b".")).decode()


def made_facts() -> RunFacts:
    """A run of no interest."""
    return RunFacts(
        run_id="0" * 32, role="retailer", started=datetime(2026, 5, 1, 9, 0, tzinfo=UTC),
        ended=datetime(2026, 5, 1, 9, 5, tzinfo=UTC), software="benchmark", backend="openssl",
        contract_sha256="9f" * 32, transcript_sha256="51" * 32, audit_root="c0" * 32, admitted=2_000_000,
        rows_sent=2_100_000, peer_rows=2_100_000, bytes_sent=1, bytes_received=1,
        transcript_cost=Spend("1", "0.000002"), release_cost=Spend("5", "0"),
        cumulative=Spend("6", "0.000002"), budget=Spend("10", "0.00001"))


def main() -> None:
    """Measure and print."""
    groups, statistics = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (500, 40)
    plan = Plan(made_contract(groups, statistics))
    start = time.perf_counter()
    estimates = compute(plan, made_table(plan), Context("retailer", 2_000_000, 2_100_000))
    print(f"{len(plan.groups)} groups, {statistics} statistics, {len(estimates)} estimates "
          f"in {time.perf_counter() - start:.2f} s")
    start = time.perf_counter()
    document = measurement_document(plan.contract, plan, made_table(plan), estimates, made_facts())
    print(f"document: {time.perf_counter() - start:.2f} s, {len(json.dumps(document)) / 1e6:.2f} MB of JSON")
    for language in LANGUAGES:
        start, busy = time.perf_counter(), time.process_time()
        page = render_html(document, language)
        print(f"page, {language}: {time.perf_counter() - start:.2f} s ({time.process_time() - busy:.2f} s of processor "
              f"time), {len(page.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
