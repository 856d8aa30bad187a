"""A party's files as the typed tables of the core."""

from __future__ import annotations

import pandas as pd

from cleanroom.adapters import fields
from cleanroom.adapters.amounts import cents, quantity
from cleanroom.adapters.days import day
from cleanroom.adapters.layout import LAYOUTS
from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.reading import RawTable, read_raw
from cleanroom.contract.model import Contract
from cleanroom.errors import DataError
from cleanroom.identity.keys import NORMALISERS
from cleanroom.identity.tables import AdvertiserTables, RetailerTables


def load_tables(settings: PartySettings, contract: Contract) -> AdvertiserTables | RetailerTables:
    """Every table of the party, checked; days are in the contract's time zone.

    DataError names file, line (CSV, counting the header) or row (Parquet, from 1), and field.
    """
    return read_tables(settings, contract.calendar.time_zone)


def read_tables(settings: PartySettings, time_zone: str) -> AdvertiserTables | RetailerTables:
    """As `load_tables`, for days in any time zone: checks need no contract."""
    raw = {name: read_raw(settings.path(name), settings.data[name], layout)
           for name, layout in LAYOUTS[settings.role].items()}
    consents, suppressions = _texts(raw["consents"]), _persons(raw["suppressions"])
    if settings.role == "advertiser":
        return AdvertiserTables(_roster(raw["people"]), _exposures(raw["exposures"], time_zone),
                                _arms(raw["arms"], time_zone), consents, suppressions)
    return RetailerTables(_roster(raw["members"]), _purchases(raw["purchases"], time_zone), consents,
                          suppressions)


def _roster(raw: RawTable) -> pd.DataFrame:
    """People or members: one row each, with the raw keys the file has."""
    _needs_rows(raw)
    keys = [key for key in NORMALISERS if key in raw.columns]
    if not keys:
        raise DataError("no column to match people by", where=raw.file,
                        todo="map email, phone or loyalty to a column in party.toml")
    frame = pd.DataFrame({"person": fields.persons(raw, unique=True)})
    for key in keys:
        frame[key] = fields.loose_text(raw, key)
    if "segment" in raw.columns:
        frame["segment"] = fields.text(raw, "segment")
    return frame


def _exposures(raw: RawTable, time_zone: str) -> pd.DataFrame:
    _needs_rows(raw)
    return pd.DataFrame({
        "person": fields.persons(raw, unique=False),
        "channel": fields.text(raw, "channel"),
        "campaign": fields.text(raw, "campaign"),
        "day": day(raw, "day", time_zone),
    })


def _arms(raw: RawTable, time_zone: str) -> pd.DataFrame:
    _needs_rows(raw)
    return pd.DataFrame({
        "person": fields.persons(raw, unique=True),
        "arm": fields.text(raw, "arm"),
        "day": day(raw, "day", time_zone),
    })


def _purchases(raw: RawTable, time_zone: str) -> pd.DataFrame:
    _needs_rows(raw)
    return pd.DataFrame({
        "person": fields.persons(raw, unique=False),
        "day": day(raw, "day", time_zone),
        "basket": fields.text(raw, "basket"),
        "amount_cents": cents(raw, "amount"),
        "quantity": quantity(raw, "quantity"),
        "category": fields.text(raw, "category"),
    })


def _texts(raw: RawTable) -> pd.DataFrame:
    """Consent events as texts: what they say is judged by the rules, not by the reader."""
    _needs_rows(raw)
    rest = [name for name in raw.columns if name != "person"]
    frame = pd.DataFrame({"person": fields.persons(raw, unique=False)})
    for name in rest:
        frame[name] = fields.loose_text(raw, name)
    return frame


def _persons(raw: RawTable) -> pd.DataFrame:
    """The suppression list; the only table that may have no row."""
    return pd.DataFrame({"person": fields.persons(raw, unique=False)})


def _needs_rows(raw: RawTable) -> None:
    if raw.rows == 0:
        raise DataError("the file has no rows", where=raw.file, todo="write the rows, or name another file")
