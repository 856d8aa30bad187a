"""Files that change while they are read are refused, whenever it happens."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import Tiny, edit

from cleanroom.adapters import parts as parts_module
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.parts import load_parts
from cleanroom.adapters.party import load_party
from cleanroom.adapters.reading import RawTable, Reading
from cleanroom.adapters.scratch import DiskScratch
from cleanroom.adapters.system import SystemClock, SystemEntropy
from cleanroom.errors import DataError


@pytest.fixture(autouse=True)
def _short_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "_BATCH", 64)
    monkeypatch.setattr(parts_module, "_LEAST_PART", 2048)


def grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"9999,late@example.org\n")


def replaced(path: Path) -> None:
    """Another file of the same size and times."""
    status, other = path.stat(), path.with_suffix(".new")
    other.write_bytes(path.read_bytes().replace(b"person1@", b"person2@").replace(b"Person1@", b"Person2@"))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [grown, replaced, gone])
@pytest.mark.parametrize("rows", [0, 64])
def test_a_change_between_the_first_look_and_the_last(tiny: Tiny, change: Callable[[Path], None], rows: int) -> None:
    path = tiny.retailer / "data/members.csv"
    with Reading(load_party(tiny.retailer)) as reading:
        tables = reading.batches("members", reading.layouts["members"], rows)
        next(tables)
        change(path)
        with pytest.raises(DataError, match=r"members\.csv: the (data changed while they were|file cannot be) read"):
            list(tables)


def test_a_file_that_joins_a_folder(tiny: Tiny) -> None:
    folder = tiny.retailer / "data/all"
    folder.mkdir()
    (tiny.retailer / "data/members.csv").rename(folder / "a.csv")
    edit(tiny.retailer / "party.toml", '"data/members.csv"', '"data/all/"')
    with Reading(load_party(tiny.retailer)) as reading:
        tables = reading.batches("members", reading.layouts["members"], 64)
        next(tables)
        (folder / "b.csv").write_text("person,email\n")
        with pytest.raises(DataError, match="data/all/: the data changed"):
            list(tables)


def test_a_file_that_a_query_reads(tiny: Tiny) -> None:
    edit(tiny.retailer / "party.toml", 'file = "data/members.csv"',
         'query = "FROM m"\nfiles = { m = "data/members.csv" }')
    with Reading(load_party(tiny.retailer)) as reading:
        tables = reading.batches("members", reading.layouts["members"], 0)
        next(tables)
        grown(tiny.retailer / "data/members.csv")
        with pytest.raises(DataError, match=r"members\.csv: the data changed"):
            list(tables)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_that_joins_a_folder_that_a_query_reads(tiny: Tiny, ending: str) -> None:
    folder = tiny.retailer / "data/all"
    folder.mkdir()
    frame = pd.read_csv(tiny.retailer / "data/members.csv", dtype=str)
    write = frame.to_parquet if ending == "parquet" else frame.to_csv
    write(folder / f"a.{ending}", index=False)
    edit(tiny.retailer / "party.toml", 'file = "data/members.csv"', 'query = "FROM m"\nfiles = { m = "data/all/" }')
    with Reading(load_party(tiny.retailer)) as reading:
        tables = reading.batches("members", reading.layouts["members"], 64)
        next(tables)
        (folder / f"b.{ending}").write_bytes((folder / f"a.{ending}").read_bytes())
        with pytest.raises(DataError, match="data/all/: the data changed"):
            list(tables)


@pytest.mark.parametrize("change", [True, False])
def test_who_is_looked_at_twice_must_be_the_same(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                 change: bool) -> None:
    """A person of two rows is looked for in a second reading; when it shows other people, nobody may pass."""
    batches, calls = Reading.batches, []

    def second_differs(self: Reading, name: str, *rest: object) -> Iterator[RawTable]:
        calls.append(name)
        for raw in batches(self, name, *rest):
            if change and calls.count("members") == 2:
                raw.columns["person"] = raw.columns["person"].take(np.arange(raw.rows - 1))
                raw.columns["email"] = raw.columns["email"].take(np.arange(raw.rows - 1))
            yield raw

    monkeypatch.setattr(Reading, "batches", second_differs)
    monkeypatch.setattr(parts_module, "repeated_hashes", lambda hashes: hashes[:1])  # suspicion without a reason
    contract, settings, now = read_contract(tiny.contract), load_party(tiny.retailer), SystemClock().now()
    with DiskScratch(tmp_path, 200_000, SystemEntropy()) as scratch:
        if not change:
            assert len(load_parts(settings, contract, now, scratch, 200_000)) > 1
            assert calls.count("members") == 2
            return
        with pytest.raises(DataError, match=r"members\.csv: the data changed"):
            load_parts(settings, contract, now, scratch, 200_000)
