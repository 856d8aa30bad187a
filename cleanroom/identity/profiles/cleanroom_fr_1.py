"""The profile `cleanroom-fr-1`: the one that new contracts take, made for customer files of France.

One text for one mailbox, number, card or household member, wherever published rules of providers, number plans or the
post say that two spellings are the same; see `mailboxes`, `numbering`, `cards`, `postal`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from cleanroom.identity.profiles.base import Profile
from cleanroom.identity.profiles.cards import card
from cleanroom.identity.profiles.hashes import sha256_text
from cleanroom.identity.profiles.mailboxes import PLAIN, mailbox
from cleanroom.identity.profiles.numbering import phone
from cleanroom.identity.profiles.postal import postal

CLEANROOM_FR_1: Final = Profile("cleanroom-fr-1", "docs/identity.md", MappingProxyType({
    "email": mailbox, "email_sha256": sha256_text, "phone": phone, "loyalty": card, "postal": postal}),
    PLAIN)
