"""The profile `cleanroom-1`: doubtful values are refused rather than repaired, for any country.

No dots or tags are dropped, because only some providers ignore them; a phone number carries its country.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType
from typing import Final

from cleanroom import limits
from cleanroom.identity.profiles.base import Profile, Reason, Result, folded, has_hidden
from cleanroom.identity.profiles.bulk import Plain
from cleanroom.identity.profiles.hashes import sha256_text

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1035 §2.3.1, RFC 1123 §2.1
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})+", re.ASCII)
_PLAIN: Final = re.compile(rf"[!-?A-~]+@{_DOMAIN.pattern}", re.ASCII)  # local part: printable, no space, no @
# IDNA 2003 and IDNA 2008 turn these two into different domains (RFC 5894 §7.2), so neither reading is safe.
_DEVIATIONS: Final = frozenset("ßς")
_PHONE_SEPARATORS: Final = re.compile(r"[\s().\-/]+")
_PHONE: Final = re.compile(r"(?:\+|00)([1-9][0-9]{7,14})", re.ASCII)  # ITU-T E.164: at most 15 digits
_TRUNK_ZERO: Final = re.compile(r"\(\s*0\s*\)")  # +33 (0)6 …: dialled inside the country only
_CARD_SEPARATORS: Final = re.compile(r"[\s\-]+")
_CARD: Final = re.compile(r"[A-Z0-9]{4,32}", re.ASCII)


def normalise_email(raw: str) -> Result:
    """Comparable form of an address.

    Strip Unicode white space, NFKC, lower case, domain as IDNA A-labels; exactly one @, a local part, a
    domain of at least two labels, no inner space or control character, at most 254 characters.
    """
    text = folded(raw)
    if isinstance(text, Reason):
        return text
    if text.isascii():
        return text if _PLAIN.fullmatch(text) else Reason.FORM
    return _international(text)


def _international(text: str) -> Result:
    local, at, domain = text.partition("@")
    if not (local and at):
        return Reason.FORM
    if has_hidden(text):
        return Reason.HIDDEN
    ascii_domain = _a_labels(domain)
    if ascii_domain is None:
        return Reason.DOMAIN
    address = f"{local}@{ascii_domain}"
    return address if len(address) <= limits.MAX_KEY_CHARACTERS else Reason.TOO_LONG


def _a_labels(domain: str) -> str | None:
    """Domain in the ASCII form of RFC 3490, or None."""
    if _DEVIATIONS & set(domain):
        return None
    try:
        encoded = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return encoded if _DOMAIN.fullmatch(encoded) else None


def normalise_phone(raw: str) -> Result:
    """`+` and 8 to 15 digits (E.164).

    The number must carry its country code after `+` or `00`; spaces, dots, hyphens, slashes and brackets are
    dropped; a bracketed trunk zero is refused, because dropping it is right in some countries only.
    """
    text = _compatible(raw)
    if isinstance(text, Reason):
        return text
    if _TRUNK_ZERO.search(text):
        return Reason.FORM
    digits = _PHONE_SEPARATORS.sub("", text)
    found = _PHONE.fullmatch(digits)
    if found:
        return f"+{found[1]}"
    return Reason.NO_COUNTRY if digits.isascii() and digits.isdigit() else Reason.FORM


def normalise_loyalty(raw: str) -> Result:
    """4 to 32 upper-case letters and digits. Spaces and hyphens between groups are dropped."""
    text = _compatible(raw)
    if isinstance(text, Reason):
        return text
    card = _CARD_SEPARATORS.sub("", text).upper()
    return card if _CARD.fullmatch(card) else Reason.FORM


def _compatible(raw: str) -> Result:
    if len(raw) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    return unicodedata.normalize("NFKC", raw).strip()


CLEANROOM_1: Final = Profile("cleanroom-1", "docs/identity.md", MappingProxyType({
    "email": normalise_email, "email_sha256": sha256_text, "phone": normalise_phone, "loyalty": normalise_loyalty}),
    Plain(_PLAIN.pattern))
