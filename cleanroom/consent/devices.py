"""Whose exposures a device's may become: consent decides how far back a login reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pandas as pd

from cleanroom.consent.rules import first_refusal
from cleanroom.consent.subjects import subjects_of
from cleanroom.contract.model import Contract, other
from cleanroom.identity.devices import tie
from cleanroom.identity.tables import AdvertiserTables


def tie_devices(contract: Contract, tables: AdvertiserTables, now: datetime) \
        -> tuple[AdvertiserTables, Mapping[str, int]]:
    """The tables with the exposures of devices tied to people, and how many exposures are tied to nobody, by reason.

    A login reaches back to earlier exposures only for people whose consent stands at `now` (timezone-aware) and was
    given for their account. Without the table `identities` nothing changes.
    """
    if tables.identities is None or "device" not in tables.exposures:
        return tables, {}
    persons = pd.Index(tables.people["person"])
    people = subjects_of(persons, tables.consents, tables.suppressions, purpose=contract.consent.purpose,
                         partner=contract.party(other(tables.role)).name.strip(), now=now)
    agreed = persons[(first_refusal(people) < 0) & people.account]
    exposures, untied = tie(tables.exposures, tables.identities, agreed)
    return replace(tables, exposures=exposures), untied
