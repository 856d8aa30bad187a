"""match, report, audit and doctor on parties that have run, and demo --prepare."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from conftest import Run
from live import serving, until
from tiny import Tiny, edit, result_files, runs

from cleanroom.contract.check import ROLES


def test_match_prints_the_table_on_stdout_and_the_rest_on_stderr(tiny: Tiny, run: Run) -> None:
    with serving(tiny.retailer):
        done = run("match", tiny.advertiser, "--contract", tiny.contract)
        until((runs(tiny.retailer)[0] / "results.csv").exists)
    assert done.code == 0
    assert "exposed" in done.out
    assert "Association" in done.out
    assert "report:" not in done.out
    assert str(runs(tiny.advertiser)[0] / "report.html") in done.err


def test_match_json_is_the_measurement_and_nothing_else(tiny: Tiny, run: Run) -> None:
    with serving(tiny.retailer):
        done = run("match", tiny.advertiser, "--contract", tiny.contract, "--json")
        until((runs(tiny.retailer)[0] / "results.csv").exists)
    assert json.loads(done.out) == json.loads((runs(tiny.advertiser)[0] / "measurement.json").read_text())


def test_match_without_a_peer_ends_with_75_and_leaves_nothing(tiny: Tiny, run: Run) -> None:
    tiny.setting("advertiser", "connect_timeout = 5", "connect_timeout = 1")
    run("match", tiny.advertiser, "--contract", tiny.contract).refusal(
        75, tiny.addresses["retailer"], "does not answer", "cleanroom node")
    assert runs(tiny.advertiser) == []


def test_match_with_a_spent_budget_ends_with_68(tiny: Tiny, run: Run) -> None:
    tiny.agree(lambda text: text.replace('budget_epsilon = "9"', 'budget_epsilon = "1.5"'))
    with serving(tiny.retailer):
        assert run("match", tiny.advertiser, "--contract", tiny.contract, "--json").code == 0
        refused = run("match", tiny.advertiser, "--contract", tiny.contract)
    assert refused.code == 68
    assert (refused.out, "privacy budget" in refused.err.splitlines()[-1]) == ("", True)
    assert result_files(runs(tiny.advertiser)[-1]) == []


def test_match_refused_by_the_peer_ends_with_77(tiny: Tiny, run: Run) -> None:
    (tiny.retailer / "data" / "members.csv").unlink()
    with serving(tiny.retailer):
        refused = run("match", tiny.advertiser, "--contract", tiny.contract)
    assert refused.code == 77
    assert "the other party's input was refused" in refused.err.splitlines()[-1]
    assert "members.csv" not in refused.err.splitlines()[-1]


def test_report_in_each_form(finished: Tiny, run: Run) -> None:
    folder = runs(finished.retailer)[0]
    html, as_json = run("report", finished.retailer), run("report", finished.retailer, "last", "--format", "json")
    table = run("report", finished.retailer, folder.name[:6], "--format", "csv")
    assert html.out == (folder / "report.html").read_text()
    assert json.loads(as_json.out) == json.loads((folder / "measurement.json").read_text())
    assert table.out.replace("\r", "") == (folder / "results.csv").read_text()
    assert len(list(csv.DictReader(io.StringIO(table.out)))) > 5


@pytest.mark.parametrize("name", ["ffff", "..", "last/../x", ""])
def test_report_of_a_run_that_is_not_there(finished: Tiny, run: Run, name: str) -> None:
    run("report", finished.retailer, name).refusal(64, "RUN", "give more digits")


def test_report_of_a_run_that_failed(tiny: Tiny, run: Run) -> None:
    (tiny.retailer / "data" / "members.csv").unlink()
    with serving(tiny.retailer):
        run("match", tiny.advertiser, "--contract", tiny.contract)
    run("report", tiny.advertiser).refusal(65, "did not finish", "cleanroom audit report")


def copied(finished: Tiny, tmp_path: Path) -> tuple[Path, Path]:
    """Copies of both parties' folders of the run."""
    folders = []
    for role in ROLES:
        folder = tmp_path / role
        shutil.copytree(runs(finished.party(role))[0], folder)
        folders.append(folder)
    return folders[0], folders[1]


