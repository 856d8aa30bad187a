"""A party's tables in parts: the same people, cells, columns, counts and errors as from the whole files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from live import failed_runs, match, serving
from tiny import Tiny, edit

from cleanroom.adapters import parts as parts_module
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.parts import load_parts
from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import load_tables
from cleanroom.adapters.scratch import DiskScratch
from cleanroom.adapters.system import SystemClock, SystemEntropy
from cleanroom.contract.model import Role
from cleanroom.errors import DataError, MachineError, PeerRefusedError
from cleanroom.flow import prepare
from cleanroom.identity.numbering import numbered
from cleanroom.node.local import LocalNode
from cleanroom.node.runner import Runner

NOW = SystemClock().now
SMALL = 200_000  # bytes of memory: several parts of the tiny files


class Sink:
    def append(self, line: bytes) -> None:
        """Nobody reads it."""


@pytest.fixture(autouse=True)
def _short_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "_BATCH", 64)
    monkeypatch.setattr(parts_module, "_LEAST_PART", 8192)


@pytest.fixture(params=["csv", "parquet"])
def parties(request: pytest.FixtureRequest, tiny: Tiny) -> Tiny:
    """The tiny parties, a shared address among them, in either format."""
    edit(tiny.advertiser / "data/people.csv", "Person3@Example.org", "person150@example.org")
    edit(tiny.advertiser / "data/people.csv", "Person5@Example.org", "person151@example.org")
    edit(tiny.advertiser / "data/consents.csv", "c151,151,exposure_to_purchase_measurement,consent,given",
         "c151,151,exposure_to_purchase_measurement,consent,refused")
    edit(tiny.retailer / "data/purchases.csv", "\n3,", "\n,")  # a purchase without a card
    for role in ("advertiser", "retailer"):
        for path in (tiny.party(role) / "data").glob("*.csv") if request.param == "parquet" else ():
            frame = pd.read_csv(path, dtype=str, keep_default_na=False)
            frame.to_parquet(path.with_suffix(".parquet"), row_group_size=50)
            edit(tiny.party(role) / "party.toml", f"data/{path.name}", f"data/{path.stem}.parquet")
    return tiny


def prepared(tiny: Tiny, role: Role, folder: Path, memory: int) -> tuple[object, object, int]:
    """A side made from parts under a memory budget, what it says of itself, and how many parts there were."""
    contract, settings = read_contract(tiny.contract), load_party(tiny.party(role))
    with DiskScratch(folder, memory, SystemEntropy()) as scratch, LocalNode(tiny.party(role)) as node:
        turn = SimpleNamespace(heard=None, approved=None)
        setup = Runner(node)._setup(contract, memory.to_bytes(16, "big"), Sink(),
                                    DiskScratch(folder, 10**9, SystemEntropy()), turn, None,
                                    node.interrupted.start(contract, node.clock.now(), initiator=role == "advertiser"))
        parts = load_parts(settings, contract, node.clock.now(), scratch, memory)
        side, own = prepare(setup, parts)
        return side, own, len(parts)


def rows(side: object, role: Role) -> list[tuple[object, ...]]:
    if role == "retailer":
        keys = side._match._keys.tolist()
        return sorted((key, tuple(row)) for (key,), row in zip(keys, side._columns.matrix().tolist(), strict=True))
    people = side._match._people
    keys, cell_of = people._keys.tolist(), np.empty(len(people._keys), dtype=np.int64)
    cell_of[people._order] = np.repeat(np.arange(len(people._real)), people._real)
    return sorted((key, int(cell)) for (key,), cell in zip(keys, cell_of, strict=True))


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_parts_give_what_the_whole_gives(parties: Tiny, tmp_path: Path, role: Role) -> None:
    whole, counted, one = prepared(parties, role, tmp_path, 10**9)
    side, own, several = prepared(parties, role, tmp_path, SMALL)
    assert one == 1
    assert several > 3
    assert rows(side, role) == rows(whole, role)
    assert len(rows(side, role)) > 100
    for name in ("gate", "excluded", "clipping", "sent", "coverage", "merged"):
        assert getattr(own, name) == getattr(counted, name), name
    if role == "advertiser":  # people of different parts who share an address: one refused, so are both; else dropped
        assert own.gate.by_shared_key == 1
        assert own.excluded["email_shared"] == 2


def test_every_row_is_in_one_part_and_a_person_in_one_only(parties: Tiny, tmp_path: Path) -> None:
    contract, settings = read_contract(parties.contract), load_party(parties.retailer)
    whole = numbered(load_tables(settings, contract, NOW()))
    with DiskScratch(tmp_path, SMALL, SystemEntropy()) as scratch:
        parts = load_parts(settings, contract, NOW(), scratch, SMALL)
        assert scratch.spilled > 0
        judged = [parts.people(number) for number in range(len(parts))]
        found = [parts.take(number) for number in range(len(parts))]
    for one, all_of_it in zip(judged, found, strict=True):
        assert one.consents.drop(columns="person").equals(all_of_it.consents.drop(columns="person"))
        assert one.members.equals(all_of_it.members)
        assert len(one.purchases) == 0
    rows_in_file = np.concatenate([part.members["row"] for part in found])
    assert sorted(rows_in_file) == list(range(len(whole.members)))
    ids = np.concatenate([part.members["id"].astype(object) for part in found])
    assert (whole.members["id"].to_numpy()[rows_in_file] == ids).all()
    for name, count in whole.counts().items():
        assert sum(part.counts()[name] for part in found) == count
    assert sum((part.purchases["person"] >= 0).sum() for part in found) == (whole.purchases["person"] >= 0).sum()
    assert all((part.consents["person"] >= 0).all() for part in judged)


@pytest.mark.parametrize(("table", "old", "new", "said"), [
    ("people", "\n7,", "\n200,", "line 202, field person: this person already has a row"),
    ("arms", "\n7,", "\n200,", "line 202, field person: this person already has a row"),
    ("exposures", "\n100,email,spring,2025-03-01", "\n100,email,spring,yesterday", "line 52, field day"),
    ("suppressions", "person\n", "person,as_of\n1,2020-01-01T00:00:00Z\n", "X-01: the suppression list is"),
])
def test_an_error_far_into_a_file_names_its_line(tiny: Tiny, tmp_path: Path, table: str, old: str, new: str,
                                                 said: str) -> None:
    edit(tiny.advertiser / f"data/{table}.csv", old, new)
    contract, settings = read_contract(tiny.contract), load_party(tiny.advertiser)
    room = tmp_path / "spilled"
    with DiskScratch(room, SMALL, SystemEntropy()) as scratch, pytest.raises(DataError) as caught:
        load_parts(settings, contract, NOW(), scratch, SMALL)
    assert said.split(":", maxsplit=1)[0] in str(caught.value)
    with pytest.raises(DataError) as whole:
        load_tables(settings, contract, NOW())
    assert str(whole.value) == str(caught.value)
    assert list(room.glob("*")) == []


def budget(tiny: Tiny, role: Role, memory: str) -> None:
    path = tiny.party(role) / "party.toml"
    path.write_text(f'{path.read_text()}\n[limits]\nmemory = "{memory}"\n')


def test_a_run_under_a_small_budget_on_both_sides(tiny: Tiny) -> None:
    for role in ("advertiser", "retailer"):
        budget(tiny, role, "0.2 MB")
    with serving(tiny.retailer):
        finished = match(tiny.advertiser, tiny.contract)
    assert len(finished.table.rows) == 2
    for role in ("advertiser", "retailer"):
        assert not list((tiny.party(role) / "state").glob("scratch-*"))


def test_a_budget_that_is_too_small_is_a_clear_error_on_both_sides(tiny: Tiny) -> None:
    budget(tiny, "retailer", "0.01 MB")
    with serving(tiny.retailer), pytest.raises(PeerRefusedError, match="the other party's node has a fault"):
        match(tiny.advertiser, tiny.contract)
    failed_runs(tiny, "retailer", "MachineError")
    assert not list((tiny.retailer / "state").glob("scratch-*"))
    budget(tiny, "advertiser", "0.01 MB")
    with pytest.raises(MachineError, match="more than half of the budget") as caught, serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
    assert caught.value.where == "limits.memory"
