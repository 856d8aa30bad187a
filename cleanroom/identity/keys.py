"""Match keys under the profile `cleanroom-1`: one comparable text per key type, or None.

None means "not a valid key": it is counted and never hashed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cleanroom import limits
from cleanroom.contract.model import KeyType
from cleanroom.identity.email import normalise_email

_PHONE_SEPARATORS: Final = re.compile(r"[\s().\-/]+")
_PHONE: Final = re.compile(r"(?:\+|00)([1-9][0-9]{7,14})", re.ASCII)  # ITU-T E.164: at most 15 digits
_TRUNK_ZERO: Final = re.compile(r"\(\s*0\s*\)")  # +33 (0)6 …: dialled inside the country only
_CARD_SEPARATORS: Final = re.compile(r"[\s\-]+")
_CARD: Final = re.compile(r"[A-Z0-9]{4,32}", re.ASCII)


def normalise_phone(raw: str) -> str | None:
    """`+` and 8 to 15 digits (E.164), or None.

    The number must carry its country code after `+` or `00`; spaces, dots, hyphens, slashes and brackets are
    dropped; a bracketed trunk zero is refused, because dropping it is right in some countries only.
    """
    text = _compatible(raw)
    if text is None or _TRUNK_ZERO.search(text):
        return None
    found = _PHONE.fullmatch(_PHONE_SEPARATORS.sub("", text))
    return f"+{found[1]}" if found else None


def normalise_loyalty(raw: str) -> str | None:
    """4 to 32 upper-case letters and digits, or None. Spaces and hyphens between groups are dropped."""
    text = _compatible(raw)
    if text is None:
        return None
    card = _CARD_SEPARATORS.sub("", text).upper()
    return card if _CARD.fullmatch(card) else None


def _compatible(raw: str) -> str | None:
    if len(raw) > limits.MAX_KEY_CHARACTERS:
        return None
    return unicodedata.normalize("NFKC", raw).strip()


NORMALISERS: Final[Mapping[KeyType, Callable[[str], str | None]]] = MappingProxyType({
    "email": normalise_email,
    "phone": normalise_phone,
    "loyalty": normalise_loyalty,
})


def normalise(key_type: KeyType, raw: str) -> str | None:
    """Comparable form of a raw key under `cleanroom-1`, or None when it is not a valid key."""
    return NORMALISERS[key_type](raw)
