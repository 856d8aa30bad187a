"""Phone numbers of `cleanroom-fr-1`: E.164, where a number without its country is one of the French plan.

What is a number, the library `phonenumbers` decides (Google's libphonenumber metadata). Asking it takes some 40 µs, so
the usual forms are recognised with its own patterns: the results are the same, and a test compares them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

import phonenumbers

from cleanroom import limits
from cleanroom.identity.profiles.base import Reason, Result

_DROPPED: Final = {ord(character): None for character in " \t\u00a0().-/\u2010\u2011\u2012\u2013"}
_FRENCH: Final = re.compile(r"(?:(?:\+|00)?33)?0?([1-9][0-9]{8})", re.ASCII)
_ABROAD: Final = re.compile(r"(?:\+|00)([1-9][0-9]{5,14})", re.ASCII)
# French numbers that belong to an overseas country code, as dialled inside France (ARCEP, plan de numérotation).
_OVERSEAS: Final[Mapping[str, int]] = MappingProxyType({
    "262": 262, "263": 262, "269": 262, "639": 262, "692": 262, "693": 262,  # La Réunion, Mayotte
    "590": 590, "690": 590, "691": 590,  # Guadeloupe, Saint-Martin, Saint-Barthélemy
    "594": 594, "694": 594,  # Guyane
    "596": 596, "696": 596, "697": 596})  # Martinique
_KINDS: Final = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager",
                 "uan", "voicemail")


def phone(raw: str) -> Result:
    """`+`, country code, number.

    `06 12 34 56 78`, `612345678` (a spreadsheet ate the zero), `+33 (0)6 12 34 56 78` and `0033612345678` are one
    number; `0692…` is of La Réunion: `+262692…`. Other countries need `+` or `00`. Refused: letters, numbers that
    no plan has.
    """
    if len(raw) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    text = raw if raw.isascii() else unicodedata.normalize("NFKC", raw)
    digits = text.translate(_DROPPED).strip()
    french = _FRENCH.fullmatch(digits)
    if french:
        return _french(french[1])
    abroad = _ABROAD.fullmatch(digits)
    if abroad:
        return _abroad(abroad[1])
    return Reason.NO_COUNTRY if digits.isascii() and digits.isdigit() else Reason.FORM


def _french(number: str) -> Result:
    """Nine digits of the French plan; overseas ones are often written with 33, too."""
    code = _OVERSEAS.get(number[:3], 33)
    if code == 33:
        return f"+33{number}" if _plan(33).fullmatch(number) else Reason.NUMBER_PLAN
    return _asked(f"{code}{number}")


def _abroad(digits: str) -> Result:
    """Country code and number. A code of one region whose number needs no repair is judged by its pattern."""
    code = _calling_code(digits)
    if code is None:
        return Reason.NUMBER_PLAN
    number = digits[len(str(code)):]
    return f"+{digits}" if _is_simple(code) and _plan(code).fullmatch(number) else _asked(digits)


def _asked(digits: str) -> Result:
    """What the library says."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return Reason.NUMBER_PLAN
    if not phonenumbers.is_valid_number(number):
        return Reason.NUMBER_PLAN
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _calling_code(digits: str) -> int | None:
    """The country code that the digits start with; no code is the start of another (ITU-T E.164)."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((code for code in (int(digits[:size]) for size in (1, 2, 3)) if code in codes), None)


@cache
def _is_simple(code: int) -> bool:
    """One region, no national prefix that the library would try to take away."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    metadata = _metadata(code)
    return len(regions) == 1 and metadata is not None and not metadata.national_prefix_for_parsing


@cache
def _plan(code: int) -> re.Pattern[str]:
    """Every number of a country code of one region, without the code."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in _patterns(code)) or r"(?!)", re.ASCII)


def _patterns(code: int) -> Iterator[str]:
    metadata = _metadata(code)
    for kind in _KINDS if metadata is not None else ():
        description = getattr(metadata, kind)
        if description is not None and description.national_number_pattern:
            yield description.national_number_pattern


def _metadata(code: int) -> phonenumbers.PhoneMetadata | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    if regions[0] == "001":  # not a country: satellites, international networks
        return phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code)
    return phonenumbers.PhoneMetadata.metadata_for_region(regions[0])
