"""The profile `admap-1`: e-mail and phone as in the Attribution Data Matching Protocol of IAB Tech Lab.

Source: iabtechlab.com/admap, version 1.0, table 1 "Key types and encodings". E-mail: leading and trailing spaces
trimmed, ASCII characters converted to lower case. Phone: E.164, at most 15 digits, no other characters.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from cleanroom import limits
from cleanroom.identity.profiles.base import Profile, Reason, Result, ascii_lower, split_address
from cleanroom.identity.profiles.hashes import sha256_text

_SEPARATORS: Final = re.compile(r"[\s().\-/]+")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def normalise_email(raw: str) -> Result:
    """Stripped, A to Z in lower case; nothing is dropped."""
    text = ascii_lower(raw.strip())
    parts = split_address(text)
    return parts if isinstance(parts, Reason) else text


def normalise_phone(raw: str) -> Result:
    """`+` and digits; a number without `+` does not say its country and is refused."""
    if len(raw) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    number = _SEPARATORS.sub("", raw)
    if _NUMBER.fullmatch(number):
        return number
    return Reason.NO_COUNTRY if number.isascii() and number.isdigit() else Reason.FORM


ADMAP_1: Final = Profile("admap-1", "iabtechlab.com/admap, version 1.0, table 1",
                         MappingProxyType({"email": normalise_email, "email_sha256": sha256_text,
                                           "phone": normalise_phone}))
