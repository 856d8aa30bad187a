"""E-mail addresses of `cleanroom-fr-1`: one text for one mailbox, as far as its provider says so.

Domains follow IDNA 2008 (RFC 5891, library `idna`). Dots and tags are dropped only where the provider itself says
that it ignores them; everywhere else they may be another person's mailbox.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import idna

from cleanroom import limits
from cleanroom.identity.profiles.base import Reason, Result, folded, split_address
from cleanroom.identity.profiles.bulk import Plain


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What a provider ignores in its own addresses. `domain`: under which name its mailboxes are compared."""

    domain: str
    dots: bool = False
    tags: bool = False


def _tags(*domains: str) -> dict[str, Mailbox]:
    return {domain: Mailbox(domain, tags=True) for domain in domains}


# Google: dots do not matter, a plus sign starts a tag (developers.google.com/data-manager/api/devguides/concepts/
# formatting), googlemail.com is gmail.com. Microsoft, Apple, Proton, Fastmail: a plus sign starts a tag
# (learn.microsoft.com/exchange/recipients-in-exchange-online/plus-addressing-in-exchange-online, support.apple.com/
# guide/icloud, proton.me/support/addresses-and-aliases, fastmail.help). Orange, Free, SFR, La Poste, Yahoo publish no
# such rule: their addresses stay as they are.
PROVIDERS: Final[Mapping[str, Mailbox]] = MappingProxyType({
    "gmail.com": Mailbox("gmail.com", dots=True, tags=True),
    "googlemail.com": Mailbox("gmail.com", dots=True, tags=True),
    **_tags("outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "live.com", "live.fr", "msn.com"),
    **_tags("icloud.com", "me.com", "mac.com"),
    **_tags("proton.me", "protonmail.com", "pm.me"),
    **_tags("fastmail.com", "fastmail.fm"),
})

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1035 §2.3.1, RFC 1123 §2.1
_TOP: Final = r"(?:[a-z]{2,63}|xn--[a-z0-9-]{0,57}[a-z0-9])"  # never digits alone: that is an address of a machine
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+{_TOP}", re.ASCII)
_ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322 §3.2.3; a quoted local part is no key
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.ASCII)
_PLAIN: Final = re.compile(rf"({_LOCAL.pattern})@({_DOMAIN.pattern})", re.ASCII)
PLAIN: Final = Plain(_PLAIN.pattern, frozenset(PROVIDERS))
_ALIKE: Final = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC"})  # scripts with look-alikes


def mailbox(raw: str) -> Result:
    """Comparable form of an address: NFKC, lower case, A-labels, what the provider ignores dropped.

    Refused: more than 254 characters (RFC 5321), hidden characters (zero width, direction marks, controls), quoted or
    ill-formed local parts, domains that IDNA 2008 refuses, and words that mix Latin with letters that look like it.
    """
    text = folded(raw)
    if isinstance(text, Reason):
        return text
    found = _PLAIN.fullmatch(text)
    if found is None:
        return _unusual(text)
    return _at(PROVIDERS[found[2]], found[1]) if found[2] in PROVIDERS else text


def _at(provider: Mailbox, local: str) -> Result:
    """One of this provider's mailboxes."""
    name = local.partition("+")[0] if provider.tags else local
    name = name.replace(".", "") if provider.dots else name
    return f"{name}@{provider.domain}" if _LOCAL.fullmatch(name) else Reason.LOCAL_PART


def _unusual(text: str) -> Result:
    """An international address, or why it is none."""
    parts = split_address(text)
    if isinstance(parts, Reason):
        return parts
    local, domain = parts
    if not _is_local(local):
        return Reason.LOCAL_PART
    if any(_mixes_scripts(word) for word in (local, *domain.split("."))):
        return Reason.MIXED_SCRIPTS
    ascii_domain = _a_labels(domain)
    if ascii_domain is None:
        return Reason.DOMAIN
    if len(local) + 1 + len(ascii_domain) > limits.MAX_KEY_CHARACTERS:
        return Reason.TOO_LONG
    return _at(PROVIDERS[ascii_domain], local) if ascii_domain in PROVIDERS else f"{local}@{ascii_domain}"


def _is_local(local: str) -> bool:
    """RFC 6531: as in RFC 5322, and any letter beyond ASCII."""
    return _LOCAL.fullmatch("".join("a" if ord(character) > 127 else character for character in local)) is not None


def _a_labels(domain: str) -> str | None:
    """Domain as A-labels (RFC 5891), or None."""
    if domain.isascii():
        return domain if _DOMAIN.fullmatch(domain) else None
    try:
        encoded = idna.encode(domain).decode("ascii").lower()
    except UnicodeError:  # idna.IDNAError is one
        return None
    return encoded if _DOMAIN.fullmatch(encoded) else None


def _mixes_scripts(word: str) -> bool:
    if word.isascii():
        return False
    scripts = {unicodedata.name(character, "").partition(" ")[0] for character in word if character.isalpha()}
    return len(scripts & _ALIKE) > 1


