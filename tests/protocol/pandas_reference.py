"""Every number of a contract from both parties' files alone: plain pandas, written from docs/measures.md.

None of the product's code is used, only the terms of the contract as plain data. Each matched person keeps their own
lines and their own window; nothing is a cell, a column or a release until the groups are added up at the end.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd
from files_reference import DAY, Source, admitted, keys

TILL, ORDERED = ["store", "pickup_extra"], ["online", "click_collect"]
STRENGTH = ["click", "visit", "view", "listen", "opportunity"]


class Reference:
    """The matched people of a run with their attributes, their lines and visits, and any sum or number of them."""

    def __init__(self, source: Source, terms: dict) -> None:
        self.source, self.terms, self.calendar = source, terms, terms["calendar"]
        self.dimensions = {each["name"]: list(each["values"]) for each in terms["dimensions"]}
        self.begin = pd.Timestamp(self.calendar["exposures_from"])
        self.until = pd.Timestamp(self.calendar["exposures_until"])
        self.length, self.window = self.calendar["period_days"], self.calendar["window_days"]
        self.people = self._matched()
        self._values: dict[str, pd.Series] = {}

    # --- who takes part, and where they stand ------------------------------------------------------------------

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """Qualifying exposures, of anybody."""
        seen = self.source.read(self.source.advertiser, "exposures")
        seen["day"] = pd.to_datetime(seen["day"]).dt.floor("D")
        if "type" not in seen:
            seen["type"] = "view"
        campaign = self.terms["campaign"]
        return seen[seen["channel"].isin(campaign["channels"]) & seen["campaign"].isin(campaign["names"])
                    & seen["day"].between(self.begin, self.until)]

    def _advertiser(self) -> pd.DataFrame:
        side = self.source.advertiser
        people = self.source.read(side, "people")
        people = people[people["person"].isin(admitted(self.source, side, self.terms))]
        people = keys(people, self.terms["match"]["keys"])
        arms = self.source.read(side, "arms").assign(assigned=lambda frame: pd.to_datetime(frame["day"]))
        people = people.merge(arms[["person", "arm", "assigned"]], on="person")
        seen = self.exposures[self.exposures["person"].isin(people["person"])]
        arm = seen["person"].map(people.set_index("person")["arm"])
        logged = (seen["type"] == "opportunity") & arm.isin(["control", "holdout"])
        shown = seen[~logged]
        first, missed = (pd.Series(some.groupby("person")["day"].min().reindex(people["person"]).to_numpy(),
                                   index=people.index) for some in (shown, seen[logged]))
        exposed, unexposed = people["arm"] == "exposed", people["arm"].isin(["control", "holdout"])
        people["day"] = first.where(exposed, missed.where(unexposed & missed.notna(), people["assigned"]))
        people = people[~(exposed & first.isna()) & ~(unexposed & first.notna())]
        people = people[people["day"].between(self.begin, self.until)]
        people["period"] = (people["day"] - self.begin) // DAY // self.length
        people = people.merge(self._attributes(shown), on="person", how="left")
        for name in {"campaign", "channels", "path", "frequency", "engagement", "periods"} & set(self.dimensions):
            people[name] = people[name].astype(object).where(people["arm"] == "exposed", "none")
        for name, values in self.dimensions.items():
            if "other" in values:
                people[name] = people[name].where(people[name].isin(values), "other")
            people = people[people[name].isin(values)]
        return people

    def _attributes(self, shown: pd.DataFrame) -> pd.DataFrame:
        shown = shown.assign(period=(shown["day"] - self.begin) // DAY // self.length)
        offset = shown["period"] - shown.groupby("person")["period"].transform("min") + 1
        pattern = offset.groupby(shown["person"]).agg(lambda of: "+".join(map(str, sorted(set(of)))))
        rank = {name: place for place, name in enumerate(self.terms["campaign"]["channels"])}
        listed = self.dimensions.get("engagement", [])
        meant = {kind: kind if kind in listed else "click" if kind in STRENGTH[:2] else "view" for kind in STRENGTH}
        names = self.terms["campaign"]["names"]
        rows = []
        for person, mine in shown[offset == 1].groupby("person"):
            in_order = [name for _, _, name in sorted((day, rank[name], name) for day, name in
                                                      zip(mine["day"], mine["channel"], strict=True))]
            path = [name for i, name in enumerate(in_order) if i == 0 or in_order[i - 1] != name]
            rows.append({"person": person, "path": ">".join(path), "frequency": self._bucket(len(mine)),
                         "channels": "+".join(sorted(set(path), key=rank.get)), "periods": pattern[person],
                         "engagement": min((meant[kind] for kind in mine["type"]), key=STRENGTH.index),
                         "campaign": min(mine.loc[mine["day"] == mine["day"].min(), "campaign"], key=names.index)})
        return pd.DataFrame(rows)

    def _bucket(self, number: int) -> str:
        for value in self.dimensions.get("frequency", ["1+"]):
            low, _, high = value.removesuffix("+").partition("-")
            if value != "none" and int(low) <= number and (value.endswith("+") or number <= int(high or low)):
                return value
        raise AssertionError(number)

    def _matched(self) -> pd.DataFrame:
        mine = self._advertiser()
        side = self.source.retailer
        members = self.source.read(side, "members")
        members["person"] = members["person"].astype(str)
        members = keys(members[members["person"].isin(admitted(self.source, side, self.terms))],
                       self.terms["match"]["keys"])
        found = []
        for key in self.terms["match"]["keys"]:  # in order of priority, one match a person
            pairs = mine.dropna(subset=key).merge(members.dropna(subset=key), on=key, suffixes=("", "_member"))
            found.append(pairs)
            mine = mine[~mine["person"].isin(pairs["person"])]
            members = members[~members["person"].isin(pairs["person_member"])]
        both = pd.concat(found).set_index("person_member")
        both["start"] = self.begin + pd.to_timedelta((both["period"] + 1) * self.length, unit="D")
        return both

    # --- one value a person --------------------------------------------------------------------------------------

    @cached_property
    def all_lines(self) -> pd.DataFrame:
        lines = self.source.read(self.source.retailer, "purchases")
        lines["person"] = lines["person"].fillna("").astype(str)
        lines["day"] = pd.to_datetime(lines["day"]).dt.floor("D")
        lines["cents"] = (lines["amount"].astype(float) * 100).round().astype("int64")
        if "sales_channel" not in lines:
            lines["sales_channel"] = "store"
        return lines

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Lines of matched people, with the day of their window (0 is the first)."""
        denied = [name for names in self.terms["consent"]["denied_categories"].values() for name in names]
        lines = self.all_lines[self.all_lines["person"].isin(self.people.index)
                               & ~self.all_lines["category"].isin(denied)]
        return lines.assign(at=(lines["day"] - lines["person"].map(self.people["start"])) // DAY)

    @cached_property
    def in_window(self) -> pd.DataFrame:
        return self.lines[self.lines["at"].between(0, self.window - 1)]

    @cached_property
    def since_last(self) -> pd.Series:
        """Days from the end of the last exposure's period before each line of the window; the first is 1."""
        ends = []
        for person, row in self.people.iterrows():
            pattern = row.get("periods", "1")
            numbers = [] if pattern == "other" else [1] if pattern == "none" else map(int, pattern.split("+"))
            ends += [(person, row["start"] + (number - 1) * self.length * DAY) for number in numbers]
        known = pd.DataFrame(ends, columns=["person", "end"]).astype({"end": "datetime64[ns]"}).sort_values("end")
        lines = self.in_window.reset_index().astype({"day": "datetime64[ns]"}).sort_values("day")
        found = pd.merge_asof(lines, known, left_on="day", right_on="end", by="person")
        return pd.Series(((found["day"] - found["end"]) / DAY + 1).to_numpy(), index=found["index"])

    def value(self, statistic: dict) -> pd.Series:
        """Capped value of every matched person."""
        name = statistic["name"]
        if name not in self._values:
            found = self._uncapped(statistic).reindex(self.people.index).fillna(0).astype("int64").clip(lower=0)
            found = found.where(self._meant(statistic), 0)
            if statistic["measure"] == "sales_squared":
                found = found.clip(upper=self._sales_cap(statistic))
                found = (found * found + 5_000) // 10_000
            self._values[name] = found.clip(upper=statistic["cap"])
        return self._values[name]

    def _sales_cap(self, statistic: dict) -> int:
        apart = ("name", "measure", "cap", "weight")
        return next(each["cap"] for each in self.terms["statistics"] if each["measure"] == "sales" and
                    all(each.get(key) == statistic.get(key) for key in {*each, *statistic} - set(apart)))

    def _uncapped(self, statistic: dict) -> pd.Series:
        if statistic["measure"] in {"visits", "visitors"}:
            return self._visits(statistic["measure"])
        lines = self.in_window
        if "days" in statistic:
            first, last = map(int, statistic["days"].split("-"))
            lines = lines[self.since_last.reindex(lines.index).between(first, last)]
        if "within" in statistic:
            back = lines["person"].map(self.people["engagement"]).map(self.calendar["lookback"]).fillna(0)
            lines = lines[lines["at"] < back - self.length + 1]
        if "category" in statistic:
            lines = lines[lines["category"] == statistic["category"]]
        if "sales_channel" in statistic:
            lines = lines[lines["sales_channel"] == statistic["sales_channel"]]
        if statistic.get("scope") == "brand":
            lines = lines[lines["brand"]]
        elif "scope" in statistic:
            mine = lines["category"].isin(self.terms["campaign"]["categories"])
            lines = lines[mine == (statistic["scope"] == "campaign")]
        return self._added(statistic["measure"], lines)

    def _added(self, measure: str, lines: pd.DataFrame) -> pd.Series:
        collected = lines[lines["sales_channel"] == "click_collect"]
        tills = lines[lines["sales_channel"].isin(TILL)]
        match measure:
            case "buyers":
                return lines.groupby("person").size().clip(upper=1)
            case "baskets":
                return lines.groupby("person")["basket"].nunique()
            case "units":
                return lines.groupby("person")["quantity"].sum()
            case "collections_with_extra":
                both = collected.merge(tills[["person", "day"]].drop_duplicates(), on=["person", "day"])
                return both.groupby("person")["basket"].nunique()
            case "extra_sales":
                both = tills.merge(collected[["person", "day"]].drop_duplicates(), on=["person", "day"])
                return both.groupby("person")["cents"].sum()
        return lines.groupby("person")["cents"].sum()

    def _visits(self, measure: str) -> pd.Series:
        seen = self.source.read(self.source.retailer, "visits")
        seen = pd.DataFrame({"person": seen["person"].astype(str), "day": pd.to_datetime(seen["day"]).dt.floor("D")})
        seen = seen[seen["person"].isin(self.people.index)].drop_duplicates()
        at = (seen["day"] - seen["person"].map(self.people["start"])) // DAY
        days = seen[at.between(0, self.window - 1)].groupby("person").size()
        return days if measure == "visits" else days.clip(upper=1)

    def _meant(self, statistic: dict) -> pd.Series:
        """Whether a person is one whom the statistic is about."""
        yes = pd.Series(True, index=self.people.index)
        bought = self.in_window

        def some(lines: pd.DataFrame) -> np.ndarray:
            return self.people.index.isin(lines["person"])

        if "member_segment" in statistic:
            yes &= self.people["segment_member"] == statistic["member_segment"]
        if "customers" in statistic:
            store, online = (some(bought[bought["sales_channel"].isin(names)]) for names in (TILL, ORDERED))
        match statistic.get("customers"):
            case "store_only":
                yes &= store & ~online
            case "online_only":
                yes &= online & ~store
            case "both_channels":
                yes &= store & online
            case "new_to_brand":
                before = self.lines[self.lines["at"].between(-365, -1)]
                yes &= some(bought[bought["brand"]]) & ~some(before[before["brand"]])
        if statistic.get("scope") == "halo":
            yes &= some(bought[bought["category"].isin(self.terms["campaign"]["categories"])])
        return yes

    # --- groups --------------------------------------------------------------------------------------------------

    def where(self, group: dict[str, str]) -> pd.Series:
        """Which matched people are in a group."""
        mask = pd.Series(True, index=self.people.index)
        for name, value in group.items():
            mask &= self.people[name] == value
        return mask

    def sum(self, group: dict[str, str], measure: str, **filters: str) -> int:
        """Sum of the contract's statistic with exactly these filters over a group."""
        wanted = {"measure": measure, **filters}
        statistic = next(each for each in self.terms["statistics"]
                         if {key: each[key] for key in each if key not in {"name", "cap", "weight"}} == wanted)
        return int(self.value(statistic)[self.where(group)].sum())

    def count(self, group: dict[str, str]) -> int:
        return int(self.where(group).sum())

    def credit(self, method: str, channel: str, measure: str, **filters: str) -> Fraction:
        """Credited sum of a channel: shares in sixths, by the rule of docs/measures.md."""
        statistic = next(each for each in self.terms["statistics"]
                         if {key: each[key] for key in each if key not in {"name", "cap", "weight"}}
                         == {"measure": measure, **filters})
        return self._credited(method, channel, self.value(statistic))

    def credited_people(self, method: str, channel: str) -> Fraction:
        """Matched people, as far as they are credited to a channel."""
        return self._credited(method, channel, pd.Series(1, index=self.people.index))

    def _credited(self, method: str, channel: str, values: pd.Series) -> Fraction:
        paths = self.people["path"].where(self.people["path"] != "none", "unattributed")
        totals = values.groupby(paths).sum()
        return sum((sixths(method, path.split(">"), channel) * int(total) for path, total in totals.items()),
                   Fraction(0))


def sixths(method: str, touches: list[str], channel: str) -> Fraction:
    """Share of a channel in one person's credit."""
    many = len(touches)
    weights = {"first": [1] + [0] * (many - 1), "last": [0] * (many - 1) + [1], "linear": [1] * many,
               "position": [1] * many if many < 3 else [2 * (many - 2), *[1] * (many - 2), 2 * (many - 2)],
               "time_decay": [2**place for place in range(many)]}[method]
    exact = [Fraction(6 * weight, sum(weights)) for weight in weights]
    whole = [int(share) for share in exact]
    by_rest = sorted(range(many), key=lambda place: (exact[place] - whole[place], place), reverse=True)
    for place in by_rest[:6 - sum(whole)]:
        whole[place] += 1
    return Fraction(sum(part for part, touch in zip(whole, touches, strict=True) if touch == channel), 6)
