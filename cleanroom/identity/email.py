"""E-mail addresses under the profile `cleanroom-1`.

Both parties must come to the same bytes without talking about them, so anything doubtful is refused rather
than repaired: no dots or tags are dropped, because only some providers ignore them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom import limits

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1035 §2.3.1, RFC 1123 §2.1
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})+", re.ASCII)
_PLAIN: Final = re.compile(rf"[!-?A-~]+@{_DOMAIN.pattern}", re.ASCII)  # local part: printable, no space, no @
_AS_TYPED: Final = rf" *{_PLAIN.pattern.replace('a-z0-9', 'A-Za-z0-9')} *"
# IDNA 2003 and IDNA 2008 turn these two into different domains (RFC 5894 §7.2), so neither reading is safe.
_DEVIATIONS: Final = frozenset("ßς")
# Cc, Cf, Cn, Co, Cs: controls, invisible marks, unassigned, private, surrogates; Zl, Zp, Zs: separators.
_REFUSED_CATEGORIES: Final = frozenset("CZ")


def normalise_email(raw: str) -> str | None:
    """Comparable form of an address, or None when it is not one.

    Strip Unicode white space, NFKC, lower case, domain as IDNA A-labels; exactly one @, a local part, a
    domain of at least two labels, no inner space or control character, at most 254 characters.
    """
    text = raw.strip()
    folded = text.lower() if text.isascii() else _fold(text)
    if folded is None or len(folded) > limits.MAX_KEY_CHARACTERS:
        return None
    if folded.isascii():
        return folded if _PLAIN.fullmatch(folded) else None
    return _international(folded)


def plain_emails(texts: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Many addresses at once: what `normalise_email` gives for the plain ASCII ones, and which those are."""
    plain = np.asarray(texts.str.fullmatch(_AS_TYPED).fillna(False), dtype=bool)
    folded = texts.where(plain).str.strip(" ").str.lower()
    short = np.asarray(folded.str.len().fillna(0) <= limits.MAX_KEY_CHARACTERS, dtype=bool)
    return folded, plain & short


def _fold(text: str) -> str | None:
    """NFKC and lower case as a fixed point; None when one more round would change the text again."""
    if len(text) > limits.MAX_KEY_CHARACTERS:
        return None
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).strip()
    again = unicodedata.normalize("NFKC", folded.lower()).strip()
    return folded if folded == again else None


def _international(text: str) -> str | None:
    local, at, domain = text.partition("@")
    categories = {unicodedata.category(character)[0] for character in text}
    if not (local and at) or categories & _REFUSED_CATEGORIES:
        return None
    ascii_domain = _a_labels(domain)
    if ascii_domain is None or len(local) + 1 + len(ascii_domain) > limits.MAX_KEY_CHARACTERS:
        return None
    return f"{local}@{ascii_domain}"


def _a_labels(domain: str) -> str | None:
    """Domain in the ASCII form of RFC 3490, or None."""
    if _DEVIATIONS & set(domain):
        return None
    try:
        encoded = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return encoded if _DOMAIN.fullmatch(encoded) else None
