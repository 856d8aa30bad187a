"""The padding distribution is (ε, δ)-indistinguishable under a shift by one, checked on the probabilities."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from disclosure_terms import make_plan
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contract.model import Role
from cleanroom.disclosure.padding import (
    check_padding,
    check_people,
    edge_mass,
    padding_rows,
    padding_terms,
    smallest_padding,
)
from cleanroom.errors import ContractError, DataError, MisuseError

PAIRS = [(0.1, 1e-6), (0.5, 1e-5), (1.0, 1e-6), (1.0, 1e-9), (2.0, 1e-12), (10.0, 1e-18)]


def pmf(epsilon: float, most: int) -> list[float]:
    weights = [math.exp(-epsilon * abs(x - most // 2)) for x in range(most + 1)]
    return [weight / math.fsum(weights) for weight in weights]


def smallest_delta(epsilon: float, one: list[float], other: list[float]) -> float:
    """max over events of P(event) - e^ε · Q(event); the margin swallows rounding where the ratio is e^ε."""
    bound = math.exp(epsilon) * (1 + 1e-12)
    return math.fsum(max(0.0, p - bound * q) for p, q in zip(one, other, strict=True))


@pytest.mark.parametrize(("epsilon", "delta"), PAIRS)
def test_delta_by_brute_force_equals_the_closed_form(epsilon: float, delta: float) -> None:
    most = smallest_padding(epsilon, delta)
    masses = pmf(epsilon, most)
    before, after = [*masses, 0.0], [0.0, *masses]
    assert smallest_delta(epsilon, before, after) == pytest.approx(edge_mass(epsilon, most), rel=1e-9)
    assert smallest_delta(epsilon, after, before) == pytest.approx(edge_mass(epsilon, most), rel=1e-9)
    assert masses[0] <= delta * (1 + 1e-9)


@pytest.mark.parametrize(("epsilon", "delta"), PAIRS)
def test_one_step_inside_the_overlap_changes_a_mass_by_e_to_epsilon(epsilon: float, delta: float) -> None:
    masses = pmf(epsilon, smallest_padding(epsilon, delta))
    ratios = [max(a / b, b / a) for a, b in pairwise(masses)]
    assert max(ratios) <= math.exp(epsilon) * (1 + 1e-12)


@given(st.floats(1e-3, 10), st.floats(1e-15, 1e-4))
def test_the_padding_is_even_sufficient_and_the_smallest(epsilon: float, delta: float) -> None:
    most = smallest_padding(epsilon, delta)
    assert most % 2 == 0
    assert edge_mass(epsilon, most) <= delta < edge_mass(epsilon, most - 2)


@pytest.mark.parametrize("epsilon", [0.01, 1.0, 10.0])
def test_the_edge_mass_falls_as_padding_grows(epsilon: float) -> None:
    masses = [edge_mass(epsilon, most) for most in range(0, 60, 2)]
    assert masses[0] == 1
    assert all(a > b for a, b in pairwise(masses))


def test_the_protocols_example_takes_about_thirty_tuples() -> None:
    assert smallest_padding(1.0, 1e-6) == 28


def test_terms_and_rows_follow_from_the_contract() -> None:
    plan = make_plan(match={"keys": ("email", "phone")})
    terms = padding_terms(plan)
    assert (terms.most, terms.scale) == (smallest_padding(0.5, 1e-6), 2.0)
    assert padding_rows(plan, terms.most) == terms.most * 12 * 3


def test_padding_up_to_the_number_of_people_is_accepted() -> None:
    rows = padding_rows(make_plan(), padding_terms(make_plan()).most)
    plan = make_plan(match={"max_people_retailer": rows})
    check_padding(plan)


def test_more_padding_than_declared_people_is_refused_with_the_numbers() -> None:
    rows = padding_rows(make_plan(), padding_terms(make_plan()).most)
    with pytest.raises(ContractError, match=rf"{rows} tuples .* 12 cells × 1 .* {rows - 1} people"):
        check_padding(make_plan(match={"max_people_advertiser": rows - 1}))


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_own_people_from_the_padding_to_the_contracts_bound_are_accepted(role: Role) -> None:
    plan = make_plan()
    most = padding_terms(plan).most
    for people in (padding_rows(plan, most), getattr(plan.contract.match, f"max_people_{role}")):
        check_people(plan, role, most, people)


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_other_numbers_of_own_people_are_refused_as_one_kind_of_error(role: Role) -> None:
    """The owner reads which it was; the class and the public text, which the peer may see, are the same."""
    plan = make_plan()
    most = padding_terms(plan).most
    bound, rows = getattr(plan.contract.match, f"max_people_{role}"), padding_rows(plan, most)
    for people, text in ((0, "nobody"), (bound + 1, f"the contract allows {bound}"),
                         (rows - 1, f"the {rows - 1} people that take part on this side")):
        with pytest.raises(DataError, match=text) as caught:
            check_people(plan, role, most, people)
        assert type(caught.value) is DataError
        assert caught.value.public == DataError.public


@pytest.mark.parametrize("most", [-2, 3])
def test_an_odd_or_negative_end_is_refused(most: int) -> None:
    with pytest.raises(MisuseError):
        edge_mass(1.0, most)


@pytest.mark.parametrize(("epsilon", "delta"), [(0.0, 1e-6), (1.0, 0.0), (1.0, 1.0), (math.nan, 0.1)])
def test_terms_without_privacy_are_refused(epsilon: float, delta: float) -> None:
    with pytest.raises(MisuseError):
        smallest_padding(epsilon, delta)
