"""The compliance report: both languages, the form to share, JSON-LD, the record of processing."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import string
from pathlib import Path

import compliance_kit
import pytest
import rdflib
from compliance_kit import AGREED, REFUSED, agreed, measured, report, verified
from jsonschema import Draft202012Validator

from cleanroom.errors import AuditError, DataError, UsageError
from cleanroom.report.compliance.counts import bucket
from cleanroom.report.compliance.document import SCHEMA, compliance_document
from cleanroom.report.compliance.linked import linked, render_linked
from cleanroom.report.compliance.page import render_compliance
from cleanroom.report.compliance.record import COLUMNS, render_record
from cleanroom.report.compliance.wording import WORDS, typeset, words
from cleanroom.rules import CURRENT

PATH = Path(__file__).parents[2] / "docs" / "schema" / "compliance-1.schema.json"
VALIDATOR = Draft202012Validator(json.loads(PATH.read_text(encoding="utf-8")))
DPV = rdflib.Namespace("https://w3id.org/dpv#")
GDPR = rdflib.Namespace("https://w3id.org/dpv/legal/eu/gdpr#")
# What DPV 2.3 defines, of the terms that are used.
TERMS = {"PersonalDataProcess", "PersonalDataHandling", "Purpose", "PersonalData", "LegalEntity",
         "JointDataControllers",
         "DataProtectionOfficer", "DPIA", "PrivacyNotice", "SecureMultiPartyComputation", "DifferentialPrivacy",
         "Pseudonymisation", "HomomorphicEncryption", "EncryptionInTransfer", "hasPurpose", "hasLegalBasis",
         "hasPersonalData", "hasRecipient", "hasTechnicalMeasure", "hasImpactAssessment", "hasNotice", "hasEntity",
         "hasJointDataControllers", "hasDataController", "hasDataProcessor", "hasDataProtectionOfficer", "hasName",
         "hasContact", "hasAddress"}


def text(page):
    body = re.sub(r"<style>.*?</style>", "", page[page.index("<body>"):], flags=re.DOTALL)
    return " ".join(re.split(r"[ \n]+", re.sub(r"<[^<>]*>", " ", body))).strip()


def placeholders(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_both_languages_say_the_same_things():
    assert WORDS["en"].keys() == WORDS["fr"].keys()
    assert [key for key in WORDS["en"] if placeholders(WORDS["en"][key]) != placeholders(WORDS["fr"][key])] == []


def test_french_typography():
    wrong = re.compile(r"[^\u202f][;!?]|[^\u00a0][:%»]|«[^\u00a0]|'")
    said = {key: re.sub(r"\{[^}]*\}", "x", each) for key, each in words("fr").items()}
    assert [key for key, each in said.items() if wrong.search(each)] == []


def test_the_answer_comes_first_and_in_plain_words():
    page = text(render_compliance(report()))
    short = page[:page.index("Who answers for it")]
    assert "All 41 rules were kept" in short
    assert "looked at 3,886 people in its file. 2,500 took part; 1,386 were left out" in short
    assert "had agreed to exactly this purpose, with the other company named" in short
    assert "All 6 groups were shown, because each had at least 50 people" in short
    assert "not legal advice" in short
    assert "ε" not in short


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_rule_stands_there_with_its_text_and_count(language):
    page = text(render_compliance(report(), language))
    for each in CURRENT.rules:
        told = typeset(each.french) if language == "fr" else each.english
        assert told.replace("'", "&#39;") in page.replace("'", "&#39;")
    assert ("1\u202f278 écartées" if language == "fr" else "1,278 left out") in page


def test_a_broken_rule_is_the_first_thing_said():
    document = report()
    document["rules"]["items"][3].update(kept=False, detail="legal.proof.audit_right = false")
    page = text(render_compliance(document))
    assert "1 rules were broken: C-04" in page
    assert "All 41" not in page
    assert "legal.proof.audit_right = false" in page


def test_withheld_groups_and_weak_protection_are_said():
    spent = measured(suppressed=(("control", "singles"),))
    spent["privacy"]["cumulative"] = {"epsilon": "7", "delta": "0", "posterior": 0.9991}
    page = text(render_compliance(compliance_document(AGREED, verified(), spent)))
    assert "Of 6 groups 5 were shown and 1 withheld, because fewer than 50 people" in page
    assert "99.9\u00a0% sure from all runs of this contract so far. That is not strong protection." in page


def test_nothing_released_is_said():
    every = tuple((arm,) for arm in ("exposed", "control")) + tuple(
        (arm, segment) for arm in ("exposed", "control") for segment in ("families", "singles"))
    page = text(render_compliance(report(suppressed=every)))
    assert "All 6 groups were withheld" in page
    assert "so few people were found on both sides that the number is withheld" in page.lower()
    assert "No amount of money was shown." in page


def test_policies_that_won_are_named():
    strict = agreed()
    party = strict.parties.retailer.model_dump(mode="json")
    other = agreed(parties={"advertiser": strict.parties.advertiser.model_dump(mode="json"),
                            "retailer": {**party, "policy": {"threshold": 60}}})
    document = compliance_document(other, verified(of=other), measured())
    assert document["released"]["threshold"] == 60
    assert "disclosure.threshold is 60 by the policy of the retailer" in text(render_compliance(document))
    assert "vaut 60 selon la politique du distributeur" in text(render_compliance(document, "fr"))


def test_legitimate_interest_and_a_processor_are_said():
    legal = AGREED.legal.model_dump(mode="json")
    legal["parties"]["retailer"].update(basis="legitimate_interest", assessment_sha256="ab" * 32)
    other = agreed(legal={**legal, "role_model": "controller_processor", "processor": "retailer"})
    document = compliance_document(other, verified(of=other), measured())
    page = text(render_compliance(document))
    assert "relies on legitimate interest" in page
    assert "one answers for it and the other works on its instructions" in page
    graph = rdflib.Graph().parse(data=render_linked(document), format="json-ld")
    assert len(list(graph.objects(None, DPV.hasDataProcessor))) == 1
    assert set(graph.objects(None, DPV.hasLegalBasis)) == {GDPR["A6-1-a"], GDPR["A6-1-f"]}


@pytest.mark.parametrize(("number", "ends"), [(0, (0, 10)), (10, (0, 10)), (11, (11, 100)), (100, (11, 100)),
                                              (101, (101, 1000)), (12_345_678, (10_000_001, 100_000_000))])
def test_buckets(number, ends):
    assert bucket(number) == {"low": ends[0], "high": ends[1]}


def test_the_form_to_share_holds_no_exact_count_of_people(monkeypatch):
    """Two runs whose counts differ inside the buckets give the same document."""
    first = report(shared=True)
    monkeypatch.setattr(compliance_kit, "REFUSED", {**REFUSED, "R-15": 28, "R-01": 1277, "R-06": 8, "R-03": 1})
    assert report(shared=True) == first
    assert first["people"]["admitted"] == {"low": 1001, "high": 10_000}
    page = text(render_compliance(first))
    assert "looked at 1,001 to 10,000 people" in page
    assert "Counts of people are given as ranges" in page
    assert "1,278" not in page


@pytest.mark.parametrize("changes", [{}, {"shared": True}, {"role": "advertiser"},
                                     {"suppressed": (("control", "singles"),)}])
def test_every_document_follows_the_published_schema(changes):
    document = json.loads(json.dumps(report(**changes)))
    assert document["schema"] == SCHEMA
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("spoil", [
    lambda found: found.pop("limits"), lambda found: found.update(extra=1),
    lambda found: found["people"]["admitted"].update(low=-1), lambda found: found["evidence"].update(log_root="C0"),
    lambda found: found["rules"]["items"][0].update(kept="yes"), lambda found: found.update(form="public")])
def test_what_does_not_follow_the_schema_is_found(spoil):
    document = json.loads(json.dumps(report()))
    spoil(document)
    assert not VALIDATOR.is_valid(document)


def test_the_schema_is_valid():
    Draft202012Validator.check_schema(VALIDATOR.schema)


def test_json_ld_is_one_process_of_two_joint_controllers():
    document = report()
    graph = rdflib.Graph().parse(data=render_linked(document), format="json-ld")
    run = rdflib.URIRef("urn:cleanroom:run:run-00000001")
    assert set(graph.objects(run, rdflib.RDF.type)) == {DPV.PersonalDataProcess, DPV.PersonalDataHandling}
    joint = next(graph.objects(run, DPV.hasJointDataControllers))
    names = {str(name) for entity in graph.objects(joint, DPV.hasEntity) for name in graph.objects(entity, DPV.hasName)}
    assert names == {AGREED.legal.parties.advertiser.entity, AGREED.legal.parties.retailer.entity}
    assert {DPV.SecureMultiPartyComputation, DPV.DifferentialPrivacy, DPV.Pseudonymisation} <= set(
        graph.objects(run, DPV.hasTechnicalMeasure))
    assert list(graph.objects(run, DPV.hasLegalBasis)) == [GDPR["A6-1-a"]]
    epsilon = next(graph.objects(run, rdflib.URIRef("urn:cleanroom:vocabulary:1#epsilon")))
    assert epsilon.toPython() == 3


def test_json_ld_uses_terms_that_dpv_has_and_drops_none():
    graph = rdflib.Graph().parse(data=render_linked(report()), format="json-ld")
    used = {str(term).removeprefix(DPV) for triple in graph for term in triple if str(term).startswith(DPV)}
    assert used <= TERMS
    keys = {key for key in _keys(linked(report())) if not key.startswith("@")}
    assert all(":" in key for key in keys)  # a key without a prefix would be dropped silently


def _keys(value):
    if isinstance(value, dict):
        for key, each in value.items():
            if key != "@context":
                yield key
                yield from _keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)


def test_the_record_has_every_point_of_article_30():
    rows = list(csv.DictReader(io.StringIO(render_record(report()))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["point"] for row in rows] == sorted(row["point"] for row in rows)
    for point, name in zip("abcdefg", ("controllers", "purposes", "subjects_and_data", "recipients", "transfers",
                                       "erasure", "security"), strict=True):
        assert {"point": point, "item": f"record.{name}", "value": getattr(AGREED.legal.record, name)} in rows


def test_the_record_runs_no_formula():
    legal = AGREED.legal.model_dump(mode="json")
    legal["record"]["purposes"] = "=1+1"
    other = agreed(legal=legal)
    rows = list(csv.DictReader(io.StringIO(render_record(compliance_document(other, verified(of=other), measured())))))
    assert [row["value"] for row in rows if row["item"] == "record.purposes"] == ["'=1+1"]


def test_no_count_of_people_is_in_what_goes_to_others():
    for form in (render_linked(report()), render_record(report())):
        assert not re.search(r"\b(2500|3886|1386|1278)\b", form)


def test_other_documents_and_languages_are_refused():
    with pytest.raises(DataError):
        render_compliance({"schema": "cleanroom-measurement/1"})
    with pytest.raises(UsageError):
        render_compliance(report(), "de")


def test_text_of_the_contract_is_escaped():
    other = agreed(title="<script>alert(1)</script>")
    page = render_compliance(compliance_document(other, verified(of=other), measured()))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_run_without_a_receipt_has_no_report():
    with pytest.raises(AuditError, match="without a receipt"):
        compliance_document(AGREED, dataclasses.replace(verified(), receipt=None), measured())
