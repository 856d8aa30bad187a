"""Numbers as people read them."""

from __future__ import annotations

import pytest

from cleanroom.report import format as fmt

NBSP = "\u00a0"


@pytest.mark.parametrize(("cents", "currency", "text"), [
    (123_456, "EUR", "€ 1,234.56"), (123_456, "GBP", "£ 1,234.56"), (5, "USD", "$ 0.05"),
    (123_456, "CHF", "CHF 1,234.56"), (-50, "EUR", "−€ 0.50"), (-0.3, "EUR", "€ 0.00")])
def test_money(cents: float, currency: str, text: str) -> None:
    assert fmt.money(cents, currency) == text.replace(" ", NBSP)


@pytest.mark.parametrize(("share", "text"), [(0.1234, "12.3 %"), (-0.005, "−0.5 %"), (-0.0001, "0.0 %")])
def test_percent(share: float, text: str) -> None:
    assert fmt.percent(share) == text.replace(" ", NBSP)


def test_differences_carry_their_sign() -> None:
    assert fmt.difference(0.083, "share", "EUR", "pp") == f"+8.3{NBSP}pp"
    assert fmt.difference(-1234, "cents_per_person", "EUR", "pp") == f"−€{NBSP}12.34"


def test_small_amounts_of_privacy_stay_readable() -> None:
    assert [fmt.decimal_text(text) for text in ("0.000001", "3.50", "0")] == ["1e-06", "3.5", "0"]
