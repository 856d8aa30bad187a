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
from live import until
from tiny import RESULT_FILES, Tiny, runs

from cleanroom.audit.verify import compare_runs
from cleanroom.cli.run_evidence import verify_folder
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
        until(lambda: (answerer / "results.csv").exists())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    starter = runs(tiny.party(initiator))[0]
    for name in ("table.json", "receipt.json"):
        assert (starter / name).read_bytes() == (answerer / name).read_bytes()
    for folder in (starter, answerer):
        assert set(RESULT_FILES) <= {path.name for path in folder.iterdir()}
    compare_runs(verify_folder(starter), verify_folder(answerer))
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
    from live import converse_slowly, failed_runs

    with node(tiny.retailer) as process, converse_slowly(tiny):
        until(lambda: bool(runs(tiny.retailer)) and b"sizes_declared" in
              (runs(tiny.retailer)[0] / "audit.jsonl").read_bytes())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert len(failed_runs(tiny, "retailer")) == 1


def test_a_node_whose_address_is_taken_says_so(tiny: Tiny) -> None:
    with node(tiny.retailer):
        second = subprocess.run([*COMMAND, "node", str(tiny.retailer)], capture_output=True, text=True, check=False)
    assert second.returncode == 67
    assert second.stderr.count("\n") == 1
    assert "cannot listen on this address" in second.stderr
