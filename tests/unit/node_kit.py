"""A status document of a node with a bit of everything."""

from __future__ import annotations

from typing import Any

STATES = ("running", "queued", "awaiting_approval", "finished", "failed", "interrupted", "cancelled")


def document() -> dict[str, Any]:
    """Three contracts and seven runs."""
    at = "2026-03-01T09:30:00+00:00"
    contracts = [{"id": name, "version": version, "state": state, "reason": reason, "until": at, "days": 12.5,
                  "budget_epsilon": 9.0, "spent_epsilon": 1.5, "left_epsilon": 7.5}
                 for name, version, state, reason in (
                     ("spring-campaign", 2, "in_force", ""),
                     ("spring-campaign", 1, "superseded", "ContractSupersededError: version 2 is in force"),
                     ("autumn-campaign-with-a-name-of-some-length", 1, "not_in_force", "ContractError: it expired"))]
    newest = [{"run": f"{number:032x}", "contract": "spring-campaign", "version": 2, "dialled": "peer", "state": state,
               "step": "gate", "error": "DataError" if state == "failed" else "",
               "reason": "the other party's input was refused by its own checks" if state == "failed" else "",
               "asked": at, "changed": at, "started": at, "ended": None} for number, state in enumerate(STATES)]
    return {
        "schema": "cleanroom-node/1", "software": "0.1.0", "role": "retailer", "at": at,
        "node": {"running": True, "since": at, "listen": "127.0.0.1:7102"},
        "ready": {"keys": "", "ledger": "", "contracts": "", "disk": ""}, "certificate_days": 200.25,
        "disk": {"free_bytes": 73_000_000_000, "needed_bytes": 2_000_000_000}, "suppressions_age_seconds": 7200,
        "contracts": contracts, "proposals": 1,
        "runs": {"waiting": 2, "states": dict.fromkeys(STATES, 1), "errors": {"DataError": 1}, "newest": newest},
        "measured": {"run": f"{3:032x}", "contract": "spring-campaign", "rows_sent": 324, "rows_received": 289,
                     "bytes_sent": 416_666, "bytes_received": 665_470, "seconds": 1.143},
        "audit": {"head": "ab" * 32, "run": f"{3:032x}", "verifies": True, "reason": ""},
    }
