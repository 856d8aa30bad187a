"""`cleanroom bench`: what it says and that it leaves nothing. Its seconds are nobody's business here."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_kit import Result, Run
from rich.console import Console

from cleanroom.adapters.bench_data import CELLS, COLUMNS, fewest_rows, write_bench_parties
from cleanroom.adapters.synth.generate import TERMS_NAME
from cleanroom.adapters.usage import Usage, usage
from cleanroom.cli import bench_rates, bench_run, bench_table
from cleanroom.cli.bench_rates import kernel_rates
from cleanroom.cli.pair import agree
from cleanroom.contract.check import ROLES
from cleanroom.errors import MachineError

ROWS = 800
ADDRESSES = ("127.0.0.1:1", "127.0.0.1:2")


@pytest.fixture(autouse=True)
def _little(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench_rates, "POINTS", 64)
    monkeypatch.setattr(bench_rates, "POLYS", 8)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture(scope="module")
def said() -> dict[str, Result]:
    return {}


@pytest.fixture
def result(run: Run, said: dict[str, Result], tmp_path: Path) -> Result:
    """One run of the command for all tests of its output."""
    if not said:
        said["json"] = run("bench", "--rows", ROWS, "--json")
        assert list((tmp_path / "temporary").iterdir()) == []
    return said["json"]


@pytest.fixture
def document(result: Result) -> dict[str, Any]:
    assert result.code == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def test_the_documented_keys_and_no_others(document: dict[str, Any]) -> None:
    assert set(document) == {"schema", "machine", "backend", "reason", "kernel", "run"}
    assert document["schema"] == "cleanroom-bench/1"
    assert set(document["machine"]) == {"processor", "cores", "memory_bytes", "load", "system", "python", "software",
                                        "cryptography", "openssl"}
    assert all(set(each) == {"operation", "threads", "microseconds", "openssl_microseconds", "ratio"}
               for each in document["kernel"])
    assert set(document["run"]) == {"rows", "common", "key_types", "cells", "columns", "protocol", "backend", "seconds",
                                    "stage_seconds", "stages", "traffic", "peak_memory_bytes", "processor_seconds"}
    assert set(document["run"]["traffic"]) == {"measured", "predicted", "bytes_per_row", "deviation_percent"}


def test_every_key_is_documented(document: dict[str, Any]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8").split("## bench")[1]
    keys = {*document} - {"run"} | {*document["machine"], *document["kernel"][0], *document["run"]["traffic"]}
    assert [key for key in keys if f"`{key}`" not in text] == []
    assert [key for key in document["run"] if f"`{key}`" not in text and f"`run.{key}`" not in text] == []
    assert [each["operation"] for each in document["kernel"] if f"`{each['operation']}`" not in text] == []


def test_every_operation_is_measured(document: dict[str, Any]) -> None:
    assert [(each["operation"], each["threads"]) for each in document["kernel"]] == [
        ("x25519", 1), ("x25519", 2), ("hash_to_curve", 1), ("validation", 1), ("ntt", 1)]
    assert all(each["microseconds"] > 0 < each["ratio"] for each in document["kernel"])


def test_the_run_is_of_the_size_that_was_asked_for(document: dict[str, Any]) -> None:
    run = document["run"]
    assert (run["rows"], run["common"], run["cells"], run["columns"]) == (ROWS, ROWS // 2, 20, 10)
    assert (run["backend"], run["protocol"]) == (document["backend"], "ecdh-x25519-v1")
    assert {"reading", "gate", "blinded_cells", "masked_sums", "receipt"} <= {each["stage"] for each in run["stages"]}
    assert run["stage_seconds"] <= run["seconds"]


def test_traffic_is_what_the_plan_foresees(document: dict[str, Any]) -> None:
    """But for random paddings: up to 56 tuples a cell, where 28 are foreseen, beside blocks of 64 KiB."""
    traffic = document["run"]["traffic"]
    assert abs(traffic["deviation_percent"]) < 3
    assert traffic["bytes_per_row"] == round(sum(traffic["measured"].values()) / ROWS, 1)


def test_memory_and_processor_time_of_both_nodes(document: dict[str, Any]) -> None:
    for role in ROLES:
        assert document["run"]["peak_memory_bytes"][role] > 50e6  # Python with its libraries
        assert document["run"]["processor_seconds"][role] > 0


def test_the_table_says_the_same(document: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    bench_table.print_bench(document)
    text = capsys.readouterr().out
    for part in ("X25519", "NTT", f"{ROWS:,} × {ROWS:,} people", "Blinding the advertiser's people", "Deviation",
                 "Largest memory", document["backend"]):
        assert part in text
    assert max(map(len, text.splitlines())) <= max(110, Console().width)


def test_a_run_of_the_salted_hash_mode(run: Run) -> None:
    done = run("bench", "--rows", ROWS, "--mode", "salted-hash", "--json")
    assert done.code == 0, done.err
    measured = json.loads(done.out)["run"]
    assert measured["protocol"] == "salted-hash-v1"
    assert {"tokens", "receipt"} <= {each["stage"] for each in measured["stages"]}
    assert "blinded_cells" not in {each["stage"] for each in measured["stages"]}
    assert abs(measured["traffic"]["deviation_percent"]) < 20  # random paddings beside 32 bytes a token


@pytest.mark.parametrize("rows", [0, 559, 50_000_001])
def test_a_size_that_cannot_be_run_is_refused(run: Run, rows: int, tmp_path: Path) -> None:
    run("bench", "--rows", rows).refusal(64, f"--rows is {rows}; it must be between 560 and 50000000")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_rows_are_a_number(run: Run) -> None:
    run("bench", "--rows", "many").refusal(64, "--rows")


def test_a_run_that_fails_is_told_and_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch,
                                                     tmp_path: Path) -> None:
    monkeypatch.setattr(bench_run, "COMMAND", ("/bin/sh", "-c", "echo 'the disk is full' >&2; exit 74"))
    failed = run("bench", "--rows", ROWS)
    assert (failed.code, failed.out) == (74, "")
    assert "ended with exit code 74: the disk is full" in failed.err
    assert list((tmp_path / "temporary").iterdir()) == []


def test_an_interrupted_run_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench_run, "_match", interrupt)
    assert run("bench", "--rows", ROWS).code == 130
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_parties_have_as_many_cells_and_columns_as_is_said(tmp_path: Path) -> None:
    write_bench_parties(tmp_path / "both", fewest_rows(), ADDRESSES)
    parties = {role: tmp_path / "both" / role for role in ROLES}
    agree(parties, tmp_path / "both" / TERMS_NAME, tmp_path / "contract.toml")
    plan = bench_run.check_plan(bench_run.read_contract(tmp_path / "contract.toml"))
    assert (len(plan.cells), len(plan.columns)) == (CELLS, COLUMNS)


def test_an_answering_node_that_never_writes_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench_run, "_FINISH", 0.0)
    (tmp_path / "runs" / ("0" * 32)).mkdir(parents=True)
    with pytest.raises(MachineError, match="did not finish"):
        bench_run._runtime(tmp_path)


def test_the_rates_of_openssl_alone_are_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from cleanroom._native import KernelError
    from cleanroom.adapters import backends

    def missing() -> None:
        raise KernelError("not built")

    monkeypatch.setattr(backends, "load_native", missing)
    assert len(kernel_rates(repeats=1)) == 5


def test_usage_of_this_process() -> None:
    ballast = np.ones(20_000_000, dtype=np.uint8)
    used = usage(os.getpid())
    assert used.memory > len(ballast)
    assert used.seconds > 0


def test_usage_of_a_process_that_is_gone() -> None:
    assert usage(2**22 + 1) == Usage(0, 0.0)
