"""Credits of attribution, the values of dimensions, and what a plan makes of them."""

from __future__ import annotations

from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measures_kit import plan_of

from cleanroom.contract.attribution import channels_of, credits_of, denominator
from cleanroom.contract.check import check_shape
from cleanroom.contract.model import Attribution
from cleanroom.contract.plan import Group, Plan
from cleanroom.contract.values import check_values, frequency_bounds
from cleanroom.disclosure.accounting import run_cost
from cleanroom.errors import ContractError
from cleanroom.primitives.parameters import MAX_WEIGHT

METHODS = get_args(Attribution)
PATHS = ("email", "display", "email>display", "email>display>email", "other", "none")


def dimensions(**values: tuple[str, ...]) -> list[dict[str, object]]:
    return [{"name": name, "values": list(of)} for name, of in {"arm": ("exposed", "control"), **values}.items()]


def release(method: str | None = None, *names: str, opened: tuple[str, ...] = ("s0", "s1")) -> dict[str, object]:
    return {"dimensions": list(names), "statistics": list(opened), "epsilon": "1", "people_weight": 1,
            **({"attribution": method} if method else {})}


def _with(methods: tuple[str, ...]) -> Plan:
    document = plan_of(releases=((),)).contract.model_dump(mode="json")
    document |= {"dimensions": dimensions(path=PATHS), "releases": [release(method) for method in methods]}
    return Plan(type(plan_of().contract).model_validate(document))


@given(st.sampled_from(METHODS), st.lists(st.sampled_from(["tv", "search", "email"]), min_size=1, max_size=7))
def test_credits_of_a_path_add_up_to_the_denominator(method, touches):
    found = credits_of(method, ">".join(touches))
    assert sum(found.values()) == denominator(method) <= MAX_WEIGHT
    assert set(found) <= set(touches)
    assert all(weight >= 0 for weight in found.values())


@pytest.mark.parametrize(("method", "path", "weights"), [
    ("first", "tv>search", (1, 0)), ("last", "tv>search", (0, 1)), ("linear", "tv>search", (3, 3)),
    ("linear", "tv>search>display", (2, 2, 2)), ("position", "tv>search>display", (2, 1, 3)),
    ("position", "a>b>c>d", (2, 1, 1, 2)), ("time_decay", "tv>search", (2, 4)),
    ("time_decay", "tv>search>display", (1, 2, 3)), ("time_decay", "a>b>c>d", (0, 1, 2, 3))])
def test_weights_by_hand(method, path, weights):
    assert tuple(credits_of(method, path)[touch] for touch in path.split(">")) == weights


@pytest.mark.parametrize("method", METHODS)
def test_no_rounded_share_is_a_whole_unit_off(method):
    for touches in range(1, 7):
        weights = list(credits_of(method, ">".join(f"c{i}" for i in range(touches))).values())
        raw = {"first": [1] + [0] * 6, "last": [0] * (touches - 1) + [1], "linear": [1] * touches,
               "position": [1] * touches if touches < 3 else [2 * (touches - 2)] + [1] * (touches - 2)
               + [2 * (touches - 2)], "time_decay": [2**i for i in range(touches)]}[method][:touches]
        assert all(abs(Fraction(part * denominator(method), sum(raw)) - weight) < 1
                   for part, weight in zip(raw, weights, strict=True))


def test_a_channel_touched_twice_has_both_credits_and_nobody_is_unattributed():
    assert credits_of("linear", "tv>search>tv") == {"tv": 4, "search": 2}
    assert credits_of("linear", "none") == {"unattributed": 6}
    assert channels_of(PATHS) == ("email", "display", "other", "unattributed")


@pytest.mark.parametrize("method", METHODS)
def test_rows_of_credit_count_every_cell_as_often_as_its_denominator(method):
    plan = _with((method,))
    counted = [sum(plan.weights_of(group).get(cell, 0) for group in plan.groups) for cell in range(len(plan.cells))]
    assert set(counted) == {plan.denominator(0)}


