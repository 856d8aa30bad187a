"""The privacy statement holds every fact of rule P-04, with the run's own numbers."""

from __future__ import annotations

from decimal import Decimal
from importlib.metadata import version

import pytest
from disclosure_terms import make_plan

from cleanroom.disclosure.accounting import Cost
from cleanroom.disclosure.statement import posterior_text, privacy_statement

SPENT = Cost(Decimal("5.0"), Decimal("0.000004"))


def facts(**sections: dict[str, object]) -> dict[str, str]:
    return {fact.id: fact.text for fact in privacy_statement(make_plan(**sections), SPENT)}


@pytest.mark.parametrize(("epsilon", "text"), [
    ("0.1", "52.5 %"), ("0.5", "62.2 %"), ("1", "73.1 %"), ("2", "88.1 %"), ("5", "99.3 %")])
def test_posteriors_are_the_published_ones(epsilon: str, text: str) -> None:
    assert posterior_text(Decimal(epsilon)) == text


def test_every_required_fact_is_there_once() -> None:
    statement = privacy_statement(make_plan(), SPENT)
    ids = [fact.id for fact in statement]
    assert ids == ["unit", "neighbours", "caps", "trust", "mechanism", "scales", "padding", "threshold",
                   "run", "cumulative", "composition", "posterior", "delta", "unprotected", "regulator"]
    assert all(fact.title and fact.text for fact in statement)


def test_the_numbers_are_those_of_the_run() -> None:
    told = facts()
    assert told["run"] == "ε 2.5 (match 1, release 1.5), δ 0.000002"
    assert told["cumulative"].startswith("ε 5 of 10, δ 0.000004 of 0.00001.")
    assert "sales 0 to 30000" in told["caps"]
    assert "under 20 are suppressed" in told["threshold"]
    assert f"OpenDP {version('opendp')}" in told["mechanism"]
    assert told["scales"] == ("arm: people 2.5, buyers 5, sales 50000; "
                              "arm × segment: people 16.6667, buyers 16.6667, sales 166667")


def test_high_spending_is_never_called_strong() -> None:
    assert "92.4 % by this run and 99.3 % by all runs; this is not strong protection" in facts()["posterior"]


def test_several_key_types_name_their_price() -> None:
    one, two = facts(), facts(match={"keys": ("email", "phone")})
    assert "displace" not in one["composition"]
    assert "counts 2 times" in two["composition"]
    assert "different keys" not in one["unprotected"]
    assert "different keys" in two["unprotected"]
