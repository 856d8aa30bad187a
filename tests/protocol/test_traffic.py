"""Predicted traffic against the frames of a real run."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from kit import NO_PADDING, exchange, finish, pair, small_contract, values

from cleanroom.contract.plan import Plan
from cleanroom.match.dummies import Padding
from cleanroom.session.script import SCRIPT
from cleanroom.wire.codec import encode
from cleanroom.wire.traffic import Sizes, traffic

STEPS = {step.name: index for index, step in enumerate(SCRIPT)}


@pytest.mark.parametrize(("people", "periods", "padding"), [(40, 1, NO_PADDING), (25, 2, Padding(20, 2.0))])
def test_predicted_bytes_are_those_of_a_run(people: int, periods: int, padding: Padding) -> None:
    agreed = small_contract(periods=periods, threshold=-1000)
    plan = Plan(agreed)
    keys = values([f"p{i}@example.com" for i in range(people)])
    columns = np.ones((people, 1 + len(plan.columns)), dtype=np.int64)
    one, two = pair(agreed, keys, np.arange(people) % len(plan.cells), keys, columns, padding=padding)
    declared, sent = {}, Counter()
    for number, (role, step, message) in enumerate(exchange(one, two)):
        sent[step, role] += encode(message, STEPS[step], number).ByteSize()
        declared |= {role: message.rows} if step == "sizes" else {}
    finish(one, two)
    cells, rows = declared["advertiser"], declared["retailer"][0]
    predicted = traffic(plan, Sizes(cells, padding.most, rows, len(plan.groups)))
    for step, by_role in predicted.items():
        for role, count in by_role.items():
            assert count == pytest.approx(sent[step, role], rel=0.05, abs=8), (step, role)
    assert sum(n for by in predicted.values() for n in by.values()) == pytest.approx(sum(sent.values()), rel=0.001)
