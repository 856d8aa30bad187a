"""`cleanroom node status`: what it tells with and without a running node, and that it changes nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from live import failed_runs, match, serving
from test_observer import watched
from test_two_processes import COMMAND, node
from tiny import Tiny, runs

from cleanroom.errors import PeerRefusedError
from cleanroom.node.status import SCHEMA, is_ready, status


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_of_a_folder_that_never_ran_nothing_is_made(tiny: Tiny) -> None:
    before = tree(tiny.retailer)
    found = status(tiny.retailer)
    assert tree(tiny.retailer) == before
    assert (found["schema"], found["node"]["running"], found["runs"]["newest"]) == (SCHEMA, False, [])
    assert "no privacy ledger" in found["ready"]["ledger"]
    assert found["contracts"][0]["state"] == "in_force"


def test_a_finished_run_and_what_it_spent(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
    for party in (tiny.advertiser, tiny.retailer):
        found = status(party)
        assert (found["contracts"][0]["spent_epsilon"], found["contracts"][0]["left_epsilon"]) == (1.5, 7.5)
        assert [each["state"] for each in found["runs"]["newest"]] == ["finished"]
        assert found["measured"]["run"] == found["audit"]["run"] == runs(party)[0].name
        assert found["audit"]["verifies"]


def test_a_failed_run_is_told_with_its_class_and_public_words(tiny: Tiny) -> None:
    (tiny.retailer / "data" / "members.csv").unlink()
    with serving(tiny.retailer), pytest.raises(PeerRefusedError):
        match(tiny.advertiser, tiny.contract)
    failed_runs(tiny, "advertiser")
    assert status(tiny.retailer)["runs"]["errors"] == {"DataError": 1}
    last, = status(tiny.advertiser)["runs"]["newest"]
    assert (last["state"], last["error"]) == ("failed", "PeerRefusedError")


@pytest.mark.parametrize(("spoil", "check", "says"), [
    (lambda party: (party / "keys" / "tls.key.pem").unlink(), "keys", "cannot be opened"),
    (lambda party: (party / "keys" / "signing.key.pem").chmod(0o644), "keys", "other users"),
    (lambda party: (party / "state" / "ledger.sqlite").write_bytes(b""), "ledger", "damaged"),
    (lambda party: (party / "state" / "ledger.sqlite").unlink(), "ledger", "lost"),
    (lambda party: shutil.rmtree(party / "contracts"), "contracts", "no contract is in force")])
def test_what_makes_a_node_not_ready_is_named(tiny: Tiny, spoil, check: str, says: str) -> None:
    with watched(tiny):
        assert is_ready(status(tiny.retailer))
        spoil(tiny.retailer)
        found = status(tiny.retailer)
        assert says in found["ready"][check]
        assert not is_ready(found)
        assert str(tiny.folder) not in json.dumps(found)


def test_a_changed_log_does_not_verify(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
    log = runs(tiny.retailer)[0] / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"run_ended", b"run_ENDED"))
    assert "AuditError" in status(tiny.retailer)["audit"]["reason"]
    shutil.rmtree(log.parent)
    assert "is not here" in status(tiny.retailer)["audit"]["reason"]


def test_the_command_tells_whether_the_node_runs(tiny: Tiny) -> None:
    def ask(*options: str) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, "node", "status", str(tiny.retailer), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    stopped = ask()
    with node(tiny.retailer):
        running, document = ask(), ask("--json")
    assert (stopped.returncode, running.returncode, document.returncode) == (1, 0, 0)
    assert "running                no" in stopped.stdout
    assert "running                since 20" in running.stdout
    assert json.loads(document.stdout)["node"]["running"]


def test_a_node_that_was_killed_does_not_run(tiny: Tiny) -> None:
    with node(tiny.retailer) as process:
        assert status(tiny.retailer)["node"]["running"]
        process.kill()
        process.wait()
        assert not status(tiny.retailer)["node"]["running"]
