"""What is true of the data by construction: counts and potential outcomes by arm and segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cleanroom.adapters.synth.columns import Flags, Ints
from cleanroom.adapters.synth.exposures import AUTUMN, TYPES, Contacts, seen_before
from cleanroom.adapters.synth.parameters import ARMS, SEGMENTS, WINDOW_DAYS, Parameters
from cleanroom.adapters.synth.population import CONTROL, EXPOSED, UNASSIGNED, People
from cleanroom.adapters.synth.shopping import HISTORY, SALES_CHANNELS, STORE, WINDOW, Baskets, Lines, Visits
from cleanroom.contract.keys import KeyType
from cleanroom.contract.model import Role

ROPO_DAYS: Final = 30  # look-back of ROPO and VOPO
_ALL_ARMS: Final = (*ARMS, "unassigned")
_ONLINE_TYPES: Final = [TYPES.index(name) for name in ("click", "visit")]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Chunk:
    """Everything drawn for one chunk. `own` and `admitted` have one flag a person of the chunk, by side."""

    people: People
    own: Mapping[Role, Mapping[KeyType, Flags]]
    admitted: Mapping[Role, Flags]
    contacts: Contacts
    baskets: Baskets
    lines: Lines
    visits: Visits


class Truth:
    """Adds up chunks. `keys`: the contract's, in priority order; `sales_cap`: cents a person, as in the contract."""

    def __init__(self, parameters: Parameters, keys: tuple[KeyType, ...], sales_cap: int) -> None:
        self._parameters, self.keys, self._cap = parameters, keys, sales_cap
        self._common = np.zeros((len(_ALL_ARMS), len(SEGMENTS)), dtype=np.int64)
        self._measured: dict[str, Ints] = {}
        self._overlap = {name: dict.fromkeys(parameters.keys, 0) for name in _OVERLAPS}
        self._cost = 0

    def add(self, chunk: Chunk) -> None:
        """Count one chunk in."""
        people, both = chunk.people, slice(0, chunk.people.common)
        group = people.arm * len(SEGMENTS) + people.segment
        self._common += np.bincount(group[both], minlength=self._common.size).reshape(self._common.shape)
        matched = self._count_keys(chunk)
        self._cost += int(chunk.contacts.cost[chunk.contacts.campaign == AUTUMN].sum())
        measured = np.flatnonzero(matched & (people.arm != UNASSIGNED) & (people.treated == (people.arm == EXPOSED)))
        for name, value in self._values(chunk).items():
            total = np.zeros(len(ARMS) * len(SEGMENTS), dtype=np.int64)
            np.add.at(total, group[measured], value[measured].astype(np.int64))
            self._measured[name] = self._measured.get(name, 0) + total

    @property
    def cost_cents(self) -> int:
        """Cost of the campaign."""
        return (self._cost + 50) // 100  # rounded half up, as a run rounds the costs of the file

    def document(self, terms: Mapping[str, Any]) -> dict[str, Any]:
        """truth.json; `terms`: how the contract was fitted. See docs/synth.md."""
        measured = {name: value.reshape(len(ARMS), len(SEGMENTS)) for name, value in self._measured.items()}
        return {
            "format": "cleanroom-synth-truth/1",
            "parameters": {name: getattr(self._parameters, name) for name in self._parameters.__slots__},
            "terms": dict(terms),
            "people": {"advertiser": self._parameters.rows, "retailer": self._parameters.rows,
                       "common": int(self._common.sum())},
            "common": _rows(_ALL_ARMS, {"people": self._common}),
            "keys": self._overlap,
            "campaign_cost_cents": self.cost_cents,
            "measured": _rows(ARMS, measured),
            "expected": self._expected(),
            "effect": _effect(measured),
            "ropo": _ropo(measured),
        }

    def _count_keys(self, chunk: Chunk) -> Flags:
        """Who is admitted on both sides and has a key of the contract in common."""
        both = np.zeros(len(chunk.people), dtype=np.bool_)
        both[:chunk.people.common] = True
        admitted = both & chunk.admitted["advertiser"] & chunk.admitted["retailer"]
        matched = np.zeros(len(both), dtype=np.bool_)
        for key in self._parameters.keys:
            equal = both & chunk.own["advertiser"][key] & chunk.own["retailer"][key]
            self._overlap["equal"][key] += int(equal.sum())
            self._overlap["equal_and_admitted"][key] += int((equal & admitted).sum())
        for key in self.keys:
            new = admitted & chunk.own["advertiser"][key] & chunk.own["retailer"][key] & ~matched
            self._overlap["matched_by"][key] += int(new.sum())
            matched |= new
        return matched

    def _values(self, chunk: Chunk) -> dict[str, NDArray[Any]]:
        """What is added up over measured people, each an array with one value a person."""
        people, size = chunk.people, len(chunk.people)
        wanted = np.flatnonzero(chunk.baskets.part[chunk.lines.basket] == WINDOW)
        sales = _per_person(chunk, wanted, chunk.lines.cents, size)
        capped, (if_exposed, if_control) = np.minimum(sales, self._cap), people.buys
        return {
            "people": np.ones(size, dtype=np.int64),
            "buyers": people.bought, "buyers_if_exposed": if_exposed, "buyers_if_control": if_control,
            "sales_cents": sales * people.bought, "sales_cents_if_exposed": sales * if_exposed,
            "sales_cents_if_control": sales * if_control,
            "capped_sales_cents": capped * people.bought, "capped_sales_cents_if_exposed": capped * if_exposed,
            "capped_sales_cents_if_control": capped * if_control,
            **_shopping(chunk, size), **_research(chunk, size), **_brand(chunk, size),
        }

    def _expected(self) -> dict[str, float]:
        """What the model expects of everybody; a sample lies around it."""
        return {"conversion_if_control": self._parameters.conversion,
                "conversion_if_exposed": self._parameters.conversion * (1 + self._parameters.lift),
                "conversion_relative_lift": self._parameters.lift, "sales_relative_lift": self._parameters.lift,
                "ropo_revenue_share": self._parameters.ropo, "ropo_buyer_rate": self._parameters.ropo}


