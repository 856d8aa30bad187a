"""The strictest value of the contract and both parties' policies: what a run uses, and who is told what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from contract_kit import contract, keys, party
from hypothesis import given
from hypothesis import strategies as st
from party_kit import write_party

from cleanroom.adapters.card import parse_card, write_card
from cleanroom.adapters.party import load_party
from cleanroom.contract.effective import check_policy, effective
from cleanroom.contract.parse import contract_hash
from cleanroom.contract.policy import Policy
from cleanroom.errors import ContractError, SettingsError
from cleanroom.flow import check_plan


def policies(advertiser: dict[str, Any] | None = None, retailer: dict[str, Any] | None = None,
             **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = dict(changes)
    for role, policy in (("advertiser", advertiser), ("retailer", retailer)):
        if policy is not None:
            found[f"parties.{role}.policy"] = policy
    return found


@pytest.mark.parametrize(("advertiser", "retailer", "path", "value", "whose"), [
    ({"threshold": 60}, {"threshold": 80}, "disclosure.threshold", 80, "retailer"),
    ({"threshold": 80}, {"threshold": 60}, "disclosure.threshold", 80, "advertiser"),
    ({"threshold": 40}, {"threshold": 30}, "disclosure.threshold", 50, None),
    ({"lookback_days": 60}, None, "consent.lookback_days", 60, "advertiser"),
    ({"lookback_days": 91}, None, "consent.lookback_days", 90, None),
    (None, {"dominance_percent": 70}, "disclosure.dominance_percent", 70, "retailer"),
    ({"budget_epsilon": "5"}, {"budget_epsilon": "6"}, "disclosure.budget_epsilon", 5, "advertiser"),
    (None, {"metrics": ["reach", "sales"]}, "metrics", ("reach", "sales"), "retailer"),
])
def test_the_strictest_value_wins_and_is_named(advertiser: Any, retailer: Any, path: str, value: object,
                                               whose: str | None) -> None:
    agreed, changes = effective(contract(policies(advertiser, retailer)))
    found: Any = agreed
    for part in path.split("."):
        found = getattr(found, part)
    assert found == value
    assert [change.role for change in changes][-1:] == ([whose] if whose else [])
    if whose:
        said = changes[-1].text()
        assert said.startswith(f"{path} is ")
        assert f"by the policy of the {whose}" in said
        assert "politique" in changes[-1].text("fr")


def test_a_policy_leaves_out_statistics_of_other_categories_but_no_totals() -> None:
    agreed, changes = effective(contract(policies(retailer={"categories": ["PRODUCE", "MEAT"]})))
    assert {each.category for each in agreed.statistics} == {None, "PRODUCE", "MEAT"}
    assert "sales_fuel" in changes[0].before
    assert "sales_fuel" not in changes[0].value


def test_the_plan_of_a_run_is_that_of_the_effective_contract() -> None:
    text = contract(policies(retailer={"threshold": 123}))
    assert check_plan(text).contract.disclosure.threshold == 123
    assert text.disclosure.threshold == 50
    assert check_plan(check_plan(text).contract).contract == check_plan(text).contract


def test_a_policy_that_makes_the_contract_impossible_is_named_in_the_refusal() -> None:
    with pytest.raises(ContractError, match=r"the budget is ε 2.*by the policy of the advertiser, in place of 8"):
        check_plan(contract(policies({"budget_epsilon": "2"})))
    with pytest.raises(ContractError, match=r"the look-back only 20.*by the policy of the retailer"):
        check_plan(contract(policies(retailer={"lookback_days": 20})))
    with pytest.raises(ContractError, match="allows none of them"):
        check_plan(contract(policies(retailer={"metrics": ["reach"]}, metrics=["sales"])))


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 200))
def test_neither_policy_nor_contract_is_ever_undercut(text: int, one: int, two: int) -> None:
    agreed, _ = effective(contract(policies({"threshold": one}, {"threshold": two}, **{"disclosure.threshold": text})))
    assert agreed.disclosure.threshold == max(text, one, two)


def test_the_policy_is_part_of_what_is_signed() -> None:
    hashes = {contract_hash(contract(policies(retailer=policy))) for policy in (None, {}, {"threshold": 60})}
    assert len(hashes) == 3


def test_a_policy_made_stricter_after_signing_refuses_the_contract() -> None:
    agreed = contract(policies(retailer={"threshold": 60}))
    check_policy(agreed, "retailer", Policy(threshold=60))
    check_policy(agreed, "retailer", Policy(threshold=20))
    check_policy(agreed, "retailer", None)
    with pytest.raises(ContractError, match=r"stricter policy than the contract carries.* 61 .*in place of 60"):
        check_policy(agreed, "retailer", Policy(threshold=61))


def test_party_toml_and_the_card_carry_the_policy(tmp_path: Path) -> None:
    write_party(tmp_path, "retailer", extra='\n[policy]\nthreshold = 30\nbudget_epsilon = "4"\nmetrics = ["reach"]\n')
    settings = load_party(tmp_path)
    assert settings.policy == Policy(threshold=30, budget_epsilon="4", metrics=("reach",))
    write_card(tmp_path, settings, keys("retailer"))
    assert parse_card((tmp_path / "card.toml").read_text(), "retailer", "card.toml").policy == settings.policy


@pytest.mark.parametrize(("line", "names"), [
    ("treshold = 30", "policy.treshold: unknown key"), ("threshold = 0", "policy.threshold"),
    ('metrics = ["profit"]', "policy.metrics.0"), ('budget_epsilon = "much"', "policy.budget_epsilon"),
    ("dominance_percent = 101", "policy.dominance_percent"), ("lookback_days = 0", "policy.lookback_days")])
def test_a_policy_that_cannot_be_read_is_refused_by_its_key(tmp_path: Path, line: str, names: str) -> None:
    write_party(tmp_path, "retailer", extra=f"\n[policy]\n{line}\n")
    with pytest.raises(SettingsError, match=names):
        load_party(tmp_path)


def test_a_card_whose_certificate_is_none_is_refused() -> None:
    fields = {**party("retailer"), "certificate": "AAAA"}
    text = "[parties.retailer]\n" + "".join(f'{key} = "{value}"\n' for key, value in fields.items())
    with pytest.raises(ContractError, match="not the card of a retailer"):
        parse_card(text, "retailer", "card.toml")
