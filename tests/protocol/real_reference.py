"""The demonstration's table from its files alone: plain pandas, none of the product's code but the contract's terms."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

PURPOSE = "exposure_to_purchase_measurement"
MEASUREMENT = ["direct_mail", "18", "2017-10-30"]
WINDOW = (pd.Timestamp("2017-10-31"), pd.Timestamp("2017-11-28"))  # 28 days after the mailing


def admitted(folder: Path, person: str, partner: str) -> set[str]:
    """Ids whose last word (account before device, then time) on this purpose is a consent that names the partner.

    People with any event of unclear time are out, and so is everyone on the suppression list, and whoever has no
    proof, accepted another notice, was perhaps under 18 or was last active before June 2023.
    """
    events = pd.read_csv(folder / "consents.csv", dtype=str, keep_default_na=False).rename(columns={person: "id"})
    unclear = set(events.loc[~events["event_time"].str.fullmatch(r".*(Z|[+-]\d\d:\d\d)"), "id"])
    about = events[(events["purpose"] == PURPOSE) & ~events["id"].isin(unclear)]
    about = about.assign(account=about["scope"] == "account", time=pd.to_datetime(about["event_time"], utc=True))
    last = about.sort_values(["account", "time"], ascending=[True, True]).groupby("id").tail(1)
    good = ((last["status"] == "given") & (last["legal_basis"] == "consent")
            & last["recipients"].map(lambda names: partner in names.split("|")))
    good &= (last["proof_ref"] != "") & (last["notice_id"] == "measurement-2016-01")
    good &= last["birth_year"].astype(int) + 19 <= last["time"].dt.year
    active = set(events.loc[events["last_activity_at"] >= "2023-06-02", "id"])
    good &= last["id"].isin(active)
    suppressed = pd.read_csv(folder / "suppressions.csv", dtype=str)[person]
    return set(last.loc[good, "id"]) - set(suppressed)


def clean_keys(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with a usable address, `key` in lower case without spaces around; shared addresses belong to nobody."""
    frame = frame.assign(key=frame["key"].str.strip().str.lower())
    frame = frame[frame["key"].str.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+")]
    return frame[~frame["key"].duplicated(keep=False)]


def advertiser_people(data: Path) -> pd.DataFrame:
    """key, arm, segment of everyone the advertiser sends."""
    people = pd.read_csv(data / "people.csv", dtype=str, keep_default_na=False)
    people = people.merge(pd.read_csv(data / "arms.csv", dtype=str), on="crm_id").rename(columns={"e_mail": "key"})
    people = clean_keys(people[people["crm_id"].isin(admitted(data, "crm_id", "Journey Markets"))])
    mailed = pd.read_csv(data / "exposures.csv", dtype=str)
    mailed = mailed.loc[mailed[["medium", "operation", "sent_on"]].eq(MEASUREMENT).all(axis=1), "crm_id"]
    exposed = people["test_group"] == "exposed"
    return people[exposed == people["crm_id"].isin(mailed)]  # exposed without a mailing, control with one: out


def retailer_people(data: Path, statistics: list[dict]) -> pd.DataFrame:
    """key and the capped value of every statistic of every member the retailer sends."""
    members = pd.read_parquet(data / "members.parquet").rename(columns={"mail": "key"})
    members = members[members["household"].astype(str).isin(admitted(data, "household", "Prairie Foods Advertising"))]
    lines = pd.read_parquet(data / "purchases.parquet")
    lines = lines[(lines["sold_at"] >= WINDOW[0]) & (lines["sold_at"] < WINDOW[1])]
    lines = lines.assign(cents=(lines["amount"] * 100).round().astype("int64"))
    members = clean_keys(members).set_index("household")
    for statistic in statistics:
        members[statistic["name"]] = _values(lines, statistic).reindex(members.index, fill_value=0).clip(
            upper=statistic["cap"])
    return members.reset_index()


def _values(lines: pd.DataFrame, statistic: dict) -> pd.Series:
    chosen = lines if "category" not in statistic else lines[lines["department"] == statistic["category"]]
    by_household = chosen.groupby("household")
    match statistic["measure"]:
        case "buyers":
            return by_household.size().clip(upper=1)
        case "baskets":
            return by_household["ticket"].nunique()
        case "sales":
            return by_household["cents"].sum()
        case "sales_squared":
            capped = by_household["cents"].sum().clip(upper=60_000)  # of the sales, as its square describes them
            return (capped * capped + 5_000) // 10_000
    raise ValueError(statistic["measure"])


def reference_table(out: Path, terms: dict) -> dict[tuple[str, ...], tuple[int, tuple[int, ...]]]:
    """(people, sums) by the key of each group of every release of the terms, under no threshold."""
    joined = advertiser_people(out / "advertiser" / "data").merge(
        retailer_people(out / "retailer" / "data", terms["statistics"]), on="key")
    names = {"arm": "test_group", "segment": "mailings_before"}
    found = {}
    for release in terms["releases"]:
        for key, rows in joined.groupby([names[dimension] for dimension in release["dimensions"]]):
            found[key] = len(rows), tuple(int(rows[name].sum()) for name in release["statistics"])
    return found
