"""The profile `uid2-1`: e-mail and phone as published for UID2.

Source: unifiedid.com/docs/getting-started/gs-normalization-encoding, and the operator's own code
(github.com/IABTechLab/uid2-operator, `InputUtil`). E-mail: spaces around removed, lower case (A to Z, as the operator
does); at gmail.com only, dots and everything from a plus sign on are dropped. Phone: E.164, 10 to 15 digits.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from cleanroom import limits
from cleanroom.identity.profiles.base import Profile, Reason, Result, ascii_lower, split_address
from cleanroom.identity.profiles.hashes import sha256_text

_SEPARATORS: Final = re.compile(r"[ ().\-]+")
_NUMBER: Final = re.compile(r"\+?([1-9][0-9]{9,14})", re.ASCII)  # the operator's bounds


def normalise_email(raw: str) -> Result:
    """Lower case; dots and tags dropped at gmail.com only."""
    parts = split_address(ascii_lower(raw.strip()))
    if isinstance(parts, Reason):
        return parts
    local, domain = parts
    if domain == "gmail.com":
        local = local.partition("+")[0].replace(".", "")
    return f"{local}@{domain}" if local else Reason.LOCAL_PART


def normalise_phone(raw: str) -> Result:
    """`+`, country code and number without spaces, hyphens or brackets."""
    if len(raw) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    digits = _SEPARATORS.sub("", raw)
    found = _NUMBER.fullmatch(digits)
    if found:
        return f"+{found[1]}"
    return Reason.NO_COUNTRY if digits.startswith("0") else Reason.FORM


UID2_1: Final = Profile("uid2-1", "unifiedid.com/docs/getting-started/gs-normalization-encoding",
                        MappingProxyType({"email": normalise_email, "email_sha256": sha256_text,
                                          "phone": normalise_phone}))
