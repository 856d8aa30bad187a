"""Predicted traffic against the frames of a real run."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from kit import NO_PADDING, SALTED_TERMS, exchange, finish, pair, small_contract, values

import cleanroom.aggregate
from cleanroom.aggregate import part_count
from cleanroom.contract.plan import Plan
from cleanroom.match.dummies import Padding
from cleanroom.primitives.ring import N
from cleanroom.session.script import STEPS
from cleanroom.wire.codec import encode
from cleanroom.wire.traffic import Sizes, traffic

PLACES = {step.name: index for index, step in enumerate(STEPS)}


@pytest.mark.parametrize("mode", [{}, SALTED_TERMS], ids=["blinded", "salted"])
@pytest.mark.parametrize(("people", "periods", "padding", "parts"), [
    (40, 1, NO_PADDING, 1), (25, 2, Padding(20, 2.0), 1), (4150, 1, Padding(20, 2.0), 2)])
def test_predicted_bytes_are_those_of_a_run(people: int, periods: int, padding: Padding, parts: int, mode: dict,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanroom.aggregate, "rows_per_sum", lambda _: N)
    agreed = small_contract(periods=periods, threshold=-1000, **mode)
    plan = Plan(agreed)
    keys = values([f"p{i}@example.com" for i in range(people)])
    columns = np.ones((people, 1 + len(plan.columns)), dtype=np.int64)
    one, two = pair(agreed, keys, np.arange(people) % len(plan.cells), keys, columns, padding=padding)
    declared, sent = {}, Counter()
    for number, (role, step, message) in enumerate(exchange(one, two)):
        sent[step, role] += encode(message, PLACES[step], number).ByteSize()
        declared |= {role: message.rows} if step == "sizes" else {}
    finish(one, two)
    cells, rows = declared["advertiser"], declared["retailer"][0]
    assert mode or part_count(rows, 1) == parts
    predicted = traffic(plan, Sizes(cells, padding.most, rows, len(plan.groups)))
    for step, by_role in predicted.items():
        for role, count in by_role.items():
            assert count == pytest.approx(sent[step, role], rel=0.05, abs=8), (step, role)
    total = sum(n for by in predicted.values() for n in by.values())
    assert total == pytest.approx(sum(sent.values()), rel=0.001, abs=32)


def test_a_row_pair_costs_at_most_130_bytes_and_a_value_16() -> None:
    """A million people on each side, one key type, 20 cells' worth of chunks: frames, offsets and blocks included."""
    plan, rows = Plan(small_contract(periods=2, threshold=-1000)), 10**6
    cells = (rows // len(plan.cells),) * len(plan.cells)
    found = traffic(plan, Sizes(cells, 30, rows, len(plan.groups)))
    match = sum(n for step in ("blinded_cells", "reblinded_cells", "blinded_values") for n in found[step].values())
    assert 96 < match / rows < 130
    values = rows * (1 + len(plan.columns))
    assert 16 <= sum(found["columns"].values()) / values < 16.1
