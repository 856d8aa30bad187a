"""A peer that runs again and again around one person, until the noise should average out."""

from __future__ import annotations

import math

import pytest
from duplex import converse_both
from kit import NO_PADDING, MemoryLedger, SeededNoise, pair, small_contract, values

from cleanroom.disclosure.accounting import run_cost
from cleanroom.errors import BudgetError, CleanroomError, PeerRefusedError

AGREED = small_contract(disclosure__budget_epsilon="6", disclosure__budget_delta="0.0001")
NAMES = [f"n{i}" for i in range(120)]


def attempt(number: int, ledgers: dict[str, MemoryLedger]) -> dict[str, CleanroomError | None]:
    """One run; the target is in the list in every other one."""
    listed = NAMES[number % 2:]
    nodes = pair(AGREED, values(listed), [i % 2 for i in range(len(listed))], values(NAMES), [[1, 1, 5]] * len(NAMES),
                 run=bytes([number]) * 16, noise=SeededNoise(number), padding=NO_PADDING)
    for node in nodes:
        object.__setattr__(node.setup.ports, "ledger", ledgers[node.setup.role])
    return converse_both({node.setup.role: node for node in nodes})


@pytest.mark.parametrize("forgets", ["nobody", "advertiser"])
def test_repetition_ends_at_the_budget_whoever_forgets(forgets: str) -> None:
    """As many runs as the budget pays for, and not one more. A peer that never charges itself gains no run: the other's
    ledger counts."""
    ledgers = {role: MemoryLedger() for role in ("advertiser", "retailer")}
    plan = pair(AGREED, values(NAMES), [0] * len(NAMES), values(NAMES), [[1, 1, 5]] * len(NAMES))[0].setup.plan
    cost = run_cost(plan).total.epsilon
    paid = math.floor(6 / cost)
    results = []
    for number in range(paid + 2):
        results.append(attempt(number, ledgers))
        if forgets == "advertiser":
            ledgers["advertiser"].charges.clear()
            ledgers["advertiser"].told.clear()
            ledgers["retailer"].seen.clear()  # so that the disagreement of the ledgers is not what stops it
    ended = [set(result.values()) == {None} for result in results]
    assert ended == [True] * paid + [False] * 2
    errors = [type(error) for result in results[paid:] for error in result.values()]
    assert set(errors) <= {BudgetError, PeerRefusedError}
    assert ledgers["retailer"].spent(AGREED.id)[0] <= 6
