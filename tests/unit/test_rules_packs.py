"""The packs: complete, in both languages, tied to code, and never changed."""

from __future__ import annotations

import dataclasses

import pytest
from consent_kit import CONTRACT, NOW, event, retailer

from cleanroom.consent.files import allowed_columns
from cleanroom.consent.gate import gate
from cleanroom.consent.rules import DROPS, REFUSES
from cleanroom.rules import CURRENT, FIRST, PACKS, Verdict, rule

ALL = [f"{letter}-{number:02d}" for letter, last in (("C", 12), ("R", 15), ("X", 7), ("P", 7))
       for number in range(1, last + 1)]


def test_the_current_pack_has_every_rule():
    assert sorted(each.id for each in CURRENT.rules) == sorted(ALL)


@pytest.mark.parametrize("pack", PACKS.values(), ids=lambda pack: pack.name)
def test_rules_are_complete_in_both_languages(pack):
    assert len({each.id for each in pack.rules}) == len(pack.rules)
    for each in pack.rules:
        assert each.source
        assert each.english != each.french
        assert min(len(each.english), len(each.french)) > 20
        assert each.effective_from <= pack.effective_from


@pytest.mark.parametrize("pack", PACKS.values(), ids=lambda pack: pack.name)
def test_every_row_rule_has_its_code(pack):
    assert {each.check for each in pack.rules if each.where == "row"} <= REFUSES.keys() | DROPS.keys()


def test_the_first_pack_never_changes():
    """Runs recorded this hash."""
    assert FIRST.sha256 == "fbb2d02f45e4468ada7b06edc71db46865b38421ce0b2d4ce6dffa04104991bc"


def test_the_hash_depends_on_every_text():
    changed = dataclasses.replace(CURRENT.rules[3], french=CURRENT.rules[3].french + " ")
    other = dataclasses.replace(CURRENT, rules=(*CURRENT.rules[:3], changed, *CURRENT.rules[4:]))
    assert other.sha256 != CURRENT.sha256


def test_an_older_pack_can_be_replayed():
    bare = event(proof_ref="", notice_id="", birth_year="", last_activity_at="")
    assert gate(CONTRACT, retailer(bare), NOW).report.refused["R-03"] == 1
    replayed = gate(CONTRACT, retailer(bare), NOW, FIRST).report
    assert (replayed.admitted, replayed.pack) == (1, "cleanroom-rules/1")
    assert list(replayed.refused) == ["R-15", "R-01", "R-05", "R-02", "R-06"]


def test_a_verdict_gives_its_reason_in_both_languages():
    verdict = Verdict(rule("X-01"), False, "25 h")
    assert verdict.reason("en") == "X-01: The suppression list is no older than 24 hours. (25 h)"
    assert verdict.reason("fr") == "X-01: La liste d'opposition date de moins de 24 heures. (25 h)"
    assert Verdict(rule("X-01"), True).reason("en").endswith("hours.")


def test_a_table_the_contract_does_not_list_may_hold_nothing():
    assert allowed_columns(CONTRACT, "visits") == frozenset()
    assert "tc_string" in allowed_columns(CONTRACT, "consents")
