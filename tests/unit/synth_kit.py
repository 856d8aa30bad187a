"""Synthetic parties on disk, read back, and a pandas reference of what a run on them must find."""

from __future__ import annotations

import importlib.util
import json
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from cleanroom.adapters.party import load_party
from cleanroom.adapters.progress import Silent
from cleanroom.adapters.readers import load_tables
from cleanroom.adapters.synth.generate import TERMS_NAME, TRUTH_NAME, write_synth
from cleanroom.adapters.synth.parameters import Parameters
from cleanroom.adapters.synth.settings import NAMES
from cleanroom.consent.gate import gate
from cleanroom.contract.model import Contract


def _load_kit() -> ModuleType:
    """tests/protocol/kit.py, whatever folder pytest was started on."""
    path = Path(__file__).parents[1] / "protocol" / "kit.py"
    spec = importlib.util.spec_from_file_location("synth_protocol_kit", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


kit = _load_kit()


@dataclass
class Made:
    """What was generated, with a contract between test keys."""

    folder: Path
    truth: dict
    contract: Contract

    def tables(self, role):
        return load_tables(load_party(self.folder / role), self.contract, datetime.now(UTC))

    def admitted(self, role):
        return gate(self.contract, self.tables(role), kit.NOW)

    def frame(self, role: str, table: str) -> pd.DataFrame:
        """A file as it is."""
        return pd.read_parquet(self.folder / role / "data" / f"{table}.parquet")


def make(folder: Path, rows: int = 2000, **options) -> Made:
    write_synth(folder, Parameters(rows, **options), Silent())
    terms = tomllib.loads((folder / TERMS_NAME).read_text("utf-8"))
    terms["parties"] = {role: {**kit.party(role), "name": NAMES[role]} for role in NAMES}
    return Made(folder, json.loads((folder / TRUTH_NAME).read_text("utf-8")), Contract.model_validate(terms))


def reference(made: Made) -> pd.DataFrame:
    """Matched people: `person` (advertiser), `member`, `arm`, `segment` and `window`, the first day of theirs."""
    people = _placed(made).merge(_pairs(made), on="person")
    start = pd.Timestamp(made.contract.calendar.exposures_from)
    period = (people["day"] - start).dt.days // 7
    return people.drop(columns="day").assign(window=start + pd.to_timedelta((period + 1) * 7, unit="D"))


def _placed(made: Made) -> pd.DataFrame:
    """People of the two arms who were treated as their arm says; `day` of first exposure or assignment."""
    tables = made.admitted("advertiser").tables
    arms = tables.arms.merge(tables.people[["person", "segment"]], on="person")
    campaign = tables.exposures[tables.exposures["campaign"] == "autumn"]
    first = campaign.groupby("person")["day"].min().rename("first")
    arms = arms.join(first, on="person")
    exposed = arms["arm"] == "exposed"
    arms["day"] = arms["first"].where(exposed, arms["day"])
    return arms[exposed == arms["first"].notna()][["person", "arm", "segment", "day"]]


def _pairs(made: Made) -> pd.DataFrame:
    """Waterfall over the contract's keys."""
    sides = [made.admitted(role).match_keys(made.contract.match) for role in ("advertiser", "retailer")]
    frames = [pd.DataFrame(side.values.tolist(), columns=list(side.key_types), dtype=object)
              .assign(**{name: np.asarray(side.persons)})
              for side, name in zip(sides, ("person", "member"), strict=True)]
    found = []
    for key in made.contract.match.keys:
        left, right = (frame.dropna(subset=[key]) for frame in frames)
        pairs = left[[key, "person"]].merge(right[[key, "member"]], on=key)[["person", "member"]]
        frames = [frame[~frame[name].isin(pairs[name])]
                  for frame, name in zip(frames, ("person", "member"), strict=True)]
        found.append(pairs.astype(str))
    return pd.concat(found, ignore_index=True)


def window_lines(made: Made, people: pd.DataFrame) -> pd.DataFrame:
    """Purchase lines of matched people in their windows, with the columns that only the file has."""
    lines = made.frame("retailer", "purchases").assign(member=lambda frame: frame["member"].astype(str))
    lines["cents"] = (lines["amount"] * 100).astype("int64")
    lines = lines.merge(people, on="member")
    return lines[inside(lines, lines["sold_at"].dt.normalize())]


def inside(frame: pd.DataFrame, day: pd.Series) -> pd.Series:
    """Whether a day lies in the window of its row's person."""
    return (day >= frame["window"]) & (day < frame["window"] + pd.Timedelta(days=28))


def measured(made: Made, *names: str) -> pd.DataFrame:
    """Rows of the truth, by arm and segment."""
    return pd.DataFrame(made.truth["measured"]).set_index(["arm", "segment"])[list(names)].sort_index()


def by_group(people: pd.DataFrame, /, **values: pd.Series) -> pd.DataFrame:
    """Sums of values by member (absent is 0), by arm and segment."""
    frame = people.set_index("member")[["arm", "segment"]]
    for name, value in values.items():
        frame[name] = value.reindex(frame.index).fillna(0).astype("int64")
    groups = frame.groupby(["arm", "segment"])[list(values)].sum()
    every = pd.MultiIndex.from_product([["control", "exposed"], ["loyal", "new", "occasional"]],
                                       names=["arm", "segment"])
    return groups.reindex(every, fill_value=0)
