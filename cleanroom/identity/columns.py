"""Which columns of a roster make which key type, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cleanroom.contract.keys import KEY_TYPES, KeyType, Kind

KIND_OF: Final[Mapping[KeyType, Kind]] = MappingProxyType({
    "email": "email", "email_2": "email", "email_sha256": "email_sha256", "phone": "phone", "phone_2": "phone",
    "loyalty": "loyalty", "loyalty_2": "loyalty", "postal": "postal"})
POSTAL_COLUMNS: Final = ("given_name", "family_name", "address", "postcode")
COLUMNS_OF: Final[Mapping[KeyType, tuple[str, ...]]] = MappingProxyType(
    {key: POSTAL_COLUMNS if key == "postal" else (key,) for key in KEY_TYPES})
# Every column of a roster that a key is made of, in the order of KEY_TYPES.
KEY_COLUMNS: Final[tuple[str, ...]] = tuple(name for key in KEY_TYPES for name in COLUMNS_OF[key])
