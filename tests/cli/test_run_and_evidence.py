"""match, report, audit and doctor on parties that have run, and demo --prepare."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from command_kit import Run
from live import match, serving, until
from tiny import Tiny, edit, make_tiny, result_files, runs

from cleanroom.cli import evidence
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


def test_match_leaves_a_french_page_that_verifies(tiny: Tiny, run: Run) -> None:
    with serving(tiny.retailer):
        assert run("match", tiny.advertiser, "--contract", tiny.contract, "--lang", "fr").code == 0
        until((runs(tiny.retailer)[0] / "results.csv").exists)
    ours, theirs = ((runs(party)[0] / "report.html").read_text() for party in (tiny.advertiser, tiny.retailer))
    assert '<html lang="fr">' in ours
    assert "Personnes appariées" in ours
    assert '<html lang="en">' in theirs
    folder = runs(tiny.advertiser)[0]
    assert run("audit", "verify", folder, "--contract", tiny.contract).code == 0
    (folder / "report.html").write_text(ours.replace("Personnes appariées", "Personnes devinées"))
    refused = run("audit", "verify", folder, "--contract", tiny.contract)
    assert (refused.code, "report.html line" in refused.err) == (69, True)


def test_match_without_a_peer_ends_with_75_and_leaves_nothing(tiny: Tiny, run: Run) -> None:
    tiny.setting("advertiser", "connect_timeout = 5", "connect_timeout = 1")
    run("match", tiny.advertiser, "--contract", tiny.contract).refusal(
        75, tiny.addresses["retailer"], "does not answer", "cleanroom node")
    assert runs(tiny.advertiser) == []


def test_match_with_a_spent_budget_ends_with_68(tiny: Tiny, run: Run) -> None:
    tiny.agree(lambda text: text.replace('budget_epsilon = "9"', 'budget_epsilon = "1.5"'))
    with serving(tiny.retailer):
        assert run("match", tiny.advertiser, "--contract", tiny.contract, "--json").code == 0
        edit(tiny.retailer / "data" / "purchases.csv", ",b0,1.00,", ",b0,1.01,")  # else the same table, for nothing
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


def test_audit_verify_shows_whose_keys_it_believed(finished: Tiny, tmp_path: Path, run: Run) -> None:
    one, two = copied(finished, tmp_path)
    alone = run("audit", "verify", one)
    digest = run("contract", "verify", finished.contract).out.splitlines()[-1]
    assert f"SHA-256 {digest}" in alone.out
    assert "advertiser: Tiny Brand, signing key " in alone.out
    assert "retailer: Tiny Shop, signing key " in alone.out
    assert "taken from the folder itself, which anybody can make up" in alone.out
    for arguments in ((one,), (one, two), (one, two / "receipt.json")):
        anchored = run("audit", "verify", *arguments, "--contract", finished.contract)
        assert anchored.code == 0
        assert "contract and keys: those of --contract" in anchored.out
        assert "taken from" not in anchored.out


def test_a_folder_made_up_by_others_is_not_of_the_contract_one_holds(finished: Tiny, tmp_path: Path, run: Run) -> None:
    """Everything in it fits together; only the keys are not those of the parties."""
    made_up = make_tiny(tmp_path / "made-up")
    with serving(made_up.retailer):
        match(made_up.advertiser, made_up.contract)
    folder = runs(made_up.advertiser)[0]
    assert run("audit", "verify", folder).code == 0
    refused = run("audit", "verify", folder, "--contract", finished.contract)
    assert (refused.code, refused.out) == (69, "")
    assert "contract.json: not the contract named with --contract" in refused.err
    assert run("audit", "verify", folder, "--contract", finished.contract, "--contract", made_up.contract).code == 0


def test_a_contract_that_was_not_signed_is_no_anchor(finished: Tiny, tmp_path: Path, run: Run) -> None:
    unsigned = tmp_path / "contract.toml"
    unsigned.write_text(finished.contract.read_text("utf-8").split("[[signatures]]")[0], "utf-8")
    assert run("audit", "verify", runs(finished.advertiser)[0], "--contract", unsigned).code == 66


FORGED = {
    "released.1.groups.1.people.value": lambda text: text["released"][0]["groups"][0]["people"],
    "results.1.value": lambda text: text["results"][0],
    "suppression.share": lambda text: text["suppression"],
    "own.admitted": lambda text: text["own"],
    "privacy.run.epsilon": lambda text: text["privacy"]["run"],
    "evidence.audit_root": lambda text: text["evidence"],
}


@pytest.mark.parametrize("place", FORGED)
def test_a_forged_measurement_is_named(finished: Tiny, tmp_path: Path, run: Run, place: str) -> None:
    one, _ = copied(finished, tmp_path)
    document = json.loads((one / "measurement.json").read_text("utf-8"))
    FORGED[place](document)[place.rsplit(".", maxsplit=1)[-1]] = 7
    (one / "measurement.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    refused = run("audit", "verify", one)
    assert (refused.code, refused.out) == (69, "")
    assert f"measurement.json: {place} does not follow from" in refused.err


@pytest.mark.parametrize("change", [
    lambda text: text.replace('"schema"', '"schema": "x", "schema"', 1), lambda text: text + " ", lambda text: "{}\n",
    lambda text: "[", lambda text: text.replace('"own": {', '"own": [], "mine": {', 1)])
def test_a_measurement_of_another_shape_is_refused(finished: Tiny, tmp_path: Path, run: Run, change) -> None:
    one, _ = copied(finished, tmp_path)
    path = one / "measurement.json"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    refused = run("audit", "verify", one)
    assert (refused.code, refused.out) == (69, "")
    assert "measurement.json: " in refused.err


@pytest.mark.parametrize("file", ["report.html", "results.csv"])
def test_a_forged_report_is_named_with_its_line(finished: Tiny, tmp_path: Path, run: Run, file: str) -> None:
    one, _ = copied(finished, tmp_path)
    good = run("audit", "verify", one)
    assert "measurement.json, results.csv, report.html" in good.out
    lines = (one / file).read_bytes().split(b"\n")
    lines[3] += b"0"
    (one / file).write_bytes(b"\n".join(lines))
    refused = run("audit", "verify", one)
    assert (refused.code, refused.out) == (69, "")
    assert f"{file} line 4: not what the measurement beside it gives" in refused.err
    (one / "measurement.json").unlink()
    assert "cannot be checked without measurement.json" in run("audit", "verify", one).err
    (one / "report.html").unlink()
    (one / "results.csv").unlink()
    assert "report.html" not in run("audit", "verify", one).out


def test_reports_of_another_version_are_said_not_to_be_covered(finished: Tiny, tmp_path: Path, run: Run,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = copied(finished, tmp_path)
    monkeypatch.setattr(evidence, "__version__", "99")
    done = run("audit", "verify", one)
    assert done.code == 0
    assert ("NOT covered: results.csv, report.html, compliance.json, compliance.html, compliance.jsonld, record.csv, "
            "written by cleanroom") in done.out


def test_audit_verify_of_a_whole_runs_folder(finished: Tiny, tmp_path: Path, run: Run) -> None:
    """Three runs; one removed from the middle, the last removed, one without its head, one under another name."""
    party = finished.copy(tmp_path / "both")
    with serving(party.retailer):
        for _ in range(2):
            match(party.advertiser, party.contract)
    folder = party.advertiser / "runs"
    done = run("audit", "verify", folder, "--contract", party.contract)
    assert done.code == 0
    assert "3 runs, linked without a gap\n" in done.out
    first, second, third = runs(party.advertiser)
    second.rename(tmp_path / "away")
    removed = run("audit", "verify", folder)
    assert (removed.code, removed.out) == (69, "")
    assert f"run {third.name}: the run that it continues is missing" in removed.err
    third.rename(tmp_path / "last")
    assert "the newest run is missing" in run("audit", "verify", folder).err
    shutil.rmtree(party.advertiser / "state")
    assert "whether newer ones were removed is not known" in run("audit", "verify", folder).out
    shutil.copytree(first, folder / ("0" * 32))
    assert "a run of another name" in run("audit", "verify", folder).err
    (folder / ("0" * 32) / "audit.head.json").unlink()
    assert f"NOT verified: run {'0' * 32}" in run("audit", "verify", folder).out
    run("audit", "verify", folder, first).refusal(64, "PEER", "name one run")


def test_audit_of_a_folder_that_is_not_there_names_it(tmp_path: Path, run: Run) -> None:
    for command in ("verify", "report"):
        run("audit", command, tmp_path / "none").refusal(69, f"{tmp_path / 'none'}: no such folder")


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
    edit(next((tiny.retailer / "contracts").iterdir()), "threshold = 30", "threshold = 31")
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


def test_version_and_help(run: Run) -> None:
    assert run("--version").out.startswith("cleanroom ")
    assert "match" in run("--help").out
