"""P-01 … P-07 over finished reports: what each accepts and refuses, and what only it refuses."""

from __future__ import annotations

import copy
import dataclasses
from types import SimpleNamespace

import pytest
from compliance_kit import AGREED, SPENT, agreed, measured, report, verified

from cleanroom.audit.events import Kind
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.dominance import check_dominance
from cleanroom.disclosure.opening import check_range
from cleanroom.disclosure.statement import privacy_statement
from cleanroom.disclosure.statement_fr import privacy_statement_fr
from cleanroom.errors import AuditError, ContractError, DataError
from cleanroom.report.compliance import checks, outcomes
from cleanroom.report.compliance.document import broken, compliance_document
from cleanroom.rules import CURRENT, rule
from cleanroom.rules.report import STATEMENT

HIDDEN = (("control", "singles"),)
GROUPS = ("released", 1, "groups")


def at(*path):
    """Sets a value below a path; the last of the path is the key."""
    def change(tree, value):
        for step in path[:-1]:
            tree = tree[step]
        tree[path[-1]] = value
    return change


def without(*path):
    def change(tree, _value):
        for step in path[:-1]:
            tree = tree[step]
        del tree[path[-1]]
    return change


# rule: which document is spoilt, how, with what
REFUSING = [
    ("P-01", "measurement", at(*GROUPS, 0, "people", "value"), 49),
    ("P-01", "measurement", at(*GROUPS, 3, "people"), {"value": 12, "low": 1, "high": 20, "noise_sd": 4.0}),
    ("P-01", "measurement", at(*GROUPS, 0, "people", "noise_sd"), 0),
    ("P-01", "measurement", lambda tree, value: next(
        result for result in tree["results"] if result["suppressed"]).update(value=value), 0.5),
    ("P-02", "measurement", at(*GROUPS, 0, "sums", "sales", "noise_sd"), 3000.0),
    ("P-02", "measurement", at("released", 0, "groups", 0, "sums", "sales_fresh", "noise_sd"), 0.0),
    ("P-03", "document", without("assessment", 1), None),
    ("P-03", "document", at("assessment", 2, "epsilon"), ""),
    ("P-04", "document", without("privacy", "statement", "en", 4), None),
    ("P-04", "document", at("privacy", "statement", "fr", 9, "text"), " "),
    ("P-04", "document", at("privacy", "run", "epsilon"), "0.1"),
    ("P-05", "document", without("legal", 3), None),
    ("P-05", "document", at("legal", 2, "value"), ""),
    ("P-05", "document", at("notices"), []),
    ("P-06", "document", at("evidence", "signed_by"), ["retailer"]),
    ("P-06", "document", at("evidence", "consent_root"), ""),
    ("P-06", "document", without("evidence", "audit_roots", "advertiser"), None),
    ("P-07", "document", without("limits", 0), None),
]
ACCEPTING = {
    "P-01": {"suppressed": HIDDEN}, "P-02": {"suppressed": HIDDEN}, "P-03": {}, "P-04": {}, "P-05": {}, "P-06": {},
    "P-07": {}}


def judged(document, measurement):
    return {verdict.rule.id: verdict for verdict in checks.verdicts_of_report(document, measurement)}


@pytest.mark.parametrize(("name", "which", "change", "value"), REFUSING)
def test_a_report_that_breaks_only_this_rule_is_refused_by_it(name, which, change, value):
    measurement = measured(suppressed=HIDDEN)
    document = compliance_document(AGREED, verified(), copy.deepcopy(measurement))
    change(document if which == "document" else measurement, value)
    found = judged(document, measurement)
    assert [each for each, verdict in found.items() if not verdict.accepted] == [name]
    assert found[name].detail


@pytest.mark.parametrize("name", ACCEPTING)
def test_a_good_report_is_accepted(name):
    measurement = measured(**ACCEPTING[name])
    assert judged(compliance_document(AGREED, verified(), measurement), measurement)[name].accepted


def test_every_rule_has_both_cases():
    wanted = {each.id for each in CURRENT.rules if each.where == "report"}
    assert {name for name, *_ in REFUSING} == set(ACCEPTING) == set(checks.CHECKS) == wanted


@pytest.mark.parametrize("name", sorted(ACCEPTING))
def test_a_report_that_breaks_a_rule_is_not_written(name):
    document = report()
    item = next(item for item in document["rules"]["items"] if item["id"] == name)
    item.update(kept=False, detail="some.place")
    with pytest.raises(DataError) as refused:
        checks.refuse(document)
    assert f"{name}: {rule(name).english} (some.place) / {rule(name).french}" in str(refused.value)


def test_a_report_that_keeps_all_rules_is_written():
    document = report()
    checks.refuse(document)
    assert broken(document) == []
    assert [item["id"] for item in document["rules"]["items"]] == [each.id for each in CURRENT.rules]


