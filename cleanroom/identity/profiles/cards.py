"""Loyalty cards of `cleanroom-fr-1`: digits that end in a check digit."""

from __future__ import annotations

import re
from typing import Final

from cleanroom import limits
from cleanroom.identity.profiles.base import Reason, Result

_SEPARATORS: Final = re.compile(r"[\s.\-]+")
_CARD: Final = re.compile(r"[0-9]{8,19}", re.ASCII)
_GS1: Final = frozenset({8, 13})  # EAN-8, EAN-13: what a till reads
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def card(raw: str) -> Result:
    """8 to 19 digits. The last one checks the others: modulo 10 with weights 3 and 1 for 8 and 13 digits (GS1 General
    Specifications §7.9), Luhn for the others (ISO/IEC 7812-1 annex B). Spaces, dots, hyphens are dropped; a card of
    zeros is none.
    """
    if len(raw) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    digits = _SEPARATORS.sub("", raw)
    if not _CARD.fullmatch(digits) or not digits.strip("0"):
        return Reason.FORM
    return digits if check_sum(digits) % 10 == 0 else Reason.CHECK_DIGIT


def check_sum(digits: str) -> int:
    """Weighted sum of all digits, check digit included: a multiple of ten when they agree."""
    values = [int(digit) for digit in reversed(digits)]
    if len(digits) in _GS1:
        return sum(values[0::2]) + 3 * sum(values[1::2])
    return sum(values[0::2]) + sum(_DOUBLED[value] for value in values[1::2])
