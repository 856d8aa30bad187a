"""The compliance report of a finished run: written, printed again, verified, and stamped."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from command_kit import Run
from tiny import Tiny, runs

sys.path.append(str(Path(__file__).parents[1] / "unit"))

from tsa_kit import Authority

from cleanroom.rules import CURRENT

FILES = {"compliance.html": (), "compliance.json": ("--format", "json"), "compliance.jsonld": ("--format", "jsonld"),
         "record.csv": ("--format", "csv")}


def copy_of(finished: Tiny, tmp_path: Path) -> Path:
    folder = tmp_path / runs(finished.retailer)[0].name
    shutil.copytree(runs(finished.retailer)[0], folder)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_there_and_printed_again(finished: Tiny, run: Run, name: str) -> None:
    for folder in (finished.advertiser, finished.retailer):
        done = run("report", folder, "--compliance", *FILES[name])
        assert done.code == 0
        assert done.out.replace("\r", "") == (runs(folder)[0] / name).read_text("utf-8")


def test_the_report_of_a_run_is_complete_and_keeps_every_rule(finished: Tiny) -> None:
    document = json.loads((runs(finished.retailer)[0] / "compliance.json").read_text("utf-8"))
    assert [item["id"] for item in document["rules"]["items"]] == [each.id for each in CURRENT.rules]
    assert [item["id"] for item in document["rules"]["items"] if not item["kept"]] == []
    assert document["evidence"]["rule_pack_sha256"] == CURRENT.sha256
    assert document["form"] == "owner"
    assert document["people"]["admitted"]["low"] == document["people"]["admitted"]["high"] > 0


def test_the_french_page_and_the_one_to_share(finished: Tiny, run: Run) -> None:
    french = run("report", finished.retailer, "--compliance", "--lang", "fr")
    assert "Ce qui a été fait" in french.out
    shared = run("report", finished.retailer, "--compliance", "--shared", "--format", "json")
    document = json.loads(shared.out)
    assert document["form"] == "shared"
    assert all(count["high"] == 10 or count["low"] < count["high"] for count in document["people"].values())


def test_rules_that_refused_are_in_french_in_the_french_measurement(finished: Tiny, run: Run) -> None:
    folder = runs(finished.retailer)[0]
    refused = json.loads((folder / "measurement.json").read_text("utf-8"))["own"]["refused"]
    page = run("report", finished.retailer, "--lang", "fr").out
    for item in refused:
        assert CURRENT.rule(item["rule"]).french.split(" ;")[0].replace("'", "&#39;") in page
        assert CURRENT.rule(item["rule"]).english.replace("'", "&#39;") not in page


@pytest.mark.parametrize(("options", "where"), [
    (("--shared",), "--shared"), (("--format", "jsonld"), "--format")])
def test_options_of_the_compliance_report_alone(finished: Tiny, run: Run, options: tuple[str, ...], where: str) -> None:
    run("report", finished.retailer, *options).refusal(64, where, "add --compliance")


@pytest.mark.parametrize("name", FILES)
def test_a_changed_compliance_file_is_named(finished: Tiny, tmp_path: Path, run: Run, name: str) -> None:
    folder = copy_of(finished, tmp_path)
    assert name in run("audit", "verify", folder).out
    lines = (folder / name).read_bytes().split(b"\n")
    lines[2] += b"0"
    (folder / name).write_bytes(b"\n".join(lines))
    refused = run("audit", "verify", folder)
    assert (refused.code, refused.out) == (69, "")
    assert f"{name} line 3: not what the measurement beside it gives" in refused.err


def test_a_report_is_not_printed_from_evidence_that_does_not_verify(finished: Tiny, tmp_path: Path, run: Run) -> None:
    party = finished.copy(tmp_path / "both")
    log = runs(party.retailer)[0] / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"R-01":', b'"R-02":', 1))
    refused = run("report", party.retailer, "--compliance")
    assert (refused.code, refused.out) == (69, "")


def test_a_run_is_stamped_and_the_stamp_verified(finished: Tiny, tmp_path: Path, run: Run) -> None:
    folder, authority = copy_of(finished, tmp_path), Authority(tmp_path / "tsa")
    asked = run("audit", "stamp", folder, "--request", tmp_path / "request.tsq")
    assert asked.code == 0
    assert "timestamp-query" in asked.err
    answer = authority.answer(tmp_path / "request.tsq", tmp_path / "answer.tsr")
    assert run("audit", "stamp", folder, "--response", answer).code == 0
    verified = run("audit", "verify", folder, "--tsa", authority.root)
    assert verified.code == 0
    assert "  time stamp: 20" in verified.out
    assert "by CN=Test Authority" in verified.out
    assert "whose it is was not checked" in run("audit", "verify", folder).out
    assert "already" in run("audit", "stamp", folder, "--response", answer).err


def test_a_stamp_of_another_run_or_authority_is_refused(finished: Tiny, tmp_path: Path, run: Run) -> None:
    folder, authority = copy_of(finished, tmp_path), Authority(tmp_path / "tsa")
    other = runs(finished.advertiser)[0]
    run("audit", "stamp", other, "--request", tmp_path / "other.tsq")
    wrong = authority.answer(tmp_path / "other.tsq", tmp_path / "wrong.tsr")
    assert "about another log" in run("audit", "stamp", folder, "--response", wrong).err
    assert not (folder / "audit.head.tsr").exists()
    run("audit", "stamp", folder, "--request", tmp_path / "request.tsq")
    run("audit", "stamp", folder, "--response", authority.answer(tmp_path / "request.tsq", tmp_path / "answer.tsr"))
    stranger = Authority(tmp_path / "stranger", "Stranger")
    refused = run("audit", "verify", folder, "--tsa", stranger.root)
    assert (refused.code, refused.out) == (69, "")
    assert "no authority named with --tsa vouches" in refused.err


def test_stamp_wants_one_of_two_and_verify_wants_a_stamp(finished: Tiny, tmp_path: Path, run: Run) -> None:
    folder = copy_of(finished, tmp_path)
    run("audit", "stamp", folder).refusal(64, "--request", "--response")
    (tmp_path / "ca.pem").write_text("")
    assert "there is no time stamp" in run("audit", "verify", folder, "--tsa", tmp_path / "ca.pem").err
