"""Two parties for the benchmark: every row takes part, half are on both sides, 20 cells, 10 columns.

Settings, consents and terms are those of `synth`; keys, arms and purchases are regular instead of drawn, so that a run
has exactly as many people as rows. Nobody in the data exists.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from cleanroom.adapters.party import FILE_NAME
from cleanroom.adapters.synth.columns import Array, Ints, dates, decimals, digits, joined, moments, pick
from cleanroom.adapters.synth.consents import draw_choices
from cleanroom.adapters.synth.exposures import AUTUMN, CAMPAIGN_CHANNELS, CAMPAIGNS
from cleanroom.adapters.synth.generate import TERMS_NAME, Tables, write_tables
from cleanroom.adapters.synth.parameters import ARMS, CAMPAIGN_DAYS, SEGMENTS, Parameters, Part
from cleanroom.adapters.synth.settings import NAMES, PERSON, own_name, party_text
from cleanroom.adapters.synth.shopping import CATEGORIES
from cleanroom.adapters.synth.terms import Shape, terms_text
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role, other
from cleanroom.contract.protocols import ECDH, SALTED
from cleanroom.disclosure.padding import smallest_padding
from cleanroom.errors import UsageError
from cleanroom.limits import MAX_ROWS

CELLS: Final = 20  # two arms, five segments, two periods
COLUMNS: Final = 10  # five statistics, two periods
_SEGMENTS: Final = (*SEGMENTS, "lapsed", "unknown")
_SHAPE: Final = Shape(("email",), segments=True, epsilon=Decimal(1), delta=Decimal("0.000001"))
_TRANSFER: Final = """[legal.pseudonymous_transfer]
acknowledgement = "the retailer learns which of its customers are in which cell"
dpia_ref = "section 4: nobody in these data exists"
"""
_FIRST_DAY, _DAYS = CAMPAIGN_DAYS, 20  # of purchases: inside the windows of both periods
_NOON: Final = 12 * 3600


def check_rows(rows: int) -> None:
    """UsageError unless a run can have so many people on each side: padding must not outnumber them."""
    if not fewest_rows() <= rows <= MAX_ROWS:
        raise UsageError(f"--rows is {rows}; it must be between {fewest_rows()} and {MAX_ROWS}",
                         todo="with fewer people the padding would outnumber them")


def fewest_rows() -> int:
    """The smallest number of rows that `check_rows` accepts."""
    return smallest_padding(float(_SHAPE.epsilon), float(_SHAPE.delta)) * CELLS


def write_bench_parties(folder: Path, rows: int, addresses: tuple[str, str], protocol: str = ECDH) -> None:
    """Both parties with `rows` people each, and terms.toml, into an empty folder; `addresses` by role, as in ROLES.

    UsageError as `check_rows`.
    """
    check_rows(rows)
    parameters = Parameters(rows, keys=_SHAPE.keys, refused=0.0)
    for role in ROLES:
        (folder / role / "data").mkdir(parents=True)
        (folder / role / FILE_NAME).write_text(_settings(role, parameters, addresses), "utf-8")
    (folder / TERMS_NAME).write_text(_terms(parameters, protocol), "utf-8")
    write_tables(folder, _chunks(parameters))


def _settings(role: Role, parameters: Parameters, addresses: tuple[str, str]) -> str:
    text = party_text(role, parameters)
    for old, new in zip(("127.0.0.1:7201", "127.0.0.1:7202"), addresses, strict=True):
        text = text.replace(old, new)
    return text


def _terms(parameters: Parameters, protocol: str) -> str:
    text = terms_text(parameters, _SHAPE, 0).replace(json.dumps(SEGMENTS), json.dumps(_SEGMENTS))
    return salted_terms(text) if protocol == SALTED else text


def salted_terms(text: str) -> str:
    """Terms of `synth` or of a test as terms of the salted-hash mode: the lines that a person would write."""
    named = text.replace(f'protocol = "{ECDH}"', f'protocol = "{SALTED}"')
    named = named.replace("encrypted sums", "sums at the retailer")
    return named.replace("[disclosure]", f"{_TRANSFER}\n[disclosure]")


def _chunks(parameters: Parameters) -> Iterator[Tables]:
    for part in parameters.parts():
        serial = part.serial + np.arange(2 * part.people - part.common)
        own = parameters.stream(part, "people").permutation(np.delete(serial, np.s_[part.common:part.people]))
        yield {"advertiser": _advertiser(parameters, part, serial[:part.people]),
               "retailer": _retailer(parameters, part, own)}


def _advertiser(parameters: Parameters, part: Part, serial: Ints) -> dict[str, Any]:
    """Segments, arms and days take turns, so every cell has as many people; the exposed have one exposure."""
    person, ids = PERSON["advertiser"], digits(serial, 10)
    arm, day = serial // len(_SEGMENTS) % len(ARMS), serial // (len(_SEGMENTS) * len(ARMS)) % CAMPAIGN_DAYS
    seen = np.flatnonzero(arm == 0)
    return {
        "people": pa.table({person: ids, own_name("people", "email"): _emails(serial),
                            own_name("people", "segment"): pick(_SEGMENTS, serial % len(_SEGMENTS))}),
        "exposures": pa.table({
            person: ids.take(pa.array(seen)),
            own_name("exposures", "channel"): pick(tuple(CAMPAIGN_CHANNELS), seen % len(CAMPAIGN_CHANNELS)),
            own_name("exposures", "campaign"): pick(CAMPAIGNS, np.full(len(seen), AUTUMN)),
            own_name("exposures", "day"): moments(day[seen], np.full(len(seen), _NOON)),
            "type": pick(("view",), np.zeros(len(seen), dtype=np.int64))}),
        "arms": pa.table({person: ids, own_name("arms", "arm"): pick(ARMS, arm),
                          own_name("arms", "day"): dates(day)}),
        **_consents(parameters, part, "advertiser", ids),
    }


def _retailer(parameters: Parameters, part: Part, serial: Ints) -> dict[str, Any]:
    """One purchase line a member, in both windows; hardly any visits, which no statistic of the terms counts."""
    person, ids, size = PERSON["retailer"], pa.array(serial), len(serial)
    names = {name: own_name("purchases", name) for name in ("day", "basket", "quantity", "category")}
    day = _FIRST_DAY + serial % _DAYS
    return {
        "members": pa.table({person: ids, own_name("members", "email"): _emails(serial),
                             "segment": pick(_SEGMENTS, serial % len(_SEGMENTS))}),
        "purchases": pa.table({
            person: ids, names["day"]: moments(day, np.full(size, _NOON)), names["basket"]: ids,
            "amount": decimals(100 + serial % 9_900, 2), names["quantity"]: 1 + serial % 3,
            names["category"]: pick(CATEGORIES, serial % len(CATEGORIES)),
            "sales_channel": pick(("store", "online"), serial % 2)}),
        "visits": pa.table({person: ids, "day": moments(day, np.full(size, _NOON))}).slice(0, 1),
        **_consents(parameters, part, "retailer", ids),
    }


def _emails(serial: Ints) -> Array:
    return joined("person.", digits(serial, 9), "@example.org")


def _consents(parameters: Parameters, part: Part, role: Role, ids: Array) -> dict[str, Any]:
    """Histories as in `synth`, all of which stand; nobody is suppressed."""
    random = parameters.stream(part, "advertiser_consents" if role == "advertiser" else "retailer_consents")
    choices = draw_choices(random, ids, 0.0, partner=NAMES[other(role)], person=PERSON[role])
    return {"consents": choices.consents, "suppressions": choices.suppressions.slice(0, 0)}
