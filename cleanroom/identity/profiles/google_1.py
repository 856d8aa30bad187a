"""The profile `google-1`: e-mail and phone as Google publishes them for its Data Manager and Google Ads APIs.

Source: developers.google.com/data-manager/api/devguides/concepts/formatting, and Google's own formatter
(github.com/googleads/data-manager-python). E-mail: lower case, no white space around; at gmail.com and
googlemail.com dots and everything from a plus sign on are dropped; the two domains stay apart. Phone: E.164, `+` and
digits, country code included.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from cleanroom import limits
from cleanroom.identity.profiles.base import Profile, Reason, Result, split_address
from cleanroom.identity.profiles.hashes import sha256_text

_WITHOUT_DOTS: Final = frozenset({"gmail.com", "googlemail.com"})
_NOT_A_DIGIT: Final = re.compile(r"[^0-9]+")
_LENGTHS: Final = range(7, 16)  # ITU-T E.164


def normalise_email(raw: str) -> Result:
    """Lower case; dots and tags dropped at Google's own domains only."""
    parts = split_address(raw.strip().lower())
    if isinstance(parts, Reason):
        return parts
    local, domain = parts
    if domain in _WITHOUT_DOTS:
        local = local.partition("+")[0].replace(".", "")
    return f"{local}@{domain}" if local else Reason.LOCAL_PART


def normalise_phone(raw: str) -> Result:
    """`+` and the digits. A leading zero is a number without its country: refused."""
    if len(raw) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    digits = _NOT_A_DIGIT.sub("", raw)
    if digits.startswith("0"):
        return Reason.NO_COUNTRY
    return f"+{digits}" if len(digits) in _LENGTHS else Reason.FORM


GOOGLE_1: Final = Profile("google-1", "developers.google.com/data-manager/api/devguides/concepts/formatting",
                          MappingProxyType({"email": normalise_email, "email_sha256": sha256_text,
                                            "phone": normalise_phone}))
