"""A small valid contract for the tests of disclosure control; every term can be replaced."""

from __future__ import annotations

from typing import Any

from cleanroom.adapters.demo_settings import demo_terms
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan

PARTY = {"name": "A", "contact": "dpo@a.example", "signing_key": "AAAA", "certificate": "AAAA"}

TERMS: dict[str, Any] = {
    "format": "cleanroom-contract/1", "id": "test-contract", "version": 1, "title": "Test",
    "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z",
    "parties": {"advertiser": PARTY, "retailer": {**PARTY, "name": "R"}},
    "match": {"protocol": "ecdh-x25519-v1", "keys": ("email",), "normalisation": "cleanroom-1",
              "epsilon": "0.5", "delta": "0.000001", "max_people_advertiser": 5000,
              "max_people_retailer": 3000},
    "campaign": {"names": ("c",), "channels": ("tv",), "assignment": "randomised", "assignment_note": "coin",
                 "cost_cents": 1, "currency": "EUR"},
    "calendar": {"time_zone": "Europe/Paris", "exposures_from": "2026-02-01", "exposures_until": "2026-02-14",
                 "period_days": 7, "window_days": 30},
    "purchases": {"refunds": "refuse"},
    "consent": demo_terms()["consent"], "legal": demo_terms()["legal"],
    "disclosure": {"threshold": 20, "cells_floor": 0, "dominance_percent": 85, "budget_epsilon": "10",
                   "budget_delta": "0.00001"},
    "dimensions": ({"name": "arm", "values": ("exposed", "control")},
                   {"name": "segment", "values": ("x", "y", "z")}),
    "statistics": ({"name": "buyers", "measure": "buyers", "cap": 1, "weight": 1},
                   {"name": "sales", "measure": "sales", "cap": 30000, "weight": 3}),
    "releases": ({"dimensions": ("arm",), "statistics": ("buyers", "sales"), "epsilon": "1.2", "people_weight": 2},
                 {"dimensions": ("arm", "segment"), "statistics": ("buyers", "sales"), "epsilon": "0.3",
                  "people_weight": 1}),
    "metrics": ("reach",),
}


def make_plan(**sections: dict[str, Any]) -> Plan:
    """The plan of `TERMS`, with some settings of some sections replaced."""
    changed = {name: {**TERMS[name], **section} for name, section in sections.items()}
    return Plan(Contract.model_validate({**TERMS, **changed}))
