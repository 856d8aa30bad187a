"""E-mail addresses that were hashed before they came here: a key type of their own.

The hash is that of an address under the contract's profile; whoever holds the address itself computes it
(`hashed_email`), so a party with addresses and one with hashes can meet. A hash of an address can be guessed from a
list of addresses: it is treated like one, and never sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

from cleanroom.identity.profiles.base import Normaliser, Reason, Result

_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NOTHING: Final = frozenset(hashlib.sha256(text).hexdigest() for text in (b"", b" ", b"null", b"NULL", b"None", b"nan"))


def sha256_text(raw: str) -> Result:
    """64 lower-case hexadecimal digits, from those (any case) or from 44 characters of base64.

    The hash of an empty text is refused: everybody without an address would have it.
    """
    text = raw.strip()
    found = text.lower() if len(text) == 64 else _from_base64(text) if len(text) == 44 else ""
    if not _HEX.fullmatch(found):
        return Reason.FORM
    return Reason.HASH_OF_NOTHING if found in _NOTHING else found


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


def hashed_email(normaliser: Normaliser, raw: str) -> Result:
    """What `sha256_text` holds for somebody who hashed this address under the same profile."""
    address = normaliser(raw)
    return address if isinstance(address, Reason) else hashlib.sha256(address.encode()).hexdigest()
