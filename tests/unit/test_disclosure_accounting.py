"""Privacy cost of a run: exact decimals, the bound on displaced matches, budget rules."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from random import Random

import pytest
from disclosure_terms import make_plan
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import Cost, charge, check_budget, influence, run_cost, spent
from cleanroom.errors import BudgetError, ContractError, MisuseError

Person = tuple[int | None, ...]  # one value, or none, per key type


def waterfall(left: list[Person], right: list[Person]) -> dict[int, int]:
    """Reference: key type by key type, one-to-one. From index in `left` to index in `right`."""
    partner: dict[int, int] = {}
    for key in range(len(left[0]) if left else 0):
        for i, j in product(range(len(left)), range(len(right))):
            if i not in partner and j not in partner.values() and left[i][key] == right[j][key] is not None:
                partner[i] = j
    return partner


def people_changed(left: list[Person], right: list[Person], key_types: int) -> int:
    """Most advertiser people whose partner changes when one person of either side is removed."""
    full = waterfall(left, right)
    worst = 0
    for gone in range(len(left)):
        rest = waterfall([*left[:gone], (None,) * key_types, *left[gone + 1:]], right)
        worst = max(worst, sum(full.get(i) != rest.get(i) for i in range(len(left))))
    for gone in range(len(right)):
        rest = waterfall(left, [*right[:gone], (None,) * key_types, *right[gone + 1:]])
        worst = max(worst, sum(full.get(i) != rest.get(i) for i in range(len(left))))
    return worst


def people(key_types: int) -> st.SearchStrategy[list[Person]]:
    """Up to five people; within a key type a value belongs to one of them."""
    column = st.permutations([0, 1, 2, 3, 4, None, None, None]).map(lambda values: values[:5])
    columns = st.lists(column, min_size=key_types, max_size=key_types)
    return columns.map(lambda values: list(zip(*values, strict=True)))


@given(st.integers(1, 4).flatmap(lambda k: st.tuples(st.just(k), people(k), people(k))))
def test_one_person_changes_at_most_influence_matches(case: tuple[int, list[Person], list[Person]]) -> None:
    key_types, left, right = case
    assert people_changed(left, right, key_types) <= influence(key_types)


@pytest.mark.parametrize(("key_types", "left", "right"), [
    (1, [(1,)], [(1,)]),
    (2, [(1, None), (None, 2)], [(1, 2)]),
    (3, [(1, None, None), (None, 2, 3)], [(1, 2, None), (None, None, 3)]),
    (4, [(1, None, None, None), (None, 2, 3, None), (None, None, None, 4)],
     [(1, 2, None, None), (None, None, 3, 4)]),
])
def test_the_bound_is_reached(key_types: int, left: list[Person], right: list[Person]) -> None:
    assert people_changed(left, right, key_types) == influence(key_types)


def deduplicated(people: list[Person]) -> list[Person]:
    """As `identity.matching`: a value of two people is dropped for both."""
    def alone(position: int, value: int | None) -> bool:
        return sum(person[position] == value for person in people) == 1
    return [tuple(value if alone(k, value) else None for k, value in enumerate(person)) for person in people]


@pytest.mark.parametrize("key_types", [2, 3])
def test_the_bound_holds_on_random_deduplicated_lists(key_types: int) -> None:
    random = Random(key_types)
    def side() -> list[Person]:
        return deduplicated([tuple(random.choice([None, *range(6)]) for _ in range(key_types)) for _ in range(5)])
    moved = [people_changed(side(), side(), key_types) for _ in range(1500)]
    assert max(moved) == influence(key_types)


def test_a_person_before_deduplication_can_move_more() -> None:
    """The example of SECURITY.md: the unit is a person of the list that de-duplication left."""
    left, right = [(1, None), (None, 2), (None, 3)], [(1, 3), (None, 2)]
    before, after = (waterfall(deduplicated(people), right) for people in (left, [*left, (1, 2)]))
    assert (before, after) == ({0: 0, 1: 1}, {2: 0})
    assert sum(before.get(i) != after.get(i) for i in range(4)) == 3 > influence(2)


def test_cost_with_one_key_type_is_what_the_contract_declares() -> None:
    cost = run_cost(make_plan())
    assert cost.transcript == Cost(Decimal("1.0"), Decimal("0.000002"))
    assert cost.release == Cost(Decimal("1.5"), Decimal(0))
    assert cost.total == Cost(Decimal("2.5"), Decimal("0.000002"))


def test_with_two_key_types_the_release_counts_twice() -> None:
    cost = run_cost(make_plan(match={"keys": ("email", "phone")}))
    assert cost.transcript.epsilon == Decimal("1.0")
    assert cost.release.epsilon == Decimal("3.0")


@pytest.mark.parametrize("method", ["people_scale", "sum_scale"])
def test_a_plan_with_too_little_noise_is_noticed(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = getattr(Plan, method)
    monkeypatch.setattr(Plan, method, lambda *args: exact(*args) * 0.999999)
    with pytest.raises(MisuseError, match="more than the declared"):
        run_cost(make_plan())


@given(st.decimals("0.000001", "1", places=6), st.lists(st.integers(1, 1000), min_size=3, max_size=3))
def test_opendp_confirms_any_declared_release(epsilon: Decimal, weights: list[int]) -> None:
    plan = make_plan()
    statistics = [statistic.model_copy(update={"weight": weight})
                  for statistic, weight in zip(plan.contract.statistics, weights[:2], strict=True)]
    release = plan.contract.releases[0].model_copy(update={"epsilon": epsilon, "people_weight": weights[2]})
    changed = plan.contract.model_copy(update={"statistics": tuple(statistics), "releases": (release,)})
    assert run_cost(Plan(changed)).release.epsilon == epsilon


def test_a_budget_of_exactly_one_run_is_accepted() -> None:
    check_budget(make_plan(disclosure={"budget_epsilon": "2.5", "budget_delta": "0.000002"}).contract)


@pytest.mark.parametrize(("name", "value"), [
    ("budget_epsilon", "2.499999"), ("budget_delta", "0.0000019")])
def test_a_budget_below_one_run_is_refused_with_the_numbers(name: str, value: str) -> None:
    spends = r"spends ε 2\.5 \(1 match, 1\.5 release\) and δ 0\.000002"
    with pytest.raises(ContractError, match=f"{spends}.*{value}"):
        check_budget(make_plan(disclosure={name: value}).contract)


@pytest.mark.parametrize(("epsilon", "delta", "texts"), [
    ("1.5", "0", ("1.5", "0")),
    ("0.0000001", "1e-19", ("0.000001", "0.000000000000000001")),
    ("10", "0.00001", ("10", "0.00001")),
    ("2.0000000001", "1.5E-6", ("2.000001", "0.0000015")),
])
def test_texts_are_plain_and_rounded_up(epsilon: str, delta: str, texts: tuple[str, str]) -> None:
    cost = Cost(Decimal(epsilon), Decimal(delta))
    assert (cost.epsilon_text, cost.delta_text) == texts


class RecordingLedger:
    """Keeps the arguments of `charge`."""

    def __init__(self) -> None:
        self.charges: list[tuple[object, ...]] = []

    def spent(self, contract: str) -> tuple[float, float]:
        return 0.3, 2e-6

    def charge(self, *charge: object, **more: object) -> None:
        self.charges.append((*charge, more["partner"], more["ahead"]))


def test_each_part_is_charged_with_its_cost_and_the_contracts_budget() -> None:
    ledger = RecordingLedger()
    assert charge(ledger, make_plan(), "ab", "r1", "transcript") == run_cost(make_plan()).transcript
    assert charge(ledger, make_plan(), "ab", "r1", "release") == run_cost(make_plan()).release
    assert ledger.charges == [("test-contract", "r1", "transcript", 1.0, 2e-6, (10.0, 1e-5), "ab", 1.5),
                              ("test-contract", "r1", "release", 1.5, 0.0, (10.0, 1e-5), "ab", 0.0)]


class SpentLedger(RecordingLedger):
    """Says that it has spent this much."""

    epsilon, delta = 0.0, 0.0

    def spent(self, contract: str) -> tuple[float, float]:
        return self.epsilon, self.delta


@pytest.mark.parametrize(("spent_before", "refused"), [
    ((7.5, 0.0), False), ((7.500001, 0.0), True), ((0.0, 8e-6), False), ((0.0, 8.1e-6), True)])
def test_a_transcript_is_charged_only_when_the_release_fits_too(spent_before: tuple[float, float],
                                                                refused: bool) -> None:
    """A run costs ε 1 for the transcript, then ε 1.5 for the release, of ε 10."""
    ledger = SpentLedger()
    ledger.epsilon, ledger.delta = spent_before
    if refused:
        with pytest.raises(BudgetError, match=r"this run asks for ε 2\.5, δ 0\.000002; the budget is ε 10, δ 0\.00001"):
            charge(ledger, make_plan(), "ab", "r1", "transcript")
    else:
        charge(ledger, make_plan(), "ab", "r1", "transcript")
    assert len(ledger.charges) == (0 if refused else 1)


def test_what_the_ledger_holds_is_read_as_exact_decimals() -> None:
    assert spent(RecordingLedger(), "ab") == Cost(Decimal("0.3"), Decimal("0.000002"))