_OVERLAPS: Final = ("equal", "equal_and_admitted", "matched_by")


def _per_person(chunk: Chunk, lines: NDArray[Any], value: Ints, size: int) -> Ints:
    """Sum of a value over some lines, by person."""
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, chunk.baskets.person[chunk.lines.basket[lines]], value[lines])
    return total


def _shopping(chunk: Chunk, size: int) -> dict[str, NDArray[Any]]:
    """Baskets, units, sales by sales channel, and store check-ins, inside the window."""
    baskets, lines, visits = chunk.baskets, chunk.lines, chunk.visits
    inside = baskets.real & (baskets.part == WINDOW)
    chosen = np.flatnonzero(inside[lines.basket])
    channel = baskets.channel[lines.basket]
    day = visits.day - chunk.people.window[visits.person]
    found = {f"{name}_sales_cents": _per_person(chunk, chosen[channel[chosen] == code], lines.cents, size)
             for code, name in enumerate(SALES_CHANNELS)}
    return {"baskets": np.bincount(baskets.person[inside], minlength=size),
            "units": _per_person(chunk, chosen, lines.quantity, size), **found,
            "visits": np.bincount(visits.person[(day >= 0) & (day < WINDOW_DAYS)], minlength=size)}


def _research(chunk: Chunk, size: int) -> dict[str, NDArray[Any]]:
    """Store sales after a click or visit (ROPO) and after an exposure to the campaign (VOPO)."""
    baskets, contacts = chunk.baskets, chunk.contacts
    in_store = baskets.real & (baskets.part == WINDOW) & (baskets.channel == STORE)
    found: dict[str, NDArray[Any]] = {"store_buyers": np.bincount(baskets.person[in_store], minlength=size) > 0}
    for name, chosen in (("ropo", np.isin(contacts.kind, _ONLINE_TYPES)), ("vopo", contacts.campaign == AUTUMN)):
        after = in_store & seen_before(contacts, chosen, baskets, ROPO_DAYS)
        found[f"{name}_buyers"] = np.bincount(baskets.person[after], minlength=size) > 0
        found[f"{name}_sales_cents"] = _per_person(chunk, np.flatnonzero(after[chunk.lines.basket]), chunk.lines.cents,
                                                   size)
    return found


def _brand(chunk: Chunk, size: int) -> dict[str, NDArray[Any]]:
    """Buyers of the brand in the window, and those who had not bought it in the 365 days before the window."""
    basket = chunk.lines.basket[chunk.lines.brand]
    part, person = chunk.baskets.part[basket], chunk.baskets.person[basket]
    now = np.bincount(person[(part == WINDOW) & chunk.baskets.real[basket]], minlength=size) > 0
    before = np.bincount(person[part == HISTORY], minlength=size) > 0
    return {"brand_buyers": now, "new_to_brand_buyers": now & ~before}


def _rows(arms: tuple[str, ...], tables: Mapping[str, NDArray[Any]]) -> list[dict[str, Any]]:
    return [{"arm": arm, "segment": segment, **{name: int(table[a, s]) for name, table in tables.items()}}
            for a, arm in enumerate(arms) for s, segment in enumerate(SEGMENTS)]


def _effect(measured: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Average effects over the measured people of both arms, and over the exposed alone."""
    everybody = {name: int(table.sum()) for name, table in measured.items()}
    exposed = {name: int(table[EXPOSED].sum()) for name, table in measured.items()}
    return {"everybody": _contrast(everybody), "exposed": _contrast(exposed)}


def _contrast(total: Mapping[str, int]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, value in (("conversion", "buyers"), ("sales_cents_per_person", "sales_cents"),
                        ("capped_sales_cents_per_person", "capped_sales_cents")):
        with_it, without = total[f"{value}_if_exposed"], total[f"{value}_if_control"]
        found[f"{name}_difference"] = _ratio(with_it - without, total["people"])
        found[f"{name}_relative_lift"] = _ratio(with_it - without, without)
    return found


def _ropo(measured: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, float | None]]:
    """Shares of store sales and store buyers, by arm and together; arms are not compared here."""
    groups = {"exposed": slice(EXPOSED, EXPOSED + 1), "control": slice(CONTROL, CONTROL + 1), "everybody": slice(None)}
    return {group: {f"{name}_{what}": _ratio(int(measured[f"{name}_{value}"][place].sum()),
                                             int(measured[whole][place].sum()))
                    for name in ("ropo", "vopo")
                    for what, value, whole in (("revenue_share", "sales_cents", "store_sales_cents"),
                                               ("buyer_rate", "buyers", "store_buyers"))}
            for group, place in groups.items()}


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None