@pytest.mark.parametrize("suppressed", [(("control", "singles"),), (("control", "singles"), ("exposed", "singles"))])
def test_a_total_less_its_other_cells_holds_more_noise_than_the_cell(suppressed):
    """P-01: the variance of total − sum of the others is above that of the cell, opened under the same release."""
    measurement = measured(suppressed=suppressed)
    cells = measurement["released"][1]["groups"]
    own = next(cell["people"]["noise_sd"] for cell in cells if cell["people"])
    for arm in measurement["released"][0]["groups"]:
        others = [cell["people"]["noise_sd"] for cell in cells if cell["people"] and cell["group"]["arm"] ==
                  arm["group"]["arm"]]
        assert arm["people"]["noise_sd"] ** 2 + sum(sd ** 2 for sd in others) > own ** 2


def test_the_statement_has_the_topics_that_p_04_asks_for():
    plan, spent = Plan(AGREED), SPENT
    assert tuple(fact.title for fact in privacy_statement(plan, spent)) == STATEMENT["en"]
    assert tuple(fact.title for fact in privacy_statement_fr(plan, spent)) == STATEMENT["fr"]


def narrow(percent, epsilon="9.9"):
    """A contract whose amount is opened with nearly all of a large ε."""
    base = AGREED.model_dump(mode="json")
    statistics = [{**each, "weight": 1000 if each["name"] == "sales" else 1} for each in base["statistics"]]
    release = {**base["releases"][0], "epsilon": epsilon, "people_weight": 1}
    return agreed(statistics=statistics, releases=[release], disclosure={
        **base["disclosure"], "dominance_percent": percent, "budget_epsilon": "100", "threshold": 100_000})


def test_a_contract_that_breaks_only_p_02_is_refused_in_both_languages():
    with pytest.raises(ContractError) as refused:
        check_range(Plan(narrow(20)))
    assert refused.value.where == "disclosure.dominance_percent"
    assert "P-02: Even if one person" in str(refused.value)
    assert "Même si une personne" in str(refused.value)
    assert "releases.0, sales: 0.304 × cap < 0.8 × cap" in str(refused.value)


@pytest.mark.parametrize(("percent", "epsilon"), [(85, "9.9"), (71, "9.9"), (20, "3.7")])
def test_a_contract_whose_noise_covers_a_dominant_person_is_accepted(percent, epsilon):
    check_dominance(Plan(narrow(percent, epsilon)))


def test_small_amounts_are_counted():
    shown = report()["released"]
    assert (shown["dominated"], shown["amounts"]) == (0, 12)
    measurement = measured()
    measurement["released"][0]["groups"][0]["sums"]["sales"]["value"] = 47_000  # cap 40,000 / 85 %: 47,058.8
    measurement["released"][0]["groups"][1]["sums"]["sales"]["value"] = 47_100
    assert compliance_document(AGREED, verified(), measurement)["released"]["dominated"] == 1


@pytest.mark.parametrize(("name", "kind"), sorted(outcomes.SHOWN.items()))
def test_a_log_that_does_not_show_a_run_rule_breaks_it(name, kind):
    found = {verdict.rule.id: verdict.accepted for verdict in outcomes.of_run(verified(without=(kind,)))}
    assert [each for each, accepted in found.items() if not accepted] == [name]


def test_a_consent_root_after_the_sizes_breaks_x_06():
    late = (Kind.RUN_STARTED, Kind.CONSENT_GATE, Kind.PEER_IDENTIFIED, Kind.SIZES_DECLARED, Kind.CONSENT_ROOT,
            Kind.PRIVACY_CHARGED, Kind.TABLE_RELEASED, Kind.INTERMEDIATES_WIPED, Kind.RUN_ENDED)
    found = {verdict.rule.id: verdict.accepted for verdict in outcomes.of_run(verified(order=late))}
    assert [each for each, accepted in found.items() if not accepted] == ["X-06"]


@pytest.mark.parametrize(("verdict", "kept", "warned"), [
    ("accepted", True, False), ("warned", True, True), ("refused", False, False)])
def test_a_verdict_of_the_run_itself_counts(verdict, kept, warned):
    """Whatever the events of the rule say."""
    found = verified(without=(Kind.INTERMEDIATES_WIPED,))
    judged = SimpleNamespace(kind=outcomes.JUDGED, fields={"rule": "X-07", "verdict": verdict})
    document = compliance_document(AGREED, dataclasses.replace(found, log=(*found.log, judged)), measured())
    item = next(item for item in document["rules"]["items"] if item["id"] == "X-07")
    assert (item["kept"], item["warned"]) == (kept, warned)


def test_a_run_under_rules_that_are_not_here_has_no_report(monkeypatch):
    monkeypatch.setattr(outcomes, "PACKS", {})
    with pytest.raises(AuditError, match="rule pack"):
        compliance_document(AGREED, verified(), measured())
