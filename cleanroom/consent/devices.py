"""Whose exposures a device's may become: consent decides how far back a login reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.consent.rules import first_refusal, person_rules
from cleanroom.consent.subjects import subjects_of
from cleanroom.contract.model import Contract
from cleanroom.identity.devices import tie
from cleanroom.identity.tables import AdvertiserTables
from cleanroom.rules import CURRENT, Pack


def tie_devices(contract: Contract, tables: AdvertiserTables, now: datetime, pack: Pack = CURRENT) \
        -> tuple[AdvertiserTables, Mapping[str, int]]:
    """The tables with the exposures of devices tied to people, and how many exposures are tied to nobody, by reason.

    A login reaches back to earlier exposures only for people whom the rules of `pack` do not refuse at `now`
    (timezone-aware) and who consented with their account. Without the table `identities` nothing changes.
    """
    if tables.identities is None or "device" not in tables.exposures:
        return tables, {}
    people = subjects_of(contract, tables, now)
    return tied(tables, (first_refusal(people, person_rules(pack)) < 0) & people.account)


def tied(tables: AdvertiserTables, agreed: NDArray[np.bool_]) -> tuple[AdvertiserTables, Mapping[str, int]]:
    """The same when it is known who `agreed`: a flag for each row of the roster."""
    if tables.identities is None or "device" not in tables.exposures:
        return tables, {}
    exposures, untied = tie(tables.exposures, tables.identities, pd.Index(tables.people["person"])[agreed])
    return replace(tables, exposures=exposures), untied
