"""The same data in CSV, Parquet, folders, SQL over files, a DuckDB file and PostgreSQL: the same typed tables, and the
same released table of two nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kit import ZeroNoise
from live import match, serving
from server import PASSWORD, Server
from tiny import COMMON, Tiny, edit

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.parts import load_parts
from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import load_tables
from cleanroom.adapters.scratch import DiskScratch
from cleanroom.adapters.system import SystemClock, SystemEntropy
from cleanroom.contract.model import Role
from cleanroom.table import Row

ROLES: tuple[Role, ...] = ("advertiser", "retailer")
TYPES = {"day": pa.date32(), "quantity": pa.int32(), "amount": pa.decimal128(12, 2)}  # as a database would have them


def frames(party: Path) -> dict[str, pa.Table]:
    """The party's CSV files, typed."""
    return {path.stem: _typed(pd.read_csv(path, dtype=str, keep_default_na=False)) for path in
            (party / "data").glob("*.csv")}


def _typed(frame: pd.DataFrame) -> pa.Table:
    columns = {name: pa.array(frame[name].astype(str).tolist(), pa.string()) for name in frame}
    return pa.table({name: column.cast(TYPES[name]) if name in TYPES else column for name, column in columns.items()})


def replaced(party: Path, lines: Callable[[str], str]) -> None:
    """Other settings for every table's file."""
    for path in sorted((party / "data").glob("*.csv")):
        edit(party / "party.toml", f'file = "data/{path.name}"', lines(path.stem))


def parquet(party: Path) -> None:
    for name, table in frames(party).items():
        pq.write_table(table, party / f"data/{name}.parquet", row_group_size=50)
    replaced(party, 'file = "data/{}.parquet"'.format)


def folders(party: Path, kind: str) -> None:
    for name, table in frames(party).items():
        folder = party / "data" / name
        folder.mkdir()
        (folder / "_SUCCESS").touch()
        half = table.num_rows // 2
        for number, part in enumerate((table.slice(0, half), table.slice(half))):
            if kind == "parquet":
                pq.write_table(part, folder / f"part-{number}.parquet")
            else:
                part.to_pandas().to_csv(folder / f"part-{number}.csv", index=False)
    replaced(party, 'file = "data/{}/"'.format)


def sql(party: Path) -> None:
    """CSV files, and a folder of Parquet files joined to one."""
    replaced(party, lambda name: f'query = "SELECT * FROM rows"\nfiles = {{ rows = "data/{name}.csv" }}')


def duckdb_file(party: Path) -> None:
    with duckdb.connect(str(party / "data/crm.duckdb")) as connection:
        for name, table in frames(party).items():
            connection.register("given", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    replaced(party, 'file = "data/crm.duckdb"\nquery = "FROM {}"'.format)


def postgres(party: Path, server: Server) -> None:
    for name, table in frames(party).items():
        server.fill(f"{party.name} {name}", table)
    password(party)
    replaced(party, f'database = "crm"\ntable = "public.{party.name} {{}}"'.format)
    settings = party / "party.toml"
    settings.write_text(settings.read_text() + server.section())


def password(party: Path, text: str = PASSWORD) -> Path:
    path = party / "keys/crm.password"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


KINDS = ("parquet", "csv folders", "parquet folders", "sql", "duckdb", "postgres")


@pytest.fixture(params=KINDS)
def move(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Puts a party's tables elsewhere, and says so in its party.toml."""
    if request.param == "postgres":
        server = request.getfixturevalue("server")
        return lambda party: postgres(party, server)
    return {"parquet": parquet, "csv folders": lambda party: folders(party, "csv"), "sql": sql,
            "parquet folders": lambda party: folders(party, "parquet"), "duckdb": duckdb_file}[request.param]


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True), check_categorical=False)


@pytest.mark.parametrize("role", ROLES)
def test_every_source_gives_the_tables_of_csv(tiny: Tiny, move: Callable[[Path], None], role: Role) -> None:
    contract, party, now = read_contract(tiny.contract), tiny.party(role), SystemClock().now
    expected = load_tables(load_party(party), contract, now()).frames()
    move(party)
    found = load_tables(load_party(party), contract, now()).frames()
    assert found.keys() == expected.keys()
    for name, frame in expected.items():
        same(found[name], frame)


@pytest.mark.parametrize("role", ROLES)
def test_every_source_gives_the_tables_of_csv_in_parts(tiny: Tiny, move: Callable[[Path], None], role: Role,
                                                       tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleanroom.adapters.parts._BATCH", 64)
    monkeypatch.setattr("cleanroom.adapters.parts._LEAST_PART", 2048)
    contract, party, now = read_contract(tiny.contract), tiny.party(role), SystemClock().now
    expected = load_tables(load_party(party), contract, now()).frames()
    move(party)
    with DiskScratch(tmp_path, 200_000, SystemEntropy()) as scratch:
        parts = load_parts(load_party(party), contract, now(), scratch, 200_000)
        assert len(parts) > 1
        found = [parts.take(number) for number in range(len(parts))]
    for name, frame in expected.items():
        assert sum(part.counts()[name] for part in found) == len(frame)
    key = "email"
    assert sorted(text for part in found for text in part.roster[key]) == sorted(expected[found[0].roster_name][key])


def test_a_run_between_two_nodes_reads_from_each(tiny: Tiny, move: Callable[[Path], None],
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleanroom.node.runner.OpenDPNoise", ZeroNoise)
    expected = released(tiny)
    assert sum(row.people for row in expected) == COMMON
    move(tiny.advertiser)
    move(tiny.retailer)
    assert released(tiny) == expected


def released(tiny: Tiny) -> list[Row]:
    """What a run opens; without noise it is a function of the data alone."""
    with serving(tiny.retailer):
        return list(match(tiny.advertiser, tiny.contract).table.rows)
