"""Name and address of `cleanroom-fr-1`: one text for a person at a French postal address.

The address is written as La Poste asks for (AFNOR NF Z10-011: capitals, no accents, no punctuation, only the first
number of several), its usual abbreviations are undone, articles are left out. The name keeps all its letters and none
of its spaces, so that DE LA FONTAINE, De-la-Fontaine and DELAFONTAINE are one. Of the town only the postcode is
compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from cleanroom import limits
from cleanroom.identity.profiles.base import Reason, Result
from cleanroom.identity.profiles.streets import (
    ARTICLES,
    EXTENSIONS,
    INSIDE,
    PARTICLES,
    TITLES,
    WORDS,
)

SEPARATOR: Final = "|"
_LIGATURES: Final = str.maketrans({"Œ": "OE", "Æ": "AE", "ẞ": "SS", "Ø": "O", "Ł": "L", "Đ": "D"})
_NOT_A_WORD: Final = re.compile(r"[^A-Z0-9]+")
_NUMBER: Final = re.compile(r"0*([1-9][0-9]{0,3})([A-Z]{0,6})", re.ASCII)
_POSTCODE: Final = re.compile(r"(?:F|FR)?(0[1-9][0-9]{3}|[1-8][0-9]{4}|9[0-8][0-9]{3})", re.ASCII)


def postal(given_name: str, family_name: str, address: str, postcode: str) -> Result:
    """`GIVEN|FAMILY|NUMBER STREET|POSTCODE` in capital letters and digits.

    Refused: a name without letters, an address without a word, a postcode that France does not have.
    """
    if max(map(len, (given_name, family_name, address, postcode))) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    given, family = _given(_words(given_name)), _family(_words(family_name))
    if not (given and family):
        return Reason.NAME
    street = _street(_words(address))
    if not any(word.isalpha() for word in street):
        return Reason.ADDRESS
    code = _POSTCODE.fullmatch("".join(_words(postcode)))
    if code is None:
        return Reason.POSTCODE
    key = SEPARATOR.join((given, family, " ".join(street), code[1]))
    return key if len(key) <= limits.MAX_KEY_CHARACTERS else Reason.TOO_LONG


def _words(text: str) -> list[str]:
    """Words of capital letters A to Z and digits; accents and punctuation are gone."""
    if text.isascii():
        return _NOT_A_WORD.sub(" ", text.upper()).split()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).upper().translate(_LIGATURES))
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    return _NOT_A_WORD.sub(" ", plain).split()


def _given(words: Sequence[str]) -> str:
    """All given names in one word, without a title."""
    return _letters(words[1:] if len(words) > 1 and words[0] in TITLES else words)


def _family(words: Sequence[str]) -> str:
    """The family name in one word. `FONTAINE (DE LA)` is `DE LA FONTAINE`."""
    named = list(words[1:] if len(words) > 1 and words[0] in TITLES else words)
    first = len(named)
    while first > 0 and named[first - 1] in PARTICLES:
        first -= 1
    return _letters([*named[first:], *named[:first]] if first else named)


def _letters(words: Sequence[str]) -> str:
    joined = "".join(words)
    return joined if joined.isalpha() else ""


def _street(words: Sequence[str]) -> list[str]:
    """Number with its extension, then the words of the street."""
    rest = list(_outside(words))
    number = _NUMBER.fullmatch(rest[0]) if rest else None
    if number is None or (number[2] and number[2] not in EXTENSIONS):
        return list(_spelled(rest))
    digits, extension, rest = number[1], EXTENSIONS.get(number[2], ""), rest[1:]
    while rest and rest[0].isdigit():  # 12-14: only the first one counts
        rest = rest[1:]
    if not extension and len(rest) > 1 and rest[0] in EXTENSIONS and rest[0] not in ARTICLES:
        extension, rest = EXTENSIONS[rest[0]], rest[1:]
    return [digits + extension, *_spelled(rest)]


def _outside(words: Sequence[str]) -> Iterator[str]:
    """The words without those that say where inside the building: `APT 12`, `BAT B`."""
    skip = False
    for word in words:
        if skip or word in INSIDE:
            skip = not skip
        else:
            yield word


def _spelled(words: Sequence[str]) -> Iterator[str]:
    """Abbreviations written out, articles left out."""
    for word in words:
        yield from (full for full in WORDS.get(word, word).split() if full not in ARTICLES)
