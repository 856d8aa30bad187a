"""The parameter check: what it accepts is exact and hidden, what overflows is refused."""

import pytest

from cleanroom.errors import ContractError
from cleanroom.primitives.parameters import (
    FLOOD_BITS,
    MAX_WEIGHT,
    T,
    check_parameters,
    likely_noise,
    rows_per_sum,
    worst_noise,
)
from cleanroom.primitives.ring import N, Q

LIMIT = 3_113_340  # most rows of one sum for which 2^62 is 2^36 times the worst noise


def test_margins_of_a_million_rows():
    margins = check_parameters(rows=2**20)
    assert margins.worst_case_flood_bits > 37.5
    assert margins.likely_flood_bits > 42.9
    assert 0.9 < margins.correctness_bits < 1


def test_worst_noise_by_hand():
    assert worst_noise(2) == 2 * 21 + 1 + 2 * 21 * 4096 + 22
    assert likely_noise(10**6) < worst_noise(10**6)
    assert 2 * T * (worst_noise(LIMIT) + 2**FLOOD_BITS) < Q


def test_rows_are_limited_by_the_flood():
    check_parameters(rows=LIMIT)
    with pytest.raises(ContractError, match=f"{LIMIT + 1} rows"):
        check_parameters(rows=LIMIT + 1)


@pytest.mark.parametrize("weight", [2, MAX_WEIGHT])
def test_weights_count_in_the_worst_and_the_likely_noise(weight):
    assert worst_noise(1000, weight) - worst_noise(0) == (worst_noise(1000) - worst_noise(0)) * weight
    assert likely_noise(1000, weight) > (1000 * weight) / 2 + (likely_noise(1000) - 501)
    check_parameters(rows=LIMIT // weight, weight=weight)
    with pytest.raises(ContractError, match=f"each up to {weight} times"):
        check_parameters(rows=LIMIT // weight + 1, weight=weight)


@pytest.mark.parametrize("weight", range(1, MAX_WEIGHT + 1))
def test_one_sum_holds_as_many_whole_blocks_as_pass_the_check(weight):
    rows = rows_per_sum(weight)
    assert rows % N == 0
    assert rows >= 500_000
    check_parameters(rows, weight)
    with pytest.raises(ContractError):
        check_parameters(rows + N, weight)
