"""The profile `meta-1`: e-mail and phone as Meta publishes them for its Conversions API.

Source: developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
(parameters `em` and `ph`). E-mail: "trim any leading and trailing spaces, convert all characters to lowercase".
Phone: "remove symbols, letters, and any leading zeros"; the country code is always included, without a plus sign.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from cleanroom import limits
from cleanroom.identity.profiles.base import Profile, Reason, Result, split_address
from cleanroom.identity.profiles.hashes import sha256_text

_NOT_A_DIGIT: Final = re.compile(r"[^0-9]+")
_LENGTHS: Final = range(7, 16)  # ITU-T E.164


def normalise_email(raw: str) -> Result:
    """Stripped, in lower case; dots, tags and domains stay as they are."""
    text = raw.strip().lower()
    parts = split_address(text)
    return parts if isinstance(parts, Reason) else text


def normalise_phone(raw: str) -> Result:
    """Country code and number, digits only. One leading zero is a number without its country: refused."""
    if len(raw) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    digits = _NOT_A_DIGIT.sub("", raw)
    if digits.startswith("0") and not digits.startswith("00"):
        return Reason.NO_COUNTRY
    number = digits.lstrip("0")
    return number if len(number) in _LENGTHS else Reason.FORM


META_1: Final = Profile(
    "meta-1", "developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters",
    MappingProxyType({"email": normalise_email, "email_sha256": sha256_text, "phone": normalise_phone}))