def test_noise_of_credit_is_scaled_by_the_denominator_and_costs_the_declared_epsilon():
    plan = _with(("first", "linear"))
    assert plan.people_scale(1) == 6 * plan.people_scale(0)
    assert plan.sum_scale(1, 1) == 6 * plan.sum_scale(0, 1)
    assert run_cost(plan).release.epsilon == 2


def test_epsilon_is_shared_among_the_statistics_of_the_release_alone():
    document = plan_of(releases=((), ("arm",))).contract.model_dump(mode="json")
    document["releases"][0]["statistics"] = ["s1"]
    plan = Plan(type(plan_of().contract).model_validate(document))
    assert plan.people_scale(0) == 2
    assert plan.people_scale(1) == 7
    assert plan.statistics_of(0) == (1,)


def test_cells_that_can_hold_nobody_are_left_out():
    plan = _with(("first",))
    combinations = {cell.values for cell in plan.cells}
    assert combinations == {*(("exposed", path) for path in PATHS if path != "none"), ("control", "none")}
    assert Group(0, ("unattributed",)) in plan.groups


@pytest.mark.parametrize("values", [("1", "2-3", "4+"), ("1+",), ("1-2", "3", "4-9", "10+")])
def test_frequency_buckets(values):
    assert frequency_bounds(values)[-1][1] is None


@pytest.mark.parametrize("values", [(), ("1",), ("2+",), ("1", "3+"), ("1", "1+"), ("1", "2-2", "3+"),
                                    ("1", "3-2", "4+"),
                                    ("1+", "2+"), ("01+",), ("1", "2 - 3", "4+"), ("many",)])
def test_frequencies_that_do_not_cover_every_number_are_refused(values):
    with pytest.raises(ContractError, match="frequency"):
        frequency_bounds(values)


@pytest.mark.parametrize(("name", "values"), [
    ("path", ("email>email", "none")), ("path", ("radio", "none")), ("path", ("email",)),
    ("channels", ("display+email", "none")), ("channels", ("email+email", "none")), ("engagement", ("seen", "none")),
    ("campaign", ("autumn", "none")), ("periods", ("2", "none")), ("periods", ("1+1", "none")),
    ("periods", ("1+99", "none"))])
def test_values_nobody_can_have_are_refused(name, values):
    contract = plan_of().contract.model_copy(update={})
    document = {**contract.model_dump(mode="json"), "dimensions": dimensions(**{name: values}), "releases": [release()]}
    with pytest.raises(ContractError, match=f"dimensions.{name}"):
        check_values(type(contract).model_validate(document))


def test_merging_needs_other_and_is_charged():
    document = _with(("first",)).contract.model_dump(mode="json")
    document["disclosure"]["cells_floor"] = 5
    merging = type(plan_of().contract).model_validate(document)
    assert run_cost(Plan(merging)).transcript.epsilon == 3
    document["dimensions"] = dimensions(path=("email", "none"))
    with pytest.raises(ContractError, match="cells_floor"):
        check_values(type(merging).model_validate(document))


@pytest.mark.parametrize(("statistic", "what"), [
    ({"measure": "visits", "category": "dairy"}, "visits are not purchases"),
    ({"measure": "extra_sales", "sales_channel": "store"}, "has its channels already"),
    ({"measure": "sales", "scope": "halo"}, "campaign.categories is missing"),
    ({"measure": "sales", "days": "8-30"}, "ends after the window"),
    ({"measure": "sales", "days": "8-3"}, "run backwards"),
    ({"measure": "buyers"}, "listed twice")])
def test_filters_that_do_not_go_together_are_refused(statistic, what):
    contract = _with(("first",)).contract
    document = contract.model_dump(mode="json")
    document["statistics"].append({"name": "more", "cap": 1, "weight": 1, **statistic})
    document["parties"] = {role: {**party, "signing_key": key * 43 + "=", "certificate": key * 8}
                           for (role, party), key in zip(document["parties"].items(), "AB", strict=True)}
    with pytest.raises(ContractError, match=what):
        check_shape(type(contract).model_validate(document), "contract.toml")
