"""With noise and dummies switched off through the constructors, the released table is a plain join, to the cent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import EXACT, SeededNoise, exchange, finish, pair, small_contract, values
from population import expected_table, populations

from cleanroom import flow
from cleanroom.contract.plan import Plan
from cleanroom.match.dummies import Padding
from cleanroom.table import ReleasedTable

KEYS = ("email", "phone", "loyalty")
TERMS = {
    1: small_contract(keys=KEYS[:1], periods=3, releases=((), ("arm",)), threshold=0),
    2: small_contract(keys=KEYS[:2], periods=2, segments=("new", "known"), releases=(("segment",), ("segment", "arm")),
                      threshold=0),
    3: small_contract(keys=KEYS, arms=("exposed", "control", "holdout"), releases=(("arm",),), threshold=1),
}
PLANS = {count: Plan(agreed) for count, agreed in TERMS.items()}
FEW = settings(max_examples=12, deadline=None, derandomize=True, database=None,
               suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def run_tables(plan: Plan, *inputs: object, **options: object) -> tuple[ReleasedTable, ReleasedTable]:
    one, two = pair(plan.contract, *inputs, **options)
    exchange(one, two)
    finish(one, two)
    return one.side.closing.table, two.side.closing.table


@pytest.mark.parametrize("count", [1, 2, 3])
@FEW
@given(data=st.data())
def test_table_equals_a_plain_waterfall_join(count: int, data: st.DataObject) -> None:
    """K = 1, 2, 3 key types with gaps; cells in several periods; releases that add up cells; both sides agree."""
    plan = PLANS[count]
    population = data.draw(populations(plan))
    ours, theirs = run_tables(plan, *population.inputs(), seed=data.draw(st.integers(0, 99)), **EXACT)
    assert ours == theirs == expected_table(plan, population)


@settings(FEW, max_examples=5)
@given(data=st.data())
def test_dummies_never_reach_a_sum(data: st.DataObject) -> None:
    """Full padding with random match counts, zero noise on the openings: still equal to the join."""
    class OnlyPadding(SeededNoise):
        def laplace(self, scale: float, size: int) -> list[int]:
            return [0] * size if scale != 1.0 else super().laplace(scale, size)

    plan = PLANS[2]
    population = data.draw(populations(plan))
    ours, theirs = run_tables(plan, *population.inputs(), noise=OnlyPadding(data.draw(st.integers(0, 99))),
                              padding=Padding(6, 1.0))
    assert ours == theirs == expected_table(plan, population)


@settings(FEW, max_examples=5)
@given(data=st.data())
def test_the_retailer_may_dial(data: st.DataObject) -> None:
    plan = PLANS[2]
    population = data.draw(populations(plan))
    tables = run_tables(plan, *population.inputs(), retailer_dials=True, **EXACT)
    assert set(tables) == {expected_table(plan, population)}


def test_several_blocks_and_chunks() -> None:
    """More than 4,096 rows: lists in several messages, columns in two blocks, sums over both."""
    plan, size = PLANS[1], 4100
    names = [f"person {i}" for i in range(size)]
    columns = np.ones((size, 1 + len(plan.columns)), dtype=np.int64)
    columns[:, 1:] = np.arange(size)[:, None] % 11
    order = np.random.default_rng(5).permutation(size)
    half = order[:200]  # few people of the advertiser, spread over both blocks of the retailer
    one, two = pair(plan.contract, values([names[i] for i in half]), [0] * len(half), values(names), columns, **EXACT)
    seen = exchange(one, two)
    assert len([sent for sent in seen if sent.step == "blinded_values"]) == 2
    row = two.side.closing.table.rows[0]
    assert (row.people, row.sums) == (200, (int((half % 11).sum()),) * 2)


def test_a_plan_of_the_full_contract_is_accepted_with_these_terms() -> None:
    """The terms used here are ones a contract may have, but for the threshold."""
    for agreed in TERMS.values():
        terms = agreed.disclosure.model_copy(update={"threshold": 50})
        flow.check_plan(agreed.model_copy(update={"disclosure": terms}))
