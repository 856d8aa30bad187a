"""Chunks as Arrow tables, one a file, in the parties' own column names."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.adapters.synth.columns import Array, dates, decimals, moments, pick
from cleanroom.adapters.synth.consents import Choices
from cleanroom.adapters.synth.exposures import CAMPAIGNS, CHANNELS, TYPES, Contacts
from cleanroom.adapters.synth.keys import Key
from cleanroom.adapters.synth.parameters import ARMS, SEGMENTS, Part
from cleanroom.adapters.synth.population import UNASSIGNED, People
from cleanroom.adapters.synth.settings import PERSON, own_name
from cleanroom.adapters.synth.shopping import CATEGORIES, ONLINE, SALES_CHANNELS, Baskets, Lines, Visits
from cleanroom.contract.keys import KeyType

_ADVERTISER, _RETAILER = PERSON["advertiser"], PERSON["retailer"]
_REGIONS: Final = ("north", "east", "south", "west", "islands")
_BASKETS_A_CHUNK: Final = 10**7  # more than a chunk can have: keeps tickets apart


def advertiser_tables(people: People, keys: dict[KeyType, Key], choices: Choices, contacts: Contacts) -> dict[str, Any]:
    """The advertiser's tables of one chunk by name; `keys` and `choices` are in the order of `people.advertiser`."""
    rows = people.advertiser
    ids = people.ids("advertiser")
    assigned = rows[people.arm[rows] != UNASSIGNED]
    return {
        "people": pa.table({_ADVERTISER: ids.take(pa.array(rows)), **_keys("people", keys),
                            own_name("people", "segment"): pick(SEGMENTS, people.segment[rows])}),
        "exposures": pa.table({
            _ADVERTISER: ids.take(pa.array(contacts.person)),
            own_name("exposures", "channel"): pick(CHANNELS, contacts.channel),
            own_name("exposures", "campaign"): pick(CAMPAIGNS, contacts.campaign),
            own_name("exposures", "day"): moments(contacts.day, contacts.second),
            "type": pick(TYPES, contacts.kind),
            "cost": decimals(contacts.cost, 4),
        }),
        "arms": pa.table({_ADVERTISER: ids.take(pa.array(assigned)),
                          own_name("arms", "arm"): pick(ARMS, people.arm[assigned]),
                          own_name("arms", "day"): dates(people.assigned[assigned])}),
        "consents": choices.consents,
        "suppressions": choices.suppressions,
    }


def retailer_tables(part: Part, people: People, keys: dict[KeyType, Key], choices: Choices, baskets: Baskets,
                    lines: Lines, visits: Visits) -> dict[str, Any]:
    """The retailer's tables of one chunk by name; `keys` and `choices` are in the order of `people.retailer`."""
    rows, ids = people.retailer, people.ids("retailer")
    return {
        "members": pa.table({_RETAILER: ids.take(pa.array(rows)), **_keys("members", keys),
                             "segment": pick(SEGMENTS, people.segment[rows])}),
        "purchases": _purchases(part, people, ids, baskets, lines),
        "visits": _visits(people, ids, visits),
        "consents": choices.consents,
        "suppressions": choices.suppressions,
    }


def _purchases(part: Part, people: People, ids: Any, baskets: Baskets, lines: Lines) -> Any:
    """Real lines only, in the order of time."""
    real = np.flatnonzero(baskets.real[lines.basket])
    when = (baskets.day * 86_400 + baskets.second)[lines.basket[real]]
    line = real[np.argsort(when, kind="stable")]
    basket = lines.basket[line]
    person, channel = baskets.person[basket], baskets.channel[basket]
    return pa.table({
        _RETAILER: ids.take(pa.array(person)),
        own_name("purchases", "day"): moments(baskets.day[basket], baskets.second[basket]),
        own_name("purchases", "basket"): part.number * _BASKETS_A_CHUNK + basket,
        "amount": decimals(lines.cents[line], 2),
        own_name("purchases", "quantity"): lines.quantity[line].astype(np.int32),
        own_name("purchases", "category"): pick(CATEGORIES, lines.category[line]),
        "sales_channel": pick(SALES_CHANNELS, channel),
        "store_region": pc.if_else(pa.array(channel != ONLINE), _regions(people, person), pa.scalar(None, pa.string())),
        "brand": lines.brand[line],
    })


def _visits(people: People, ids: Any, visits: Visits) -> Any:
    order = np.argsort(visits.day * 86_400 + visits.second, kind="stable")
    person = visits.person[order]
    return pa.table({_RETAILER: ids.take(pa.array(person)), "day": moments(visits.day[order], visits.second[order]),
                     "store_region": _regions(people, person)})


def _regions(people: People, person: Any) -> Array:
    return pick(_REGIONS, people.serial[person] % len(_REGIONS))


def _keys(table: str, keys: dict[KeyType, Key]) -> dict[str, Array]:
    return {own_name(table, name): texts for key in keys.values() for name, texts in key.texts.items()}
