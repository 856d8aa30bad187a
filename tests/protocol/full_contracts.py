"""A contract with every metric that the data supports, for the Complete Journey parties and for `cleanroom synth`."""

from __future__ import annotations

from datetime import date
from itertools import product

import kit

from cleanroom.contract.model import Contract

THRESHOLD = 20
KINDS = ("store_only", "online_only", "both_channels")
LEVELS = [("buyers", {}), ("sales", {}), ("sales_squared", {}), ("baskets", {}), ("units", {})]
STORE = [(measure, {"sales_channel": "store"}) for measure in ("sales", "sales_squared", "buyers")]
HALO = [(measure, {"scope": scope}) for scope, measure in product(("campaign", "halo"), ("sales", "sales_squared"))]
CREDITED = [("sales", {}), ("buyers", {})]
CAPS = {"buyers": 1, "visitors": 1, "sales": 60_000, "extra_sales": 30_000, "sales_squared": 360_000, "baskets": 12,
        "units": 120, "visits": 12, "collections_with_extra": 8}


def back(sums: list[tuple[str, dict[str, str]]]) -> list[tuple[str, dict[str, str]]]:
    """The same sums within the look-back, too."""
    return [*sums, *((measure, {**filters, "within": "lookback"}) for measure, filters in sums)]


def journey(**changes: object) -> Contract:
    """Four mailings of the autumn of 2017 in four periods of a fortnight."""
    days = [("sales", {"days": each}) for each in ("1-7", "8-14", "15-28")]
    categories = [("sales", {"category": each}) for each in ("GROCERY", "PRODUCE")]
    releases = [
        (["arm"], [*LEVELS, *categories], None), (["arm", "segment"], LEVELS[:3], None),
        (["engagement"], back(STORE), None), (["frequency"], [*LEVELS[:3], *days], None),
        (["campaign"], LEVELS[:1], None), ([], HALO, None), ([], back(CREDITED), "first"),
        ([], back(CREDITED), "time_decay")]
    return _contract(
        releases, calendar={"time_zone": "UTC", "exposures_from": date(2017, 10, 2),
                            "exposures_until": date(2017, 11, 26), "period_days": 14, "window_days": 28,
                            "lookback": {"view": 28}},
        campaign={"names": ["18", "16", "17", "19"], "channels": ["direct_mail"], "assignment": "observational",
                  "assignment_note": "chosen by the retailer", "cost_cents": 500_000, "currency": "USD",
                  "categories": ["GROCERY"]},
        dimensions={"arm": ["exposed", "control"], "segment": ["0", "1", "2", "3+"],
                    "campaign": ["18", "16", "17", "19", "none"], "path": ["direct_mail", "none"],
                    "frequency": ["1", "2+", "none"], "engagement": ["view", "none"],
                    "periods": ["1", "1+2", "1+3", "other", "none"]},
        metrics=["reach", "conversion", "sales", "vopo", "frequency", "lift", "attribution", "halo", "coverage"],
        **{"purchases": {"refunds": "refuse"}, "consent__lookback_days": 120, **changes})


def synth(**changes: object) -> Contract:
    """The autumn campaign and visits to the site: everything the catalogue has."""
    by_channel = [(measure, {"sales_channel": where}) for where, measure in
                  product(("store", "online", "click_collect"), ("sales", "sales_squared", "baskets"))]
    omni = [(measure, {"customers": kind}) for kind, measure in
            product(KINDS, ("buyers", "sales", "sales_squared", "baskets"))]
    loyal = [("buyers", {"customers": kind, "member_segment": "loyal"}) for kind in KINDS]
    brand = [(measure, {"scope": "brand", **new}) for new, measure in
             product(({}, {"customers": "new_to_brand"}), ("buyers", "sales"))]
    days = [("sales", {"days": each}) for each in ("1-3", "4-10")]
    totals = [*by_channel, ("collections_with_extra", {}), ("extra_sales", {}), *omni, *loyal, *brand, *HALO,
              ("visitors", {}), ("visits", {}), ("sales", {"category": "TEA"})]
    releases = [
        (["arm"], LEVELS, None), ([], [*LEVELS[:2], *totals], None), (["engagement"], back(STORE), None),
        (["frequency"], [*LEVELS[:3], *days], None),
        *(([], back(CREDITED), method) for method in ("first", "last", "linear", "position", "time_decay"))]
    return _contract(
        releases, calendar={"time_zone": "Europe/Paris", "exposures_from": date(2025, 9, 1),
                            "exposures_until": date(2025, 9, 14), "period_days": 7, "window_days": 10,
                            "lookback": {"click": 16, "visit": 16, "view": 14, "listen": 10, "opportunity": 7}},
        campaign={"names": ["autumn", "site"],
                  "channels": ["tv", "radio", "display", "search", "out_of_home", "site_visit"],
                  "assignment": "randomised", "assignment_note": "by lot", "cost_cents": 0, "currency": "EUR",
                  "categories": ["TEA"]},
        dimensions={"arm": ["exposed", "control"], "path": ["tv", "display", "search", "tv>display", "display>tv",
                                                            "display>site_visit", "tv>display>tv", "other", "none"],
                    "frequency": ["1", "2-3", "4+", "none"],
                    "engagement": ["click", "visit", "view", "listen", "opportunity", "none"],
                    "periods": ["1", "1+2", "none"]},
        metrics=["reach", "conversion", "sales", "ropo", "vopo", "offline_share", "omnichannel", "click_collect",
                 "frequency", "lift", "attribution", "new_to_brand", "visits", "halo", "coverage"],
        **{"purchases": {"refunds": "refuse"}, "consent__lookback_days": 396,
           "match__keys": ["email", "phone", "loyalty"], **changes})


def _contract(releases: list, dimensions: dict[str, list[str]], **settings: object) -> Contract:
    sums = {_name(*each): each for _, opened, _ in releases for each in opened}
    return kit.contract(
        statistics=[{"name": name, "measure": measure, **filters, "cap": CAPS[measure], "weight": 1}
                    for name, (measure, filters) in sums.items()],
        releases=[{"dimensions": names, "statistics": [_name(*each) for each in opened], "epsilon": "0.45",
                   "people_weight": 100, **({"attribution": method} if method else {})}
                  for names, opened, method in releases],
        dimensions=[{"name": name, "values": values} for name, values in dimensions.items()],
        disclosure__threshold=THRESHOLD, disclosure__budget_epsilon="10", disclosure__budget_delta="0.0001",
        match__max_people_advertiser=400_000, match__max_people_retailer=200_000, **settings)


def _name(measure: str, filters: dict[str, str]) -> str:
    return "_".join([measure, *(value.replace("-", "_").lower() for value in filters.values())])
