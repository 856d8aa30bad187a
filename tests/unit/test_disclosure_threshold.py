"""A threshold under the noise would open groups in which nobody is: such a contract is refused."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from disclosure_terms import make_plan

from cleanroom.contract.plan import Plan
from cleanroom.disclosure.opening import check_range
from cleanroom.disclosure.threshold import MOST_EMPTY, empty_passes, smallest_threshold
from cleanroom.errors import ContractError
from cleanroom.measures.noise import noise_below


def convolution_tail(threshold: int, scale: float) -> float:
    """P(sum of two draws ≥ threshold), by adding up products of the two laws."""
    reach = int(40 * scale) + threshold
    law = np.exp(-np.abs(np.arange(-reach, reach + 1)) / scale)
    both = np.convolve(law / law.sum(), law / law.sum())
    return float(both[2 * reach + threshold:].sum())


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5, 36.7])
@pytest.mark.parametrize("threshold", [0, 1, 11, 50, 194])
def test_the_tail_is_that_of_two_draws(threshold: int, scale: float) -> None:
    assert empty_passes(threshold, scale) == pytest.approx(convolution_tail(threshold, scale), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("scale", [0.4, 3.0, 50.0, 1e9])
def test_the_tail_is_the_one_the_plan_shows(scale: float) -> None:
    assert empty_passes(11, scale) == pytest.approx(1 - noise_below(11, scale), abs=1e-12)


@pytest.mark.parametrize("scale", [0.05, 1.0, 2.0, 36.666, 1e6])
def test_the_smallest_threshold_is_the_smallest(scale: float) -> None:
    least = smallest_threshold(scale)
    assert empty_passes(least, scale) <= MOST_EMPTY < empty_passes(least - 1, scale)


def plan_of(threshold: int, epsilon: str) -> Plan:
    """Two statistics of weights 1 and 3, people of weight 2: scale 3 / ε."""
    plan = make_plan(disclosure={"threshold": threshold})
    release = plan.contract.releases[0].model_copy(update={"epsilon": Decimal(epsilon)})
    return Plan(plan.contract.model_copy(update={"releases": (release,)}))


def test_a_threshold_under_the_noise_is_refused_with_the_numbers() -> None:
    with pytest.raises(ContractError) as refusal:
        check_range(plan_of(50, "0.0818"))  # scale 36.67, as with ε 0.2 under the demonstration's weights
    assert "release 0 reaches the threshold of 50 by noise alone with probability 21.7 %" in refusal.value.what
    assert "scale 36.67 people" in refusal.value.what
    assert refusal.value.where == "disclosure.threshold"


def test_each_remedy_is_enough_and_the_next_smaller_one_is_not() -> None:
    with pytest.raises(ContractError) as refusal:
        check_range(plan_of(50, "0.2"))
    assert refusal.value.todo == "raise the threshold to 79, or the ε of release 0 to 0.32, or its people_weight"
    for threshold, epsilon in ((79, "0.2"), (50, "0.32")):
        check_range(plan_of(threshold, epsilon))
    for threshold, epsilon in ((78, "0.2"), (50, "0.31")):
        with pytest.raises(ContractError):
            check_range(plan_of(threshold, epsilon))


def test_an_epsilon_that_no_contract_may_have_is_not_proposed() -> None:
    plan = plan_of(11, "0.5")
    heavy = plan.contract.statistics[0].model_copy(update={"weight": 1000})
    release = plan.contract.releases[0].model_copy(update={"people_weight": 1, "statistics": (heavy.name,)})
    plan = Plan(plan.contract.model_copy(update={"releases": (release,), "statistics": (heavy,)}))
    with pytest.raises(ContractError) as refusal:
        check_range(plan)
    assert "ε" not in refusal.value.todo
    assert "people_weight" in refusal.value.todo
