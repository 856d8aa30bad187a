"""Numbers and days as the readers of each language write them."""

from __future__ import annotations

import pytest

from cleanroom.report.format import ENGLISH, FRENCH

NBSP, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(("cents", "currency", "english", "french"), [
    (123_456, "EUR", "€ 1,234.56", "1_234,56 €"), (123_456, "GBP", "£ 1,234.56", "1_234,56 £"),
    (5, "USD", "$ 0.05", "0,05 $"), (123_456, "CHF", "CHF 1,234.56", "1_234,56 CHF"),
    (-50, "EUR", "−€ 0.50", "−0,50 €"), (-0.3, "EUR", "€ 0.00", "0,00 €")])
def test_money(cents: float, currency: str, english: str, french: str) -> None:
    assert ENGLISH.money(cents, currency) == english.replace(" ", NBSP)
    assert FRENCH.money(cents, currency) == french.replace(" ", NBSP).replace("_", NARROW)


@pytest.mark.parametrize(("share", "text"), [(0.1234, "12.3 %"), (-0.005, "−0.5 %"), (-0.0001, "0.0 %")])
def test_percent(share: float, text: str) -> None:
    assert ENGLISH.percent(share) == text.replace(" ", NBSP)
    assert FRENCH.percent(share) == text.replace(" ", NBSP).replace(".", ",")


def test_differences_carry_their_sign() -> None:
    assert ENGLISH.difference(0.083, "share", "EUR", "pp") == f"+8.3{NBSP}pp"
    assert ENGLISH.difference(-1234, "cents_per_person", "EUR", "pp") == f"−€{NBSP}12.34"
    assert FRENCH.difference(-1234, "cents_per_person", "EUR", "pt") == f"−12,34{NBSP}€"


def test_large_numbers() -> None:
    assert ENGLISH.number(1_234_567.5, 1) == "1,234,567.5"
    assert FRENCH.number(1_234_567.5, 1) == f"1{NARROW}234{NARROW}567,5"


def test_small_amounts_of_privacy_stay_readable() -> None:
    assert [ENGLISH.decimal_text(text) for text in ("0.000001", "3.50", "0")] == ["10⁻⁶", "3.5", "0"]
    assert FRENCH.decimal_text("0.0000025") == "2,5·10⁻⁶"
    assert FRENCH.decimal_text("3.50") == "3,5"


def test_the_first_day_of_a_month() -> None:
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    assert FRENCH.day("2026-03-01T09:00:00Z", months) == f"1er{NBSP}mars 2026"
    assert FRENCH.day("2026-08-02", months) == f"2{NBSP}août 2026"
