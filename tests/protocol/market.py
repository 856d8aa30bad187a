"""A small market for the whole catalogue: one contract with every metric, random tables of both parties, and the
reference: every number again, person by person, straight from the definitions in docs/measures.md."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

import kit
import numpy as np
import pandas as pd

from cleanroom.contract.model import Contract
from cleanroom.identity.tables import AdvertiserTables, RetailerTables

START, SPAN, PERIOD, WINDOW = date(2025, 3, 1), 8, 4, 14
CHANNELS = ("tv", "search", "display")
PATHS = ("tv", "search", "display", "tv>search", "search>tv>display", "other", "none")
METHODS = ("first", "last", "linear", "position", "time_decay")
KINDS = ("store_only", "online_only", "both_channels")
IN_STORE = ("store", "pickup_extra")
THRESHOLD = 11

PLAIN = [("buyers", {}), ("sales", {}), ("sales_squared", {}), ("baskets", {}), ("units", {})]
BY_CHANNEL = [(measure, {"sales_channel": channel}) for channel in ("store", "online", "click_collect")
              for measure in ("sales", "sales_squared", "baskets")]
EXTRA = [("collections_with_extra", {}), ("extra_sales", {})]
OMNI = [(measure, {"customers": kind}) for kind in KINDS for measure in ("buyers", "sales", "sales_squared", "baskets")]
SEGMENTS = [("buyers", {"customers": kind, "member_segment": "family"}) for kind in KINDS]
BRAND = [(measure, {"scope": "brand", **extra}) for extra in ({}, {"customers": "new_to_brand"})
         for measure in ("buyers", "sales")]
HALO = [(measure, {"scope": scope}) for scope in ("campaign", "halo") for measure in ("sales", "sales_squared")]
VISITS = [("visitors", {}), ("visits", {})]
STORE = [(measure, {"sales_channel": "store"}) for measure in ("buyers", "sales", "sales_squared")]
DAYS = [("sales", {"days": days}) for days in ("1-7", "8-14")]
UNREAD = ("baskets", {"sales_channel": "store"})  # no metric of this contract reads it
EVERYBODY = [*(each for each in BY_CHANNEL if each != UNREAD), *EXTRA, *OMNI, *SEGMENTS, *BRAND, *HALO, *VISITS]
CAPS = {"buyers": 1, "visitors": 1, "sales": 20_000, "extra_sales": 20_000, "sales_squared": 40_000, "baskets": 6,
        "units": 30, "visits": 10, "collections_with_extra": 6}


def name_of(measure: str, filters: dict[str, str]) -> str:
    return "_".join([measure, *(value.replace("-", "_") for value in filters.values())])


def agreement(*, refunds: str = "refuse", floor: int = 0, assignment: str = "randomised") -> Contract:
    """Every metric of the catalogue in one contract."""
    sums = {name_of(*each): each for each in [*PLAIN, *EVERYBODY, *STORE, *DAYS]}
    statistics = [{"name": name, "measure": measure, **filters, "cap": CAPS[measure], "weight": 1}
                  for name, (measure, filters) in sums.items()]
    opened = [(["arm"], PLAIN, None), ([], EVERYBODY, None), (["engagement"], STORE, None),
              (["frequency"], [*PLAIN[:3], *DAYS], None),
              *(([], [PLAIN[0], PLAIN[1]], method) for method in METHODS)]
    releases = [{"dimensions": dimensions, "statistics": [name_of(*each) for each in wanted], "epsilon": "0.9",
                 "people_weight": 100, **({"attribution": method} if method else {})}
                for dimensions, wanted, method in opened]
    return kit.contract(
        calendar={"time_zone": "UTC", "exposures_from": START, "exposures_until": START + timedelta(SPAN - 1),
                  "period_days": PERIOD, "window_days": WINDOW},
        campaign={"names": ["spring"], "channels": list(CHANNELS), "assignment": assignment, "assignment_note": "lots",
                  "cost_cents": 10_000, "currency": "EUR", "categories": ["dairy"]},
        purchases={"refunds": refunds}, consent__lookback_days=396, disclosure__threshold=THRESHOLD,
        disclosure__cells_floor=floor, disclosure__budget_epsilon="10", disclosure__budget_delta="0.0001",
        dimensions=[{"name": "arm", "values": ["exposed", "control"]}, {"name": "path", "values": list(PATHS)},
                    {"name": "frequency", "values": ["1", "2-3", "4+", "none"]},
                    {"name": "engagement", "values": ["click", "view", "none"]}],
        statistics=statistics, releases=releases,
        metrics=["reach", "conversion", "sales", "ropo", "vopo", "offline_share", "omnichannel", "click_collect",
                 "frequency", "lift", "attribution", "new_to_brand", "visits", "halo", "coverage"])


def day(offset: int) -> pd.Timestamp:
    return pd.Timestamp(START + timedelta(offset))


def tables(seed: int, *, refunds: bool = False, people: int = 210) -> tuple[AdvertiserTables, RetailerTables]:
    """Random tables; two thirds of each side's people are on the other side, too."""
    rng = np.random.default_rng(seed)
    left, right = range(people), range(people // 3, people + people // 3)
    return _advertiser(rng, left), _retailer(rng, right, refunds)


def _advertiser(rng: np.random.Generator, ids: range) -> AdvertiserTables:
    arms = rng.choice(["exposed", "control"], len(ids), p=[0.65, 0.35])
    rows = []
    for person, arm in zip(ids, arms, strict=True):
        for _ in range(int(rng.integers(1, 7)) if arm == "exposed" else int(rng.integers(0, 3))):
            kind = rng.choice(["view", "listen", "click", "visit", "opportunity"], p=[0.5, 0.2, 0.1, 0.1, 0.1])
            kind = kind if arm == "exposed" else "opportunity"
            rows.append((f"a{person}", rng.choice([*CHANNELS, "radio"], p=[0.35, 0.3, 0.25, 0.1]),
                         rng.choice(["spring", "autumn"], p=[0.9, 0.1]), day(int(rng.integers(-3, SPAN + 3))), kind))
    rows += [("", "tv", "spring", day(1), "view")] * 7
    exposures = pd.DataFrame(rows, columns=["person", "channel", "campaign", "day", "type"])
    frame = pd.DataFrame({"person": [f"a{i}" for i in ids], "email": [f"p{i}@example.org" for i in ids]})
    assigned = pd.DataFrame({"person": frame["person"], "arm": arms, "day": [day(int(d)) for d in
                                                                           rng.integers(0, SPAN, len(ids))]})
    return AdvertiserTables(frame, exposures, assigned, consents(frame["person"], "retailer"), nobody())


def _retailer(rng: np.random.Generator, ids: range, refunds: bool) -> RetailerTables:
    lines, visits = [], []
    for person in ids:
        for _ in range(int(rng.integers(0, 14))):
            amount, quantity = int(rng.integers(0, 4_000)), int(rng.integers(1, 6))
            if refunds and rng.random() < 0.15:
                amount, quantity = -amount, -quantity
            when = int(rng.integers(-3, PERIOD * 2 + WINDOW + 3)) if rng.random() < 0.85 else int(
                rng.integers(-340, 0))
            lines.append((f"r{person}", day(when), f"b{int(rng.integers(0, 4))}-{when}", amount, quantity,
                          rng.choice(["dairy", "meat", "wine"]),
                          rng.choice(["store", "online", "click_collect", "pickup_extra"], p=[0.5, 0.2, 0.2, 0.1]),
                          bool(rng.random() < 0.3)))
        visits += [(f"r{person}", day(int(rng.integers(0, 25)))) for _ in range(int(rng.integers(0, 4)))]
    lines += [("", day(10), "anonymous", 1_000, 1, "dairy", "store", False)] * 5
    purchases = pd.DataFrame(lines, columns=["person", "day", "basket", "amount_cents", "quantity", "category",
                                             "sales_channel", "brand"]).astype({"amount_cents": "int64",
                                                                                "quantity": "int64"})
    members = pd.DataFrame({"person": [f"r{i}" for i in ids], "email": [f"p{i}@example.org" for i in ids],
                            "segment": rng.choice(["family", "single"], len(ids))})
    return RetailerTables(members, purchases, consents(members["person"], "advertiser"), nobody(),
                          pd.DataFrame(visits, columns=["person", "day"]))


def consents(persons: pd.Series, partner: str) -> pd.DataFrame:
    return pd.DataFrame({"record_id": "r", "person": persons, "purpose": "exposure_to_purchase_measurement",
                         "legal_basis": "consent", "status": "given", "event_time": "2024-05-01T10:00:00Z",
                         "scope": "account", "recipients": f"The {partner}", **kit.PROVEN})


def nobody() -> pd.DataFrame:
    return pd.DataFrame({"person": pd.Series(dtype="str")})


# --- the reference ------------------------------------------------------------------------------------------


class Person:
    """One matched person: where they stand, and their capped values by statistic name."""

    def __init__(self, agreed: Contract, advertiser: AdvertiserTables, retailer: RetailerTables, number: int) -> None:
        self.agreed = agreed
        self.arm, assigned = advertiser.arms.set_index("person").loc[f"a{number}", ["arm", "day"]]
        seen = advertiser.exposures[(advertiser.exposures["person"] == f"a{number}")
                                    & advertiser.exposures["channel"].isin(CHANNELS)
                                    & (advertiser.exposures["campaign"] == "spring")
                                    & advertiser.exposures["day"].between(day(0), day(SPAN - 1))]
        shown = seen[(seen["type"] != "opportunity") | (self.arm == "exposed")]
        self.placed = self.arm == "control" or not shown.empty
        if not self.placed:
            return
        logged = seen["day"].min() if self.arm == "control" and len(seen) else assigned
        first = shown["day"].min() if self.arm == "exposed" else logged
        self.period = (first - day(0)).days // PERIOD
        counted = shown[(shown["day"] - day(0)).dt.days // PERIOD == self.period]
        self.path, self.frequency, self.engagement = _exposed(counted) if len(counted) else ("none",) * 3
        self.segment = retailer.members.set_index("person").loc[f"r{number}", "segment"]
        lines = _rows(retailer.purchases, number)
        if agreed.purchases.refunds == "gross":
            lines = [line for line in lines if line.amount_cents >= 0]
        self.start = day((self.period + 1) * PERIOD)
        days = {visit.day for visit in _rows(retailer.visits, number) if 0 <= self._since(visit) < WINDOW}
        self.values = {s.name: min(s.cap, self._value(s, lines, len(days))) for s in agreed.statistics}

    def _since(self, line) -> int:
        return (line.day - self.start).days

    def _value(self, statistic, lines: list, visits: int) -> int:
        counts = {"visits": visits, "visitors": int(visits > 0)}
        if statistic.measure in counts:
            return counts[statistic.measure]
        inside = [line for line in lines if 0 <= self._since(line) < WINDOW]
        bought = [line for line in inside if line.amount_cents >= 0]
        if not self._counted(statistic, bought, lines):
            return 0
        first, last = map(int, statistic.days.split("-")) if statistic.days else (1, WINDOW)
        mine = [line for line in inside if first <= self._since(line) + 1 <= last
                and statistic.sales_channel in (None, line.sales_channel)
                and (statistic.scope is None or (line.brand if statistic.scope == "brand" else
                                                 (line.category == "dairy") == (statistic.scope == "campaign")))]
        real = [line for line in mine if line.amount_cents >= 0]
        stored = {line.day for line in bought if line.sales_channel in IN_STORE}
        collected = {line.day for line in bought if line.sales_channel == "click_collect"}
        cents = max(0, sum(line.amount_cents for line in mine))
        near = [line for line in inside if line.sales_channel in IN_STORE and line.day in collected]
        return {
            "buyers": int(len(real) > 0), "baskets": len({line.basket for line in real}),
            "units": max(0, sum(line.quantity for line in mine)), "sales": cents,
            "sales_squared": (min(cents, CAPS["sales"]) ** 2 + 5_000) // 10_000,
            "collections_with_extra": len({line.basket for line in bought if line.sales_channel == "click_collect"
                                           and line.day in stored}),
            "extra_sales": max(0, sum(line.amount_cents for line in near)),
        }[statistic.measure]

    def _counted(self, statistic, bought: list, lines: list) -> bool:
        store = any(line.sales_channel in IN_STORE for line in bought)
        online = any(line.sales_channel not in IN_STORE for line in bought)
        before = [line for line in lines if line.brand and line.amount_cents >= 0 and -365 <= self._since(line) < 0]
        kinds = {None: True, "store_only": store and not online, "online_only": online and not store,
                 "both_channels": store and online,
                 "new_to_brand": any(line.brand for line in bought) and not before}
        return (kinds[statistic.customers] and statistic.member_segment in (None, self.segment)
                and (statistic.scope != "halo" or any(line.category == "dairy" for line in bought)))

    def credit(self, method: str) -> dict[str, Fraction]:
        touches = ["unattributed"] if self.path == "none" else self.path.split(">")
        found: dict[str, Fraction] = defaultdict(Fraction)
        for touch, sixths in zip(touches, SIXTHS[method, len(touches)], strict=True):
            found[touch] += Fraction(sixths, 6)
        return found


SIXTHS = {("first", 1): (6,), ("first", 2): (6, 0), ("first", 3): (6, 0, 0),
          ("last", 1): (6,), ("last", 2): (0, 6), ("last", 3): (0, 0, 6),
          ("linear", 1): (6,), ("linear", 2): (3, 3), ("linear", 3): (2, 2, 2),
          ("position", 1): (6,), ("position", 2): (3, 3), ("position", 3): (2, 1, 3),
          ("time_decay", 1): (6,), ("time_decay", 2): (2, 4), ("time_decay", 3): (1, 2, 3)}


def _rows(frame: pd.DataFrame, number: int) -> list:
    return list(frame[frame["person"] == f"r{number}"].itertuples())


def _exposed(counted: pd.DataFrame) -> tuple[str, str, str]:
    ordered = sorted(zip(counted["day"], map(CHANNELS.index, counted["channel"]), strict=True))
    names = [CHANNELS[position] for _, position in ordered]
    path = ">".join(name for i, name in enumerate(names) if i == 0 or names[i - 1] != name)
    number = len(counted)
    return (path if path in PATHS else "other", "1" if number == 1 else "2-3" if number < 4 else "4+",
            "click" if counted["type"].isin(["click", "visit"]).any() else "view")


def matched(agreed: Contract, advertiser: AdvertiserTables, retailer: RetailerTables) -> list[Person]:
    """Everybody on both sides who has a place."""
    members = set(retailer.members["person"])
    both = [int(person[1:]) for person in advertiser.people["person"] if f"r{person[1:]}" in members]
    people = [Person(agreed, advertiser, retailer, number) for number in both]
    return [person for person in people if person.placed]
