"""The French page: the same keys and placeholders, French numbers, nothing left in English."""

from __future__ import annotations

import re
import string

from report_kit import contract, document, everything

from cleanroom.report.facts import Texts
from cleanroom.report.html import render_html
from cleanroom.report.wording import LANGUAGES, NUMBERS

ENGLISH, FRENCH = LANGUAGES["en"], LANGUAGES["fr"]
TRANSLATION = Texts({"R-05": "Le consentement a été retiré"}, (("Lignes", "Leur nombre."),),
                    (("Unité", "Une personne."),))


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _text(page: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", page[page.index("<body>"):], flags=re.DOTALL)
    return " ".join(re.sub(r"<[^<>]*>", " ", body).split())


def _french(**changes: object) -> str:
    return render_html(document(translations={"fr": TRANSLATION}, **changes), "fr")


def test_both_languages_have_the_same_keys() -> None:
    assert LANGUAGES.keys() == NUMBERS.keys()
    assert ENGLISH.keys() == FRENCH.keys()


def test_both_languages_have_the_same_placeholders() -> None:
    assert [key for key in ENGLISH if _placeholders(ENGLISH[key]) != _placeholders(FRENCH[key])] == []


def test_french_typography() -> None:
    wrong = re.compile(r"[^\u202f][;!?]|[^\u00a0][:%»]|«[^\u00a0]|'")
    assert [key for key, text in FRENCH.items() if wrong.search(re.sub(r"\{[^}]*\}", "x", text))] == []


def test_the_page_says_its_language() -> None:
    assert '<html lang="fr">' in _french()


def test_numbers_and_days_are_french() -> None:
    text = _text(_french())
    assert "+41,00 €" in text
    assert "entre le 2 mars 2026 et le 15 mars 2026" in text
    shown = text[:text.index("Éléments de preuve")]
    assert not re.search(r"\d[.]\d|\d,\d{3}\b|€\u00a0\d", shown.replace("cleanroom-1", ""))


def test_texts_of_the_node_are_french() -> None:
    text = _text(_french())
    assert "Le consentement a été retiré" in text
    assert "Une personne." in text
    assert "Consent was withdrawn" not in text


def test_a_document_without_translations_keeps_the_recorded_texts() -> None:
    assert "Consent was withdrawn" in render_html(document(), "fr")


def test_an_observational_report_claims_no_increment() -> None:
    assert "incrémental" not in _french().lower()
    assert "Effet incrémental" in render_html(document(of=contract(assignment="randomised")), "fr")


def test_a_report_without_any_number_says_so() -> None:
    text = _text(_french(suppressed=everything()))
    assert "Aucun nombre de personnes appariées" in text
    assert "Aucune comparaison ne peut être montrée" in text
    assert "suppressed" not in text
