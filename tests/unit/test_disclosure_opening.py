"""The two-stage opening: arithmetic mod t, thresholds, order of the table, bounds of the peer."""

from __future__ import annotations

import math

import pytest
from disclosure_terms import make_plan
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contract.plan import Plan
from cleanroom.disclosure.opening import (
    build_table,
    check_people,
    check_range,
    combine,
    most_people,
    noised_shares,
    people_noise,
    sum_noise,
    surviving,
)
from cleanroom.disclosure.shares import MODULUS
from cleanroom.errors import ContractError, MisuseError, PeerViolationError

SHARE = st.integers(0, MODULUS - 1)


class ScaleNoise:
    """Every draw is the scale itself, rounded: shows which scale went where."""

    def laplace(self, scale: float, size: int) -> list[int]:
        return [round(scale)] * size

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        raise NotImplementedError


@given(st.integers(-MODULUS // 2 + 1, MODULUS // 2), SHARE)
def test_shares_combine_to_the_centred_total(total: int, mask: int) -> None:
    assert combine([mask], [(total - mask) % MODULUS]) == [total]


@given(SHARE, SHARE, st.integers(-2**40, 2**40), st.integers(-2**40, 2**40))
def test_noise_of_both_sides_adds_up(mine: int, theirs: int, one: int, two: int) -> None:
    opened = combine(noised_shares([mine], [one]), noised_shares([theirs], [two]))
    assert (opened[0] - mine - theirs - one - two) % MODULUS == 0


@pytest.mark.parametrize("peer", [[1], [1, 2, 3], [1, MODULUS], [-1, 1], [1, 2**80]])
def test_shares_of_the_peer_meet_their_bounds(peer: list[int]) -> None:
    with pytest.raises(PeerViolationError):
        combine([1, 2], peer)


@pytest.mark.parametrize(("shares", "noise"), [([1], []), ([MODULUS], [0]), ([-1], [0])])
def test_our_own_shares_meet_their_bounds(shares: list[int], noise: list[int]) -> None:
    with pytest.raises(MisuseError):
        noised_shares(shares, noise)


def test_people_noise_has_the_scale_of_each_groups_release() -> None:
    plan = make_plan()
    wide, fine = round(plan.people_scale(0)), round(plan.people_scale(1))
    assert people_noise(plan, ScaleNoise()) == [wide] * 2 + [fine] * 6


def test_sum_noise_covers_survivors_only_in_stage_two_order() -> None:
    plan = make_plan()
    survivors = [True, False, False, True, False, True, False, False]
    wide, fine = ([round(plan.sum_scale(release, s)) for s in range(2)] for release in range(2))
    assert sum_noise(plan, survivors, ScaleNoise()) == wide + fine + fine


def test_a_group_survives_from_the_threshold_on() -> None:
    assert surviving(make_plan(), [19, 20, 21, -5, 0, 1000, 19, 20]) == [
        False, True, True, False, False, True, False, True]


def test_a_group_counts_no_more_than_the_smaller_of_both_declared_sizes() -> None:
    plan = make_plan()
    cells = list(range(10, 10 + len(plan.cells)))
    whole = [sum(cells[cell] for cell in plan.weights_of(group)) for group in plan.groups]
    assert most_people(plan, cells, 10**6) == whole
    assert most_people(plan, cells, 25) == [min(25, most) for most in whole]


def tail(scale: float) -> int:
    """80 scales: noise of both sides stays below with probability 1 - 1e-17."""
    return math.floor(80 * scale)


@pytest.mark.parametrize("beyond", [0, 1])
@pytest.mark.parametrize("low", [True, False])
def test_a_count_that_sizes_and_noise_do_not_allow_is_a_violation_that_names_its_position(low: bool,
                                                                                            beyond: int) -> None:
    plan, most = make_plan(), [100] * 8
    edge = tail(plan.people_scale(1)) + beyond
    people = [20, 20, 20, -edge if low else 100 + edge, 20, 20, 20, 20]
    if not beyond:
        check_people(plan, most, people)
        return
    with pytest.raises(PeerViolationError, match="group 3"):
        check_people(plan, most, people)


def test_the_table_puts_sums_beside_survivors_and_nothing_beside_the_others() -> None:
    plan = make_plan()
    people = [30, 5, 40, 2, 3, 4, 5, 50]
    table = build_table(plan, people, surviving(plan, people), [1, 2, 3, 4, 5, 6])
    assert [row.group for row in table.rows] == list(plan.groups)
    assert [(row.people, row.sums) for row in table.rows] == [
        (30, (1, 2)), (None, None), (40, (3, 4)), *[(None, None)] * 4, (50, (5, 6))]


@pytest.mark.parametrize(("people", "survivors", "sums"), [
    ([1] * 7, [True] * 8, [0] * 16), ([1] * 8, [True] * 7, [0] * 14), ([1] * 8, [True] * 8, [0] * 15)])
def test_lists_that_do_not_fit_are_refused(people: list[int], survivors: list[bool], sums: list[int]) -> None:
    with pytest.raises(MisuseError):
        build_table(make_plan(), people, survivors, sums)


def test_totals_that_fit_are_accepted() -> None:
    check_range(make_plan(disclosure={"threshold": 100}))


def plan_with_sales_cap(cap: int) -> Plan:
    plan = make_plan(match={"max_people_advertiser": 50_000_000, "max_people_retailer": 50_000_000},
                     disclosure={"threshold": 100})
    buyers, sales = plan.contract.statistics
    statistics = (buyers, sales.model_copy(update={"cap": cap}))
    return Plan(plan.contract.model_copy(update={"statistics": statistics}))


def test_totals_are_accepted_until_they_could_wrap() -> None:
    cap = MODULUS // 2 // 50_000_000  # 175,921: the total alone would just fit
    check_range(plan_with_sales_cap(cap - 100))
    with pytest.raises(ContractError, match=f"sales of release 1 may reach {cap * 50_000_000} and its noise"):
        check_range(plan_with_sales_cap(cap))


def test_noise_that_could_wrap_is_refused() -> None:
    plan = make_plan()
    first = plan.contract.releases[0]
    release = first.model_copy(update={"epsilon": first.epsilon / 10**11})
    disclosure = plan.contract.disclosure.model_copy(update={"threshold": 10**13})  # above the noise
    with pytest.raises(ContractError, match="the person count of release 0"):
        check_range(Plan(plan.contract.model_copy(update={"releases": (release,), "disclosure": disclosure})))