def test_audit_verify_of_one_folder_and_of_both(finished: Tiny, tmp_path: Path, run: Run) -> None:
    one, two = copied(finished, tmp_path)
    single = run("audit", "verify", one)
    assert single.code == 0
    assert "signed by advertiser and retailer" in single.out
    both = run("audit", "verify", one, two)
    assert both.code == 0
    assert both.out.splitlines()[-1] == "both parties' records agree"


def test_audit_verify_names_the_altered_line(finished: Tiny, tmp_path: Path, run: Run) -> None:
    one, two = copied(finished, tmp_path)
    lines = (one / "audit.jsonl").read_bytes().split(b"\n")
    lines[3] = lines[3].replace(b'"', b"'", 1)
    (one / "audit.jsonl").write_bytes(b"\n".join(lines))
    refused = run("audit", "verify", one, two)
    assert (refused.code, refused.out) == (69, "")
    assert "audit.jsonl line 4: the line was changed" in refused.err
    assert refused.err.count("\n") == 1


@pytest.mark.parametrize("file", ["table.json", "receipt.json", "audit.head.json", "contract.json", "audit.jsonl"])
def test_audit_verify_names_an_altered_or_missing_file(finished: Tiny, tmp_path: Path, run: Run, file: str) -> None:
    one, two = copied(finished, tmp_path)
    data = bytearray((one / file).read_bytes())
    data[len(data) // 2] ^= 1
    (one / file).write_bytes(data)
    altered = run("audit", "verify", one)
    assert altered.code == 69
    assert altered.err.count("\n") == 1
    assert file.split(".", maxsplit=1)[0] in altered.err
    (two / file).unlink()
    missing = run("audit", "verify", two)
    assert missing.code == 69
    assert file in missing.err


def test_audit_verify_of_two_different_runs(finished: Tiny, tmp_path: Path, run: Run) -> None:
    one, _ = copied(finished, tmp_path)
    refused = run("audit", "verify", one, one)
    assert refused.code == 69
    assert "both folders are the advertiser's" in refused.err


def test_audit_report_prints_the_events(finished: Tiny, run: Run) -> None:
    shown = run("audit", "report", runs(finished.retailer)[0])
    assert (shown.code, shown.err) == (0, "")
    kinds = [line.split()[1] for line in shown.out.splitlines()]
    assert (kinds[0], kinds[-1]) == ("run_started", "run_ended")


def test_audit_of_a_folder_without_a_run(tmp_path: Path, run: Run) -> None:
    for command in ("verify", "report"):
        run("audit", command, tmp_path).refusal(69, str(tmp_path), "name the folder of one run")
    run("report", tmp_path).refusal(64, str(tmp_path / "runs"), "no run yet")


def test_doctor_shows_the_machine_and_the_party(finished: Tiny, run: Run) -> None:
    alone, party = run("doctor"), run("doctor", finished.retailer)
    assert (alone.code, party.code) == (0, 0)
    for title in ("cleanroom", "kernel", "clock"):
        assert title in alone.out
    for part in ("Tiny Shop (retailer)", "in force until", "not reachable", "data.purchases"):
        assert part in party.out


def test_doctor_names_missing_files_and_contracts_that_are_not_in_force(tiny: Tiny, run: Run) -> None:
    (tiny.retailer / "data" / "members.csv").unlink()
    edit(next((tiny.retailer / "contracts").iterdir()), "threshold = 11", "threshold = 12")
    done = run("doctor", tiny.retailer)
    assert done.code == 0
    assert "MISSING" in done.out
    assert "altered after signing" in done.out


def test_demo_prepare_writes_both_parties_and_never_into_a_folder_that_exists(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "demo"
    done = run("demo", "--out", out, "--prepare")
    assert (done.code, done.out) == (0, f"{out}\n")
    for role in ROLES:
        assert run("check", out / role).code == 0
    run("demo", "--out", out).refusal(64, str(out), "exists already")


@pytest.mark.parametrize("arguments", [("match",), ("nonsense",), ("match", "x", "--nonsense"),
                                       ("report", "x", "last", "--format", "pdf")])
def test_a_command_line_that_is_not_understood_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


def test_version_and_help(run: Run) -> None:
    assert run("--version").out.startswith("cleanroom ")
    assert "match" in run("--help").out
