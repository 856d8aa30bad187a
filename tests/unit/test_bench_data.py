"""The benchmark's parties: as many people as rows, all of them take part, exactly half on both sides, even cells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pa_parquet
import pytest

from cleanroom.adapters.bench_data import CELLS, check_rows, fewest_rows, write_bench_parties
from cleanroom.adapters.card import CARD_NAME
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.party import load_party
from cleanroom.adapters.profile import profile_party
from cleanroom.adapters.synth import parameters
from cleanroom.cli.contract import make_contract
from cleanroom.cli.init import create_party
from cleanroom.contract.check import ROLES
from cleanroom.errors import UsageError

ROWS = 1_001


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameters, "CHUNK", 300)
        write_bench_parties(folder, ROWS, ("127.0.0.1:7301", "127.0.0.1:7302"))
    for role in ROLES:
        create_party(folder / role)
    make_contract(folder / "contract.toml", folder / "terms.toml", {role: folder / role / CARD_NAME for role in ROLES})
    return folder


def test_half_are_on_both_sides(out: Path) -> None:
    emails = [pa_parquet.read_table(out / role / "data" / f"{table}.parquet", columns=[column]).column(0).to_pylist()
              for role, table, column in (("advertiser", "people", "e_mail"), ("retailer", "members", "mail"))]
    assert [len(set(each)) for each in emails] == [ROWS, ROWS]
    assert len(set(emails[0]) & set(emails[1])) == ROWS // 2


@pytest.mark.parametrize("role", ROLES)
def test_everybody_takes_part(out: Path, role: str) -> None:
    profile = profile_party(load_party(out / role), read_contract(out / "contract.toml"), datetime.now(UTC))
    assert profile.sent == ROWS


def test_cells_are_even(out: Path) -> None:
    profile = profile_party(load_party(out / "advertiser"), read_contract(out / "contract.toml"), datetime.now(UTC))
    people = [cell.people for cell in profile.cells]
    assert len(people) == CELLS
    assert max(people) - min(people) < 0.2 * ROWS / CELLS


def test_the_addresses_are_those_that_were_given(out: Path) -> None:
    nodes = [load_party(out / role).node for role in ROLES]
    assert [(node.listen, node.peer) for node in nodes] == [("127.0.0.1:7301", "127.0.0.1:7302"),
                                                            ("127.0.0.1:7302", "127.0.0.1:7301")]


@pytest.mark.parametrize("rows", [-1, 0, fewest_rows() - 1, 50_000_001])
def test_sizes_that_cannot_be_run(rows: int) -> None:
    with pytest.raises(UsageError, match="must be between"):
        check_rows(rows)
