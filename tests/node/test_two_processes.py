"""A whole run as people start it: `cleanroom node` and `cleanroom match`, two processes over mutual TLS."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from live import converse_slowly, failed_runs, until
from tiny import RESULT_FILES, Tiny, runs

from cleanroom.audit.verify import compare_runs
from cleanroom.cli.evidence import check_run_folder, read_anchors
from cleanroom.cli.init import create_party
from cleanroom.contract.model import Role, other

COMMAND = [sys.executable, "-m", "cleanroom.cli.main"]


@contextmanager
def node(party: Path) -> Iterator[subprocess.Popen[bytes]]:
    log = party / "node.log"
    with log.open("wb") as output:
        process = subprocess.Popen([*COMMAND, "node", str(party)], stdout=output, stderr=output)
        try:
            until(lambda: process.poll() is not None or b"listens on" in log.read_bytes())
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("initiator", ["advertiser", "retailer"])
def test_both_sides_end_with_the_same_signed_table(tiny: Tiny, initiator: Role) -> None:
    with node(tiny.party(other(initiator))) as process:
        done = subprocess.run([*COMMAND, "match", str(tiny.party(initiator)), "--contract", str(tiny.contract),
                               "--json"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answerer = runs(tiny.party(other(initiator)))[0]
        until((answerer / "results.csv").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "Traceback" not in done.stderr
    starter = runs(tiny.party(initiator))[0]
    for name in ("table.json", "receipt.json"):
        assert (starter / name).read_bytes() == (answerer / name).read_bytes()
    for folder in (starter, answerer):
        assert set(RESULT_FILES) <= {path.name for path in folder.iterdir()}
    anchors = read_anchors([tiny.contract])
    compare_runs(*(check_run_folder(folder, anchors).verified for folder in (starter, answerer)))
    prove_a_consent(starter, answerer)
    assert json.loads(done.stdout) == json.loads((starter / "measurement.json").read_text())


def prove_a_consent(run: Path, other_run: Path) -> None:
    """The record of the person in row 3 is proven against the run's folder, and not against another one."""
    proof = run.parent.parent / "proof.json"
    audit = [*COMMAND, "audit"]
    subprocess.run([*audit, "prove-consent", str(run), "3", "--out", str(proof)], check=True)
    shown = subprocess.run([*audit, "verify-consent", str(proof), str(run)], capture_output=True, text=True, check=True)
    assert "record_id: c2" in shown.stdout
    assert [path.name for path in run.glob("*.jsonl")] == ["audit.jsonl"]  # what opens the leaves stays elsewhere
    refused = subprocess.run([*audit, "verify-consent", str(proof), str(other_run)], capture_output=True, text=True,
                             check=False)
    assert (refused.returncode, "another consent root" in refused.stderr) == (69, True)


def test_a_node_stopped_in_the_middle_of_a_run_seals_it_as_failed(tiny: Tiny) -> None:
    with node(tiny.retailer) as process, converse_slowly(tiny):
        until(lambda: any(b"peer_identified" in log.read_bytes() for run in runs(tiny.retailer)
                          for log in run.glob("audit.jsonl")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert len(failed_runs(tiny, "retailer")) == 1


def test_a_node_whose_address_is_taken_says_so(tiny: Tiny) -> None:
    with node(tiny.retailer):
        second = subprocess.run([*COMMAND, "node", str(tiny.retailer)], capture_output=True, text=True, check=False)
    assert second.returncode == 67
    assert second.stderr.count("\n") == 1
    assert "cannot listen on this address" in second.stderr


def test_a_refused_run_is_one_line_after_its_progress(tiny: Tiny) -> None:
    """The shortest way from the handshake to the end: nothing of gRPC may be heard."""
    (tiny.retailer / "data" / "members.csv").unlink()
    with node(tiny.retailer):
        done = subprocess.run([*COMMAND, "match", str(tiny.advertiser), "--contract", str(tiny.contract)],
                              capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (77, "")
    *progress, last = done.stderr.splitlines()
    assert last.startswith("cleanroom: DataError: the peer ended the run")
    assert all(line.startswith("  ") for line in progress), progress


def test_a_wrong_certificate_is_one_line_after_its_progress(tiny: Tiny) -> None:
    for name in ("tls.key.pem", "tls.cert.pem", "signing.key.pem"):
        (tiny.retailer / "keys" / name).unlink()
    create_party(tiny.retailer)
    with node(tiny.retailer):
        done = subprocess.run([*COMMAND, "match", str(tiny.advertiser), "--contract", str(tiny.contract)],
                              capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (75, "")
    *progress, last = done.stderr.splitlines()
    assert "no TLS 1.3 handshake succeeds" in last
    assert all(line.startswith("  ") for line in progress), progress
