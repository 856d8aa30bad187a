"""Devices and shared values of people who are in different parts: what the whole files give."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from consent_kit import CONTRACT, NOW, event, frame
from party_kit import write_party

from cleanroom.adapters import parts as parts_module
from cleanroom.adapters.parts import load_parts
from cleanroom.adapters.party import load_party
from cleanroom.adapters.scratch import DiskScratch
from cleanroom.adapters.system import SystemEntropy
from cleanroom.consent.gate import admit, judge, settle
from cleanroom.identity.devices import TIED_BY
from cleanroom.identity.matching import distinct_keys
from cleanroom.measures.own import cost_cents, cost_micros, exposure_coverage

COLUMNS = {**CONTRACT.consent.columns, "exposures": ("person", "channel", "campaign", "day", "device", "cost"),
           "identities": ("device", "person", "first_seen", "last_seen"), "people": ("person", "email", "phone")}
ALLOWED = CONTRACT.model_copy(update={
    "consent": CONTRACT.consent.model_copy(update={"columns": COLUMNS}),
    "campaign": CONTRACT.campaign.model_copy(update={"cost_cents": 0}),
    "match": CONTRACT.match.model_copy(update={"keys": ("email", "phone"), "shared_values": "unless_conflict"})})
PEOPLE = 300
DEVICES = 150


def written(folder: Path) -> Path:
    rng = np.random.default_rng(3)
    day = [f"2025-03-{number:02d}" for number in range(1, 21)]
    people = pd.DataFrame({"person": [f"p{i}" for i in range(PEOPLE)],
                           "email": [f"{i // 2 if i < 80 else i}@example.org" for i in range(PEOPLE)],
                           "phone": ["" if i % 3 else f"+3361234{i:04d}" for i in range(PEOPLE)]})
    logins = pd.DataFrame({"device": rng.integers(0, DEVICES, 220), "person": rng.integers(0, PEOPLE + 30, 220),
                           "first_seen": rng.choice(day[5:10], 220), "last_seen": rng.choice(day[10:15], 220)})
    logins = logins.assign(device="d" + logins["device"].astype(str), person="p" + logins["person"].astype(str))
    seen = pd.DataFrame({"person": rng.choice(["", "", "p1", "p299", "stranger"], 3000), "channel": "email",
                         "campaign": "spring", "day": rng.choice(day, 3000), "cost": "0.0123",
                         "device": rng.choice(["", *(f"d{i}" for i in range(DEVICES + 20))], 3000)})
    arms = pd.DataFrame({"person": people["person"], "arm": "exposed", "day": day[0]})
    consents = frame(*(event(person, record_id=person, recipients="Shop", scope="device" if i % 7 == 0 else "account",
                             status="refused" if i % 11 == 0 else "given")
                       for i, person in enumerate(people["person"])))
    tables = {"people": people, "identities": logins, "exposures": seen, "arms": arms, "consents": consents}
    write_party(folder, "advertiser", **{name: table.to_csv(index=False) for name, table in tables.items()})
    os.utime(folder / "suppressions.csv", (NOW.timestamp(), NOW.timestamp()))
    return folder


def result(folder: Path, memory: int) -> dict[str, object]:
    with DiskScratch(folder, memory, SystemEntropy()) as scratch:
        parts = load_parts(load_party(folder), ALLOWED, NOW, scratch, memory)
        judged = [judge(ALLOWED, parts.people(number), NOW) for number in range(len(parts))]
        untied = parts.tie([each.agreed for each in judged])
        rows, keys, ids, coverage, micros = Counter(), [], [], Counter(), 0
        for number, (one, verdict) in enumerate(zip(judged, settle(judged), strict=True)):
            part = parts.take(number)
            named = part.people["id"].astype(object).to_numpy()
            rows.update(zip([named[person] if person >= 0 else "" for person in part.exposures["person"]],
                            part.exposures["device"], part.exposures["day"], part.exposures[TIED_BY], strict=True))
            admitted = admit(ALLOWED, part, one, verdict)
            keys.append(admitted.keys)
            ids += named[admitted.persons].tolist()
            for name, pair in exposure_coverage(ALLOWED, part.people, part.exposures).items():
                coverage.update({(name, place): count for place, count in enumerate(pair)})
            micros += cost_micros(ALLOWED, part.exposures)
        found = distinct_keys(pd.Index(ids), keys, "unless_conflict")
    return {"parts": len(judged), "rows": rows, "untied": dict(untied), "coverage": coverage,
            "cost": cost_cents(ALLOWED, micros), "counts": found.counts,
            "shared": {name: dict(count.shared) for name, count in found.counts.items()},
            "kept": dict(zip(found.persons, map(tuple, found.values.tolist()), strict=True))}


def test_devices_and_shared_values_do_not_see_the_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "_BATCH", 64)
    monkeypatch.setattr(parts_module, "_LEAST_PART", 8192)
    folder = written(tmp_path)
    whole, spread = result(folder, 10**9), result(folder, 400_000)
    assert whole.pop("parts") == 1
    assert spread.pop("parts") > 3
    for name in whole:
        assert spread[name] == whole[name], name
    ways = Counter(way for _, _, _, way in whole["rows"].elements())
    assert min(ways["by_login"], ways["before_login"], *whole["untied"].values()) > 0
    assert whole["cost"] == 3690
    assert whole["shared"]["email"]["kept"] > 0


def test_parts_without_logins_or_devices_are_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One device only: most parts have none of its rows, and no login."""
    monkeypatch.setattr(parts_module, "_BATCH", 64)
    monkeypatch.setattr(parts_module, "_LEAST_PART", 8192)
    folder = written(tmp_path)
    (folder / "identities.csv").write_text("device,person,first_seen,last_seen\nd1,p3,2025-03-05,2025-03-06\n")
    seen = pd.read_csv(folder / "exposures.csv", dtype=str, keep_default_na=False)
    for person in ("", "p1"):
        seen.assign(person=person, device="d1").to_csv(folder / "exposures.csv", index=False)
        whole, spread = result(folder, 10**9), result(folder, 400_000)
        assert whole.pop("parts") == 1
        assert spread.pop("parts") > 3
        assert spread == whole
