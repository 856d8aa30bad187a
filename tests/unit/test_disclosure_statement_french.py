"""The French privacy statement says the same facts with the same numbers as the English one."""

from __future__ import annotations

import re
from decimal import Decimal

from report_kit import contract

from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import Cost
from cleanroom.disclosure.statement import privacy_statement
from cleanroom.disclosure.statement_fr import privacy_statement_fr

SPENT = Cost(Decimal("5.5"), Decimal("0.000002"))


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.sub(r"(?<=\d),(?=\d)", ".", text))


def test_same_facts_and_numbers() -> None:
    plan = Plan(contract())  # two key types: the longest statement
    english, french = privacy_statement(plan, SPENT), privacy_statement_fr(plan, SPENT)
    assert [fact.id for fact in english] == [fact.id for fact in french]
    assert [fact.id for one, fact in zip(english, french, strict=True)
            if set(_numbers(one.text)) - set(_numbers(fact.text))] == []


def test_strong_protection_is_not_claimed() -> None:
    texts = {fact.id: fact.text for fact in privacy_statement_fr(Plan(contract()), SPENT)}
    assert "ce n’est pas une protection forte" in texts["posterior"]


def test_french_typography() -> None:
    assert [fact.id for fact in privacy_statement_fr(Plan(contract()), SPENT)
            if fact.id != "mechanism" and re.search(r"[^\u202f];|[^\u00a0]:|'|\d\.\d", fact.text)] == []
