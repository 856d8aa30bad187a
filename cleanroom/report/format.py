"""Numbers as people read them. Input in the units of `Estimate`; money in cents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SYMBOLS: Final[Mapping[str, str]] = {"EUR": "€", "GBP": "£", "USD": "$"}
NARROW: Final = "\u00a0"
MINUS: Final = "\u2212"


def money(cents: float, currency: str) -> str:
    """`€ 1,234.56`; the ISO code where there is no symbol of its own. The space does not break."""
    return f"{_sign(round(cents))}{SYMBOLS.get(currency, currency)}{NARROW}{abs(cents) / 100:,.2f}"


def number(value: float, decimals: int = 0) -> str:
    """`1,234`, with a real minus sign."""
    return f"{_sign(round(value, decimals))}{abs(value):,.{decimals}f}"


def percent(share: float) -> str:
    """A share, 0 to 1, as `12.3 %`."""
    return f"{number(share * 100, 1)}{NARROW}%"


def quantity(value: float, unit: str, currency: str) -> str:
    """A value in its unit."""
    if unit.startswith("cents"):
        return money(value, currency)
    if unit == "share":
        return percent(value)
    if unit in {"per_person", "ratio"}:
        return number(value, 2)
    return number(value)


def bare(value: float, unit: str) -> str:
    """A value without its unit: money in whole units, shares in percent."""
    if unit.startswith("cents"):
        return number(value / 100, 2)
    if unit == "share":
        return number(value * 100, 1)
    return number(value, 2 if unit in {"per_person", "ratio"} else 0)


def difference(value: float, unit: str, currency: str, points: str) -> str:
    """A value with its sign; shares in percentage points."""
    plus = "+" if value > 0 else ""
    if unit == "share":
        return f"{plus}{number(value * 100, 1)}{NARROW}{points}"
    return plus + quantity(value, unit, currency)


def compact(seconds: float) -> str:
    """A duration in seconds, three significant digits at most."""
    return number(seconds, 2 if seconds < 10 else 1 if seconds < 100 else 0)


def decimal_text(text: str) -> str:
    """A decimal string for reading: at most four significant digits, small ones as 1e-06."""
    return f"{float(text):.4g}"


def _sign(value: float) -> str:
    return MINUS if value < 0 else ""
