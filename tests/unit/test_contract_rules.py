"""C-01 … C-12, one table: contracts that keep a rule, and contracts that break that one only."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from contract_kit import GONE, NOW, as_toml, contract, document, keys, signed

from cleanroom.contract.parse import parse_contract
from cleanroom.contract.rules import CHECKS, check_rules, verdicts
from cleanroom.contract.sign import check_in_force, sign_contract
from cleanroom.errors import ContractError
from cleanroom.rules import CURRENT, rule

PARTIES = "legal.parties"
INTEREST = {f"{PARTIES}.retailer.basis": "legitimate_interest"}
SHA = "ab" * 32
SALTED = {"match.protocol": "salted-hash-v1"}
TRANSFER = {"acknowledgement": "the retailer learns which of its customers are in which cell", "dpia_ref": "section 4"}

KEEPS: dict[str, list[dict[str, Any]]] = {
    "C-01": [{}, {"legal.role_model": "controller_processor", "legal.processor": "advertiser"}],
    "C-02": [{}, {"legal.forbidden_uses": ["enrichment", "activation", "resale", "lookalike", "individual_decisions"]}],
    "C-03": [{}, {**INTEREST, f"{PARTIES}.retailer.assessment_sha256": SHA},
             {f"{PARTIES}.retailer.tracker_data": True}],
    "C-04": [{}, {"legal.proof.delay_days": 30}],
    "C-05": [{}, {"consent.notices.0.published": date(2026, 1, 1)}],
    "C-06": [{}, {"legal.dpia.outcome": "high_residual_risk", "legal.dpia.prior_consultation": "CNIL 2025-99"}],
    "C-07": [{}],
    "C-08": [{}, {"consent.lookback_days": 396, "legal.retention.data_days": 761,
                  "legal.retention.intermediates_hours": 24, "legal.retention.outputs_days": 1826}],
    "C-09": [{}, {"legal.transfers.countries": ["FR", "BE", "US"], "legal.transfers.tool": "standard_clauses",
                  "legal.transfers.ref": "SCC 2021/914 module 1", "legal.transfers.valid_until": date(2036, 1, 1)}],
    "C-10": [{}, {"disclosure.threshold": 11, "disclosure.budget_epsilon": "10", "releases.1.epsilon": "10"},
             {**SALTED, "legal.pseudonymous_transfer": TRANSFER}],
    "C-11": [{}, {"consent.denied_categories.pharmacy": ["RX"]}],
}
BREAKS: dict[str, list[dict[str, Any]]] = {
    "C-01": [
        *({f"{PARTIES}.{role}.{field}": " "} for role in ("advertiser", "retailer")
          for field in ("entity", "registration", "address", "contact", "dpo")),
        {"legal.arrangement_ref": ""}, {"legal.arrangement_sha256": ""}, {"legal.processor": "retailer"},
        {"legal.role_model": "controller_processor"}],
    "C-02": [{"consent.purpose": "marketing_email"}, *(
        {"legal.forbidden_uses": [use for use in ("activation", "lookalike", "enrichment", "individual_decisions")
                                  if use != left_out]}
        for left_out in ("activation", "lookalike", "enrichment", "individual_decisions"))],
    "C-03": [INTEREST,
             {**INTEREST, f"{PARTIES}.retailer.assessment_sha256": SHA, f"{PARTIES}.retailer.tracker_data": True},
             {f"{PARTIES}.advertiser.basis": "legitimate_interest", f"{PARTIES}.advertiser.assessment_sha256": SHA,
              "consent.tcf_vendors.advertiser": [755]}],
    "C-04": [{"legal.proof.available": False}, {"legal.proof.delay_days": 31}, {"legal.proof.audit_right": False}],
    "C-05": [{"consent.notices.0.partner": "Somebody Else"}, {"consent.notices.1.published": date(2026, 1, 2)},
             {"consent.notices.1.party": "advertiser", "consent.notices.1.partner": "Journey Markets"}],
    "C-06": [{"legal.dpia.ref": ""}, {"legal.dpia.sha256": ""}, {"legal.dpia.completed": date(2026, 1, 2)},
             {"legal.dpia.outcome": "high_residual_risk"},
             {**SALTED, "legal.pseudonymous_transfer": {**TRANSFER, "dpia_ref": " "}}],
    "C-07": [{f"legal.record.{field}": ""} for field in ("controllers", "purposes", "subjects_and_data", "recipients",
                                                         "transfers", "erasure", "security")],
    "C-08": [{"consent.lookback_days": 397}, {"legal.retention.data_days": 762},
             {"legal.retention.intermediates_hours": 25}, {"legal.retention.outputs_days": 1827}],
    "C-09": [{"legal.transfers.countries": ["FR"]}, {"legal.transfers.countries": ["FR", "BE", "US"]},
             {"legal.transfers.countries": ["FR", "BE", "US"], "legal.transfers.tool": "standard_clauses",
              "legal.transfers.valid_until": date(2036, 1, 1)},
             {"legal.transfers.countries": ["FR", "BE", "US"], "legal.transfers.tool": "adequacy_decision",
              "legal.transfers.ref": "2023/1795", "legal.transfers.valid_until": date(2035, 12, 31)},
             {"legal.transfers.countries": ["FR", "BE", "US"], "legal.transfers.tool": "adequacy_decision",
              "legal.transfers.ref": "2023/1795"}],
    "C-10": [{"disclosure.threshold": 10}, {"disclosure.dominance_percent": 86},
             {"disclosure.budget_epsilon": "10.000001"},
             {"match.epsilon": "11"}, {"releases.0.epsilon": "10.5"}, {"match.protocol": "plain-sha256"},
             {"parties.retailer.certificate": "AAAA"}, SALTED,
             {"legal.pseudonymous_transfer": TRANSFER}],
    "C-11": [{"consent.denied_categories.pharmacy": ["drug gm "]}],
}
ACCEPTING, REFUSING = {*KEEPS, "C-12"}, {*BREAKS, "C-12"}  # C-12 has tests of its own below
CASES = [(name, changes) for name, cases in BREAKS.items() for changes in cases]


@pytest.mark.parametrize(("name", "changes"), [(name, changes) for name, cases in KEEPS.items() for changes in cases])
def test_a_contract_that_keeps_the_rule_is_accepted(name: str, changes: dict[str, Any]) -> None:
    check_rules(contract(changes))
    assert next(each for each in verdicts(contract(changes)) if each.rule.id == name).accepted


@pytest.mark.parametrize(("name", "changes"), CASES)
def test_a_contract_that_breaks_only_this_rule_is_refused_by_its_id_in_both_languages(
        name: str, changes: dict[str, Any]) -> None:
    assert [each.rule.id for each in verdicts(contract(changes)) if not each.accepted] == [name]
    with pytest.raises(ContractError) as caught:
        check_rules(contract(changes), "contract.toml")
    text = str(caught.value)
    assert f"{name}: {rule(name).english}" in text
    assert rule(name).french in text
    assert "\n" not in text
    assert caught.value.public == f"the contract breaks compliance rule {name}"


@pytest.mark.parametrize(("name", "changes"), CASES)
def test_the_refusal_names_the_part_that_was_changed(name: str, changes: dict[str, Any]) -> None:
    detail = next(each.detail for each in verdicts(contract(changes)) if not each.accepted)
    assert any(".".join(path.split(".")[:2]) in detail for path in changes)


def test_all_broken_rules_are_listed() -> None:
    with pytest.raises(ContractError, match=r"C-01.*broken in all: C-01, C-04, C-10"):
        check_rules(contract({"legal.arrangement_ref": "", "legal.proof.available": False, "disclosure.threshold": 2}))


@pytest.mark.parametrize(("setting", "name"), [
    ("legal", "C-01"), ("legal.parties", "C-01"), ("legal.parties.retailer.dpo", "C-01"),
    ("legal.forbidden_uses", "C-02"), ("legal.proof", "C-04"), ("consent.notices", "C-05"),
    ("legal.dpia.completed", "C-06"), ("legal.record.security", "C-07"),
    ("legal.retention.data_days", "C-08"), ("legal.transfers", "C-09"), ("disclosure.threshold", "C-10"),
    ("consent.denied_categories", "C-11"), ("consent.denied_categories.political", "C-11")])
def test_a_missing_piece_is_refused_by_the_rule_that_asks_for_it(setting: str, name: str) -> None:
    with pytest.raises(ContractError) as caught:
        parse_contract(as_toml(document({setting: GONE})), "contract.toml")
    assert f"{setting}: this setting is missing" in str(caught.value)
    assert f"{name}: {rule(name).english}" in str(caught.value)
    assert rule(name).french in str(caught.value)


def test_the_demonstration_as_toml_is_the_same_contract() -> None:
    assert parse_contract(as_toml(document()), "x") == contract()


UNSIGNED = [(), ("advertiser",), ("retailer",)]


@pytest.mark.parametrize("roles", UNSIGNED)
def test_c_12_refuses_a_contract_that_not_both_have_signed(roles: tuple[str, ...]) -> None:
    with pytest.raises(ContractError, match=r"C-12: the \w+ has not signed") as caught:
        check_in_force(signed(roles=roles), NOW)
    assert rule("C-12").french in str(caught.value)


@pytest.mark.parametrize("moment", [datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)])
def test_c_12_refuses_a_contract_outside_its_validity(moment: datetime) -> None:
    with pytest.raises(ContractError, match="C-12: the contract"):
        check_in_force(signed(), moment)


def test_c_12_refuses_an_altered_contract_and_a_stranger_s_signature() -> None:
    altered = signed().model_copy(update={"title": "Another title"})
    with pytest.raises(ContractError, match="C-12: the advertiser's signature does not fit"):
        check_in_force(altered, NOW)
    with pytest.raises(ContractError, match="not this party's key"):
        sign_contract(contract(), "retailer", keys("retailer", 1).signing)


def test_c_12_accepts_what_both_signed_inside_its_validity() -> None:
    check_in_force(signed(), NOW)


@pytest.mark.parametrize(("name", "changes"), CASES[::7])
def test_a_signature_does_not_heal_a_broken_rule(name: str, changes: dict[str, Any]) -> None:
    if name != "C-10" or "parties.retailer.certificate" not in changes:
        with pytest.raises(ContractError, match=name):
            check_in_force(signed(changes), NOW)


def test_no_contract_rule_lacks_a_check_or_a_case() -> None:
    ids = {each.id for each in CURRENT.rules if each.where == "contract"}
    assert set(CHECKS) | {"C-12"} == ids
    assert set(KEEPS) | {"C-12"} == set(BREAKS) | {"C-12"} == ids
