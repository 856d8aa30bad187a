"""Both parties' files with plain pandas: who may take part by docs/consent.md, and their comparable keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Source:
    """Where the files are, and what the parties call their columns: product name → own name."""

    advertiser: Path
    retailer: Path
    names: dict[str, dict[str, str]]
    parties: dict[str, str]
    now: str = "2026-06-01"

    def read(self, side: Path, table: str) -> pd.DataFrame:
        found = next(side.glob(f"data/{table}.*"))
        frame = pd.read_parquet(found) if found.suffix == ".parquet" else pd.read_csv(found, dtype=str,
                                                                                      keep_default_na=False)
        own = self.names.get(f"{side.name}.{table}", {}) | self.names.get(side.name, {})
        return frame.rename(columns={theirs: ours for ours, theirs in own.items()})


def admitted(source: Source, side: Path, terms: dict) -> set[str]:
    """Who may take part by docs/consent.md: everybody whose own answer stands, unless a sharer of a key has another."""
    roster = source.read(side, "people" if side.name == "advertiser" else "members")
    roster["person"] = roster["person"].astype(str)
    roster["ok"] = roster["person"].isin(consenting(source, side, terms))
    found = texts(roster, terms["match"]["keys"])
    before = -1
    while before != found["ok"].sum():  # until no chain of shared keys spreads a refusal further
        before = found["ok"].sum()
        for key in terms["match"]["keys"]:
            strictest = found.groupby(key)["ok"].transform("min")
            found["ok"] &= strictest.where(found[key].notna(), True).astype(bool)
    return set(found.loc[found["ok"], "person"])


def consenting(source: Source, side: Path, terms: dict) -> set[str]:
    """Whose last word on the purpose, an account's before a device's, is a consent that names the partner and lasts.

    With proof, the agreed notice, of age for certain, active of late, and not on the suppression list.
    """
    asked, partner = terms["consent"], source.parties["retailer" if side.name == "advertiser" else "advertiser"]
    events = source.read(side, "consents")
    events["person"] = events["person"].astype(str)
    naive = events["event_time"].astype(str).str.fullmatch(r"[0-9T:-]{19}")
    unclear = set(events.loc[naive, "person"])
    now = pd.Timestamp(source.now, tz="UTC")
    active = moments(events["last_activity_at"]) >= now - asked["inactive_days"] * DAY
    active = set(events.loc[active & (events["last_activity_kind"] != "email_open"), "person"])
    about = events[(events["purpose"] == asked["purpose"]) & ~events["person"].isin(unclear)]
    about = about.assign(time=moments(about["event_time"]), account=about["scope"] == "account",
                         no=about["status"] != "given")
    last = about.sort_values(["account", "time", "no"]).groupby("person").tail(1)
    notices = {(each["id"], each["sha256"]) for each in asked["notices"] if each["party"] == side.name}
    good = (last["status"] == "given") & (last["legal_basis"] == "consent") & ~(moments(last["expires_at"]) <= now)
    good &= last["recipients"].map(lambda names: partner in str(names).split("|")).astype(bool)
    good &= (last["proof_ref"] != "") & last["proof_sha256"].str.fullmatch("[0-9a-f]{64}")
    good &= np.array([pair in notices for pair in zip(last["notice_id"], last["notice_sha256"], strict=True)], bool)
    good &= last["time"].dt.year - last["birth_year"].astype(int) - 1 >= asked["minimum_age"]
    good &= last["person"].isin(active)
    return set(last.loc[good, "person"]) - set(source.read(side, "suppressions")["person"].astype(str))


def moments(values: pd.Series) -> pd.Series:
    """Times in UTC; nothing where there is none or one without a zone."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return pd.to_datetime(values, utc=True)
    return pd.to_datetime(values.where(values.astype(str) != ""), utc=True, format="ISO8601", errors="coerce")


def keys(frame: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    """One comparable text a key type; what is no key, or somebody else's too, is missing."""
    frame = texts(frame, wanted)
    return frame.assign(**{key: frame[key].where(~frame[key].duplicated(keep=False)) for key in wanted})


def texts(frame: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    """One comparable text a key type, missing where there is no key."""
    for key in wanted:
        text = frame[key].fillna("").astype(str).str.strip()
        if key == "email":
            text = text.str.lower().where(text.str.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+"))
        elif key == "phone":
            text = text.str.replace(r"[\s().\-/]", "", regex=True).str.replace(r"^00", "+", regex=True)
            text = text.where(text.str.fullmatch(r"\+[1-9][0-9]{7,14}"))
        else:
            text = text.str.replace(r"[\s\-]", "", regex=True).str.upper()
            text = text.where(text.str.fullmatch(r"[A-Z0-9]{4,32}"))
        frame = frame.assign(**{key: text})
    return frame
