"""The value of every published number, from the definitions in docs/measures.md and the sums of a pandas reference."""

from __future__ import annotations

from files_reference import DAY
from pandas_reference import Reference

Group = dict[str, str]
RESEARCHED, VIEWED = ("click", "visit"), ("view", "listen", "opportunity")
KINDS = ("store_only", "online_only", "both_channels")
FREE = ("sales_channel", "category", "member_segment")


class Numbers:
    """`expected` gives the value of any estimate: None when it is not defined."""

    def __init__(self, reference: Reference, role: str, own: dict[str, int]) -> None:
        self.reference, self.role, self.own = reference, role, own
        self.back = {"within": "lookback"} if reference.calendar.get("lookback") else {}

    def expected(self, metric: str, name: str, group: Group | None, detail: str) -> float | None:
        of = self.reference
        name = name.removesuffix("_standardised") if group is None and metric == "lift" else name
        return getattr(self, f"_{metric}")(of, name, group, detail)

    def _reach(self, of: Reference, name: str, group: Group | None, _detail: str) -> float | None:
        if name.startswith("matched_people"):
            return of.count(group or {})
        role = name.removeprefix("match_rate_")
        return ratio(of.count({}), self.own["admitted" if role == self.role else "peer"])

    def _conversion(self, of: Reference, name: str, group: Group, _detail: str) -> float | None:
        return of.sum(group, "buyers") if name == "buyers" else ratio(of.sum(group, "buyers"), of.count(group))

    def _sales(self, of: Reference, name: str, group: Group, detail: str) -> float | None:
        if name == "sales_channel_average_basket":
            return ratio(*(of.sum(group, measure, sales_channel=detail) for measure in ("sales", "baskets")))
        ratios = {"sales_per_buyer": ("sales", "buyers"), "average_basket": ("sales", "baskets")}
        if name in ratios:
            return ratio(*(of.sum(group, measure) for measure in ratios[name]))
        if name.endswith("_per_person"):
            return ratio(of.sum(group, name.removesuffix("_per_person")), of.count(group))
        filters = dict(zip([each for each in FREE if name.startswith(each) or f"_{each}" in name],
                           detail.split(", ") if detail else [], strict=True))
        return of.sum(group, name.rpartition("_")[2], **filters)

    def _store_share(self, of: Reference, name: str, group: Group, engaged: tuple[str, ...]) -> float | None:
        measure = "sales" if name.endswith("revenue_share") else "buyers"
        wide = {axis: value for axis, value in group.items() if axis not in {"arm", "engagement"}}
        part = sum(of.sum({**wide, "engagement": kind}, measure, sales_channel="store", **self.back)
                   for kind in engaged)
        return ratio(part, of.sum(wide, measure, sales_channel="store"))

    def _ropo(self, of: Reference, name: str, group: Group, _detail: str) -> float | None:
        return self._store_share(of, name, group, RESEARCHED)

    def _vopo(self, of: Reference, name: str, group: Group, _detail: str) -> float | None:
        return self._store_share(of, name, group, VIEWED)

    def _offline_share(self, of: Reference, _name: str, group: Group, _detail: str) -> float | None:
        store, online = (of.sum(group, "sales", sales_channel=where) for where in ("store", "online"))
        return ratio(store, store + online)

    def _omnichannel(self, of: Reference, name: str, group: Group, detail: str) -> float | None:
        what, kind = next((name.removesuffix(f"_{each}"), each) for each in KINDS if name.endswith(each))
        some = {"member_segment": detail} if detail else {}
        buyers = of.sum(group, "buyers", customers=kind, **some)
        if what == "customers":
            return buyers
        if what == "customer_share":
            return ratio(buyers, sum(of.sum(group, "buyers", customers=each, **some)
                                     for each in KINDS))
        return ratio(of.sum(group, what.removesuffix("_per_customer"), customers=kind, **some), buyers)

    def _click_collect(self, of: Reference, name: str, group: Group, _detail: str) -> float | None:
        collections = of.sum(group, "baskets", sales_channel="click_collect")
        return {
            "basket_online": lambda: ratio(of.sum(group, "sales", sales_channel="online"),
                                           of.sum(group, "baskets", sales_channel="online")),
            "basket_click_collect": lambda: ratio(of.sum(group, "sales", sales_channel="click_collect"), collections),
            "extra_purchase_rate": lambda: ratio(of.sum(group, "collections_with_extra"), collections),
            "extra_sales_per_collection": lambda: ratio(of.sum(group, "extra_sales"), collections),
        }[name]()

    def _frequency(self, of: Reference, name: str, group: Group, detail: str) -> float | None:
        if name == "recency_share":
            return ratio(of.sum(group, "sales", days=detail), of.sum(group, "sales"))
        return ratio(of.sum(group, "buyers" if name == "frequency_conversion" else "sales"), of.count(group))

    def _lift(self, of: Reference, name: str, group: Group | None, _detail: str) -> float | None:
        split = [axis for axis in of.dimensions if axis == "segment"]
        exposed = group or {"arm": "exposed"}
        people = of.count(exposed)
        treated = {measure: of.sum(exposed, measure) / people for measure in ("buyers", "sales")}
        if group is not None:
            control = {measure: of.sum({**group, "arm": "control"}, measure) / of.count({**group, "arm": "control"})
                       for measure in treated}
        else:
            strata = [{split[0]: value} for value in of.dimensions[split[0]]]
            control = {measure: sum(of.count({"arm": "exposed", **each}) * of.sum({"arm": "control", **each}, measure)
                                    / of.count({"arm": "control", **each}) for each in strata) / people
                       for measure in treated}
        gain = {measure: treated[measure] - control[measure] for measure in treated}
        cost = self.own["cost"]
        return {
            "conversion_difference": gain["buyers"],
            "conversion_relative_lift": ratio(gain["buyers"], control["buyers"]),
            "incremental_buyers": gain["buyers"] * people, "sales_per_person_difference": gain["sales"],
            "sales_relative_lift": ratio(gain["sales"], control["sales"]), "incremental_sales": gain["sales"] * people,
            "roas": ratio(treated["sales"] * people, cost), "iroas": ratio(gain["sales"] * people, cost),
            "cost_per_buyer": ratio(cost, treated["buyers"] * people) if cost else None,
            "cost_per_incremental_buyer": ratio(cost, gain["buyers"] * people) if cost else None,
        }[name]

    def _attribution(self, of: Reference, name: str, group: Group | None, _detail: str) -> float | None:
        what, method = next((name.removesuffix(f"_{each}"), each) for each in
                            ("first", "last", "linear", "position", "time_decay") if name.endswith(each))
        every = of.sum({}, "sales")
        credited = every - of.credit(method, "unattributed", "sales") if not self.back else \
            of.sum({}, "sales", **self.back)
        if group is None:
            return float(credited if what == "attributed_sales" else every - credited)
        measure = "sales" if what == "credit_share" else what.removeprefix("credited_")
        found = of.credit(method, group["channel"], measure, **self.back)
        return float(found) if what != "credit_share" else float(found / every)

    def _new_to_brand(self, of: Reference, name: str, group: Group, _detail: str) -> float | None:
        new = {"scope": "brand", "customers": "new_to_brand"}
        if name == "new_to_brand_buyers":
            return of.sum(group, "buyers", **new)
        measure = "buyers" if name == "new_to_brand_rate" else "sales"
        return ratio(of.sum(group, measure, **new), of.sum(group, measure, scope="brand"))

    def _visits(self, of: Reference, name: str, group: Group, _detail: str) -> float | None:
        if name == "visitors":
            return of.sum(group, "visitors")
        return ratio(of.sum(group, "visitors" if name == "visit_rate" else "visits"), of.count(group))

    def _halo(self, of: Reference, name: str, group: Group, _detail: str) -> float | None:
        campaign, halo = (of.sum(group, "sales", scope=scope) for scope in ("campaign", "halo"))
        return {"campaign_sales": campaign, "halo_sales": halo}.get(name, ratio(halo, campaign + halo))

    def _coverage(self, of: Reference, name: str, _group: None, _detail: str) -> float | None:
        if name == "carded_sales_share":
            last = of.begin + (of.length * ((of.until - of.begin).days // of.length + 1) + of.window) * DAY
            lines = of.all_lines[of.all_lines["day"].between(of.begin + of.length * DAY, last - DAY)]
            return ratio(int(lines.loc[lines["person"] != "", "cents"].sum()), int(lines["cents"].sum()))
        known = of.exposures["person"].isin(of.source.read(of.source.advertiser, "people")["person"])
        visits = of.exposures["channel"].isin(["site_visit", "store_visit"]) | (of.exposures["type"] == "visit")
        wanted = visits if name == "tied_visits_share" else ~visits
        return ratio(int((known & wanted).sum()), int(wanted.sum()))


def ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None
