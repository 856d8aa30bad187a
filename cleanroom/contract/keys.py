"""Key types and normalisation profiles as the contract names them, and which goes with which."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

KeyType = Literal["email", "email_2", "email_sha256", "phone", "phone_2", "loyalty", "loyalty_2", "postal"]
Kind = Literal["email", "email_sha256", "phone", "loyalty", "postal"]  # what a key of a type is
ProfileName = Literal["cleanroom-fr-1", "cleanroom-1", "meta-1", "google-1", "uid2-1", "admap-1"]
SharedValues = Literal["drop", "unless_conflict"]

KEY_TYPES: Final[tuple[KeyType, ...]] = get_args(KeyType)
DEFAULT_PROFILE: Final[ProfileName] = "cleanroom-fr-1"
DEFAULT_SHARED: Final[SharedValues] = "drop"

_PUBLISHED: Final = frozenset[KeyType]({"email", "email_2", "email_sha256", "phone", "phone_2"})
_ANY_COUNTRY: Final = _PUBLISHED | frozenset[KeyType]({"loyalty", "loyalty_2"})
KEYS_OF: Final[Mapping[ProfileName, frozenset[KeyType]]] = MappingProxyType({
    "cleanroom-fr-1": frozenset(KEY_TYPES), "cleanroom-1": _ANY_COUNTRY,
    "meta-1": _PUBLISHED, "google-1": _PUBLISHED, "uid2-1": _PUBLISHED, "admap-1": _PUBLISHED})
