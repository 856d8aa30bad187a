"""Normalisation profiles by the name that the contract gives."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cleanroom.contract.keys import ProfileName
from cleanroom.identity.profiles.admap_1 import ADMAP_1
from cleanroom.identity.profiles.base import Profile
from cleanroom.identity.profiles.cleanroom_1 import CLEANROOM_1
from cleanroom.identity.profiles.cleanroom_fr_1 import CLEANROOM_FR_1
from cleanroom.identity.profiles.google_1 import GOOGLE_1
from cleanroom.identity.profiles.meta_1 import META_1
from cleanroom.identity.profiles.uid2_1 import UID2_1

PROFILES: Final[Mapping[ProfileName, Profile]] = MappingProxyType({
    "cleanroom-fr-1": CLEANROOM_FR_1, "cleanroom-1": CLEANROOM_1, "meta-1": META_1, "google-1": GOOGLE_1,
    "uid2-1": UID2_1, "admap-1": ADMAP_1})
