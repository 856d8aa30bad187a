"""What a normalisation profile is: rules, as data and small functions, that make two spellings of one key equal.

A normaliser takes the raw texts of one person (one for most kinds, four for a postal key) and gives either the
comparable text or the `Reason` why there is none. It never raises, and a `Reason` is never hashed.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from cleanroom import limits
from cleanroom.contract.keys import Kind
from cleanroom.identity.profiles.bulk import Plain


class Reason(enum.Enum):
    """Why a value is no key. Not a text, so it can never be taken for one."""

    TOO_LONG = "too_long"
    HIDDEN = "hidden_character"  # a control character, an invisible mark, a private or unassigned code point
    SPACE = "inner_space"
    UNSTABLE = "unstable_unicode"  # folding it twice gives something else than folding it once
    NOT_ONE_AT = "not_one_at_sign"
    LOCAL_PART = "local_part"
    DOMAIN = "domain"
    MIXED_SCRIPTS = "mixed_scripts"  # Latin, Greek or Cyrillic letters in one word: look-alikes
    FORM = "form"
    NO_COUNTRY = "no_country"
    NUMBER_PLAN = "not_in_the_number_plan"
    CHECK_DIGIT = "check_digit"
    HASH_OF_NOTHING = "hash_of_nothing"
    NAME = "name"
    ADDRESS = "address"
    POSTCODE = "postcode"

Result: TypeAlias = str | Reason
Normaliser: TypeAlias = Callable[..., Result]

@dataclass(frozen=True, slots=True)
class Profile:
    """Published or agreed rules under one name. A change of any result takes a new name.

    `source`: where the rules are published. `normalisers`: by kind of key; other kinds have no rule here. `plain`: the
    addresses that may be read in bulk, with the same results.
    """

    name: str
    source: str
    normalisers: Mapping[Kind, Normaliser]
    plain: Plain | None = None

# Cc, Cf, Cn, Co, Cs: controls, invisible marks, unassigned, private, surrogates; Zl, Zp, Zs: separators.
_HIDDEN: Final = frozenset("CZ")

_PRINTABLE: Final = re.compile(r"[!-~]+", re.ASCII)

def has_hidden(text: str) -> bool:
    """Whether a text has a separator, a control character, or a code point that shows nothing."""
    if text.isascii():
        return _PRINTABLE.fullmatch(text) is None and text != ""
    return any(unicodedata.category(character)[0] in _HIDDEN for character in text)


def fold(text: str) -> Result:
    """NFKC and lower case as a fixed point, without outer white space."""
    if len(text) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).strip()
    again = unicodedata.normalize("NFKC", once.lower()).strip()
    return once if once == again else Reason.UNSTABLE


def folded(raw: str) -> Result:
    """`fold` of a text without outer white space, no longer than a key may be; ASCII needs no Unicode."""
    text = raw.strip()
    found: Result = text.lower() if text.isascii() else fold(text)
    if isinstance(found, str) and len(found) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    return found


def split_address(text: str) -> tuple[str, str] | Reason:
    """Local part and domain of a stripped address with exactly one @ and nothing hidden."""
    if len(text) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    if len(text.split()) > 1:
        return Reason.SPACE
    if has_hidden(text):
        return Reason.HIDDEN
    local, at, domain = text.partition("@")
    if not at or "@" in domain:
        return Reason.NOT_ONE_AT
    if not local:
        return Reason.LOCAL_PART
    return (local, domain) if "." in domain.strip(".") else Reason.DOMAIN

def ascii_lower(text: str) -> str:
    """A to Z in lower case, everything else as it is."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)

_ASCII_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
