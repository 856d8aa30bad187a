"""A party's files as the typed tables of the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa

from cleanroom.adapters import fields
from cleanroom.adapters.amounts import cents, micros, quantity
from cleanroom.adapters.days import day
from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.reading import RawTable, Reading
from cleanroom.consent.columns import AS_OF
from cleanroom.consent.files import allowed_columns, check_fresh, oldest_export
from cleanroom.contract.keys import KEY_TYPES
from cleanroom.contract.model import Contract, Refunds, Role
from cleanroom.errors import DataError
from cleanroom.identity.columns import COLUMNS_OF, KEY_COLUMNS
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.measures.exposures import TYPES
from cleanroom.measures.lines import SALES_CHANNELS


@dataclass(frozen=True, slots=True)
class Terms:
    """What the contract says about the files: the zone of days, the rule for refunds, and the currency (None: one)."""

    time_zone: str
    refunds: Refunds = "refuse"
    currency: str | None = None

    @classmethod
    def of(cls, contract: Contract) -> Terms:
        """From a contract."""
        return cls(contract.calendar.time_zone, contract.purchases.refunds, contract.campaign.currency)


def load_tables(settings: PartySettings, contract: Contract, now: datetime) -> AdvertiserTables | RetailerTables:
    """Every table of the party, checked; days are in the contract's time zone.

    DataError names file, line (CSV, counting the header) or row (others, from 1), and field: for bad content, a column
    that the contract does not allow (R-13), and a suppression list too old at `now` (timezone-aware, X-01).
    """
    with Reading(settings) as reading:
        return load_all(reading, contract, now)


def load_all(reading: Reading, contract: Contract, now: datetime) -> AdvertiserTables | RetailerTables:
    """As `load_tables`, from a reading that is open."""
    raw = {name: reading.whole(name, allowed_columns(contract, name)) for name in reading.layouts}
    fresh(raw["suppressions"], now)
    return _typed(reading.settings, raw, Terms.of(contract))


def read_tables(settings: PartySettings, terms: Terms) -> AdvertiserTables | RetailerTables:
    """As `load_tables`, for days in any time zone: checks need no contract.

    Negative purchase lines are refused unless `refunds` has a rule for them; they are kept as they are. A currency
    column must hold `currency` in every row; without it, one currency.
    """
    with Reading(settings) as reading:
        raw = {name: reading.whole(name) for name in reading.layouts}
    return _typed(settings, raw, terms)


def _typed(settings: PartySettings, raw: Mapping[str, RawTable], terms: Terms) -> AdvertiserTables | RetailerTables:
    for name, table in raw.items():
        require_rows(name, table)
    frames = {}
    for name in sorted(raw, key=lambda name: name not in {"consents", "suppressions"}):
        frames[name] = typed(name, raw[name], terms)
        if name == "consents":
            pa.default_memory_pool().release_unused()  # reading a column takes several times what it holds
    return tables_of(settings.role, frames)


def tables_of(role: Role, frames: Mapping[str, pd.DataFrame]) -> AdvertiserTables | RetailerTables:
    """The typed tables of a role from their frames by name."""
    return AdvertiserTables(**frames) if role == "advertiser" else RetailerTables(**frames)


def typed(name: str, raw: RawTable, terms: Terms) -> pd.DataFrame:
    """The frame of one table, or of consecutive rows of it. DataError as `load_tables`."""
    match name:
        case "people" | "members":
            return _roster(raw)
        case "exposures":
            return _exposures(raw, terms)
        case "identities":
            return _identities(raw, terms.time_zone)
        case "arms":
            return _arms(raw, terms.time_zone)
        case "purchases":
            return _purchases(raw, terms)
        case "visits":
            return _visits(raw, terms.time_zone)
        case "consents":
            return _texts(raw)
    return _persons(raw)


def require_rows(name: str, raw: RawTable) -> None:
    """DataError for an empty table that must not be."""
    if raw.rows == 0 and name != "suppressions":
        raise DataError("the file has no rows", where=raw.file, todo="write the rows, or name another file")


def fresh(raw: RawTable, now: datetime) -> None:
    """X-01. A copied list keeps its `as_of`, if it has one: the older of the two times counts. A live one is of now."""
    changed = raw.source.changed
    made = now if changed is None else datetime.fromtimestamp(changed, UTC)
    if AS_OF in raw.columns and (said := oldest_export(fields.loose_text(raw, AS_OF), raw.file)):
        made = min(made, said)
    check_fresh(made, now, raw.file)


def _roster(raw: RawTable) -> pd.DataFrame:
    """People or members: one row each, with the raw keys the file has."""
    if not any(set(COLUMNS_OF[key]) <= raw.columns.keys() for key in KEY_TYPES):
        raise DataError("no column to match people by", where=raw.file,
                        todo="map email, phone, loyalty or another key to a column in party.toml")
    frame = pd.DataFrame({"person": fields.persons(raw, unique=True)})
    for name in KEY_COLUMNS:
        if name in raw.columns:
            frame[name] = fields.loose_text(raw, name)
    if "segment" in raw.columns:
        frame["segment"] = fields.text(raw, "segment")
    return frame


def _exposures(raw: RawTable, terms: Terms) -> pd.DataFrame:
    """An empty person is an exposure that no login or device tied to anybody: it counts for coverage only."""
    _one_currency(raw, terms.currency)
    frame = pd.DataFrame({
        "person": fields.persons(raw, unique=False, blank=True),
        "channel": fields.text(raw, "channel"),
        "campaign": fields.text(raw, "campaign"),
        "day": day(raw, "day", terms.time_zone),
    })
    if "type" in raw.columns:
        frame["type"] = fields.choice(raw, "type", TYPES)
    if "cost" in raw.columns:
        frame["cost_micros"] = micros(raw, "cost")
    if "device" in raw.columns:
        frame["device"] = fields.loose_text(raw, "device").str.strip()
    return frame


def _identities(raw: RawTable, time_zone: str) -> pd.DataFrame:
    """Logins: between which days a device or cookie was seen with a person."""
    frame = pd.DataFrame({
        "device": fields.text(raw, "device"),
        "person": fields.persons(raw, unique=False),
        "first_seen": day(raw, "first_seen", time_zone),
        "last_seen": day(raw, "last_seen", time_zone),
    })
    backwards = (frame["last_seen"] < frame["first_seen"]).to_numpy(dtype=bool)
    fields.refuse(raw, "last_seen", backwards, "before first_seen", "give the first day first")
    return frame


def _arms(raw: RawTable, time_zone: str) -> pd.DataFrame:
    return pd.DataFrame({
        "person": fields.persons(raw, unique=True),
        "arm": fields.text(raw, "arm"),
        "day": day(raw, "day", time_zone),
    })


def _purchases(raw: RawTable, terms: Terms) -> pd.DataFrame:
    """An empty person is a purchase without a card: it counts for coverage only."""
    _one_currency(raw, terms.currency)
    time_zone, signed = terms.time_zone, terms.refunds != "refuse"
    frame = pd.DataFrame({
        "person": fields.persons(raw, unique=False, blank=True),
        "day": day(raw, "day", time_zone),
        "basket": fields.text(raw, "basket"),
        "amount_cents": cents(raw, "amount", signed=signed),
        "quantity": quantity(raw, "quantity", signed=signed),
        "category": fields.text(raw, "category"),
    })
    if "sales_channel" in raw.columns:
        frame["sales_channel"] = fields.choice(raw, "sales_channel", SALES_CHANNELS)
    if "brand" in raw.columns:
        frame["brand"] = fields.flag(raw, "brand")
    return frame


def _visits(raw: RawTable, time_zone: str) -> pd.DataFrame:
    return pd.DataFrame({"person": fields.persons(raw, unique=False, blank=True), "day": day(raw, "day", time_zone)})


def _one_currency(raw: RawTable, currency: str | None) -> None:
    if "currency" not in raw.columns or raw.rows == 0:
        return
    found = fields.text(raw, "currency")
    agreed = currency or str(found.iloc[0])
    fields.refuse(raw, "currency", (found != agreed).to_numpy(dtype=bool), "not the currency of the contract"
                  if currency else "a second currency", "convert the amounts before the run; nothing is converted here")


def _texts(raw: RawTable) -> pd.DataFrame:
    """Consent events as texts: what they say is judged by the rules, not by the reader."""
    frame = pd.DataFrame({"person": fields.persons(raw, unique=False)})
    for name in raw.columns:
        if name != "person":
            frame[name] = fields.category(raw, name)
    return frame


def _persons(raw: RawTable) -> pd.DataFrame:
    """The suppression list; the only table that may have no row."""
    return pd.DataFrame({"person": fields.persons(raw, unique=False)})
