"""Numbers and days as the readers of a language write them. Input in the units of `Estimate`; money in cents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Locale = Literal["en-US", "fr-FR"]

SYMBOLS: Final[Mapping[str, str]] = {"EUR": "€", "GBP": "£", "USD": "$"}
NBSP: Final = "\u00a0"
NARROW: Final = "\u202f"
MINUS: Final = "\u2212"
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Numbers:
    """How one language writes numbers. No space inside a number or before its unit ever breaks.

    `thousands` and `decimal` are separators; `sign_first`: the currency stands before the amount; `axis` is the
    d3 locale of the charts; `first` is the first day of a month.
    """

    thousands: str
    decimal: str
    sign_first: bool
    axis: Locale
    first: str

    def money(self, cents: float, currency: str) -> str:
        """`€ 1,234.56` or `1 234,56 €`; the ISO code where there is no symbol of its own."""
        sign, amount = _sign(round(cents)), self._digits(abs(cents) / 100, 2)
        symbol = SYMBOLS.get(currency, currency)
        return f"{sign}{symbol}{NBSP}{amount}" if self.sign_first else f"{sign}{amount}{NBSP}{symbol}"

    def number(self, value: float, decimals: int = 0) -> str:
        """`1,234` or `1 234`, with a real minus sign."""
        return _sign(round(value, decimals)) + self._digits(abs(value), decimals)

    def percent(self, share: float) -> str:
        """A share, 0 to 1, as `12.3 %` or `12,3 %`."""
        return f"{self.number(share * 100, 1)}{NBSP}%"

    def quantity(self, value: float, unit: str, currency: str) -> str:
        """A value in its unit."""
        if unit.startswith("cents"):
            return self.money(value, currency)
        if unit == "share":
            return self.percent(value)
        return self.number(value, _decimals(unit))

    def bare(self, value: float, unit: str) -> str:
        """A value without its unit: money in whole units, shares in percent."""
        if unit.startswith("cents"):
            return self.number(value / 100, 2)
        if unit == "share":
            return self.number(value * 100, 1)
        return self.number(value, _decimals(unit))

    def difference(self, value: float, unit: str, currency: str, points: str) -> str:
        """A value with its sign; shares in percentage points."""
        plus = "+" if value > 0 else ""
        if unit == "share":
            return f"{plus}{self.number(value * 100, 1)}{NBSP}{points}"
        return plus + self.quantity(value, unit, currency)

    def compact(self, seconds: float) -> str:
        """A duration in seconds, three significant digits at most."""
        return self.number(seconds, 2 if seconds < 10 else 1 if seconds < 100 else 0)

    def decimal_text(self, text: str) -> str:
        """A decimal string for reading: at most four significant digits, small ones as `2·10⁻⁶`."""
        digits, _, power = f"{float(text):.4g}".replace(".", self.decimal).partition("e")
        if not power:
            return digits
        ten = "10" + str(int(power)).translate(_RAISED)
        return ten if digits == "1" else f"{digits}·{ten}"

    def day(self, text: str, months: str) -> str:
        """The day of `2026-03-01` or of a date and time, as `1 March 2026`; `months` are twelve words."""
        found = date.fromisoformat(text[:10])
        return f"{self.first if found.day == 1 else found.day}{NBSP}{months.split()[found.month - 1]} {found.year}"

    def _digits(self, value: float, decimals: int) -> str:
        plain = f"{value:,.{decimals}f}"
        return plain.translate({ord(","): self.thousands, ord("."): self.decimal})


def _decimals(unit: str) -> int:
    return 2 if unit in {"per_person", "ratio"} else 0


def _sign(value: float) -> str:
    return MINUS if value < 0 else ""


ENGLISH: Final = Numbers(",", ".", sign_first=True, axis="en-US", first="1")
FRENCH: Final = Numbers(NARROW, ",", sign_first=False, axis="fr-FR", first="1er")
