"""The tree of consent records: opened leaves verify, anything else does not, and nothing else is shown."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from consent_kit import CONTRACT, NOW, event, retailer

from cleanroom.adapters.consent_files import KeptConsents, kept_lines
from cleanroom.adapters.private_files import remove_unfinished
from cleanroom.audit import merkle
from cleanroom.audit.events import Event, Kind
from cleanroom.cli.consent_proof import check_root
from cleanroom.consent.evidence import Records, commit, prove, verify_proof
from cleanroom.consent.gate import gate
from cleanroom.errors import AuditError, DataError, MisuseError, UsageError
from cleanroom.primitives.canonical import canonical_json

SECRET = bytes(range(32))
PEOPLE = tuple(f"p{i}" for i in range(7))


class Memory:
    def __init__(self):
        self.lines = []

    def keep(self, pieces):
        self.lines = b"".join(pieces).splitlines()


def committed(secret=SECRET):
    """Everybody but p2 agreed; p4 also has an older event."""
    events = [event(p, record_id=f"r-{p}", method="formulaire « été »") for p in PEOPLE if p != "p2"]
    tables = retailer(*events, event("p4", status="refused", event_time="2024-03-01T00:00:00Z"),
                      event("p2", status="refused"), persons=PEOPLE)
    kept = Memory()
    return commit(gate(CONTRACT, tables, NOW).records, "run", secret, kept), kept.lines


ROOT, LINES = committed()


@pytest.mark.parametrize("row", [1, 2, 4, 5, 6, 7])
def test_an_opened_leaf_verifies(row):
    opened = verify_proof(prove(LINES, row, "kept"), "proof")
    assert (opened.run, opened.root, opened.size) == ("run", ROOT.hex(), 6)
    assert opened.record["record_id"] == f"r-p{row - 1}"
    assert opened.record["status"] == "given"


def test_a_leaf_is_the_salted_canonical_record():
    proof = json.loads(prove(LINES, 1, "kept"))
    record = json.loads(proof["record"])
    assert canonical_json(record).decode() == proof["record"]
    leaf = hashlib.sha256(b"\0" + bytes.fromhex(proof["salt"]) + proof["record"].encode()).digest()
    merkle.verify_inclusion(leaf, 0, 6, [bytes.fromhex(node) for node in proof["path"]], ROOT)


def test_a_proof_shows_neither_the_local_id_nor_the_secret_nor_other_records():
    proof = prove(LINES, 1, "kept").decode()
    assert "person" not in json.loads(json.loads(proof)["record"])
    assert SECRET.hex() not in proof
    assert "r-p1" not in proof


@pytest.mark.parametrize("row", [3, 8, 0])
def test_who_did_not_take_part_has_no_proof(row):
    with pytest.raises(AuditError, match="did not take part"):
        prove(LINES, row, "kept")


@pytest.mark.parametrize("change", [
    {"index": 1}, {"size": 3}, {"root": "00" * 32}, {"salt": "00" * 32}, {"path": []}, {"record": '{"status":"given"}'},
    {"format": "other"}, {"salt": "00"}, {"index": "x"}, {"record": "[]"}, {"path": ["zz"]},
])
def test_a_changed_proof_is_refused(change):
    proof = {**json.loads(prove(LINES, 1, "kept")), **change}
    with pytest.raises(AuditError):
        verify_proof(canonical_json(proof), "proof")


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"null", b"{\"format\": 1}"])
def test_no_proof_at_all_is_refused(data):
    with pytest.raises(AuditError):
        verify_proof(data, "proof")


def test_another_secret_gives_another_tree():
    assert committed(bytes(32))[0] != ROOT
    with pytest.raises(MisuseError, match="32 bytes"):
        committed(b"short")


def test_what_was_kept_must_be_that():
    with pytest.raises(AuditError, match="not the consent evidence"):
        prove([canonical_json({"format": "other"})], 1, "kept")


def test_nobody_gives_the_empty_tree():
    kept = Memory()
    nothing = np.empty(0, dtype=np.intp)
    nobody = Records(pd.DataFrame({"person": []}), nothing, nothing)
    assert commit(nobody, "run", SECRET, kept) == hashlib.sha256(b"").digest()


def logged(root=ROOT, count=6, *, late=False, run="run-0001"):
    def line(seq, kind, **fields):
        return Event(seq, "2026-06-01T00:00:00.000000Z", kind, fields)

    start = line(0, Kind.RUN_STARTED, run_id=run, contract_hash="0" * 64, contract_id="abc", role="retailer",
                 software="0", backend="test", rule_pack="0" * 64, previous_head="")
    sizes, consents = {"own": [1], "peer": [1]}, {"root": root.hex(), "count": count}
    if late:
        return start, line(1, Kind.SIZES_DECLARED, **sizes), line(2, Kind.CONSENT_ROOT, **consents)
    return start, line(1, Kind.CONSENT_ROOT, **consents), line(2, Kind.SIZES_DECLARED, **sizes)


@pytest.mark.parametrize("events", [logged(bytes(32)), logged(count=5), logged(late=True), logged(run="run-0002"),
                                    logged()[:1]])
def test_the_log_must_hold_the_root_before_the_protocol(events):
    kept = Memory()
    six = retailer(*[event(p) for p in PEOPLE[:6]], persons=PEOPLE[:6])
    commit(gate(CONTRACT, six, NOW).records, "run-0001", SECRET, kept)
    opened = verify_proof(prove(kept.lines, 1, "kept"), "proof")
    check_root(opened, logged(bytes.fromhex(opened.root)), "proof")
    with pytest.raises(AuditError):
        check_root(opened, events, "proof")


def test_kept_on_the_owners_side_only(tmp_path):
    store = KeptConsents(tmp_path, "ab" * 16)
    store.keep(line + b"\n" for line in LINES)
    path = tmp_path / "state" / "consents" / f"{'ab' * 16}.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(kept_lines(tmp_path / "runs" / ("ab" * 16))) == LINES
    with pytest.raises(DataError, match="cannot be kept"):
        store.keep(iter(LINES))
    with pytest.raises(UsageError, match="no consent evidence"):
        list(kept_lines(tmp_path / "runs" / ("cd" * 16)))


def test_a_failure_leaves_no_file(tmp_path):
    def lines():
        yield b"one"
        raise MisuseError("stopped")

    with pytest.raises(MisuseError):
        KeptConsents(tmp_path, "ab" * 16).keep(lines())
    assert list((tmp_path / "state" / "consents").iterdir()) == []


def test_evidence_cut_off_by_a_kill_goes_at_the_next_start(tmp_path):
    code = ("import sys, time; from pathlib import Path\nfrom cleanroom.adapters.consent_files import KeptConsents\n"
            "def lines():\n    yield b'x' * 10**6\n    print('writing', flush=True); time.sleep(60)\n"
            "KeptConsents(Path(sys.argv[1]), 'dead').keep(lines())\n")
    folder = tmp_path / "state" / "consents"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"writing\n"
        remove_unfinished(tmp_path)
        assert len(list(folder.iterdir())) == 1  # its process lives
        process.send_signal(signal.SIGKILL)
    assert len(list(folder.iterdir())) == 1
    remove_unfinished(tmp_path)
    assert list(folder.iterdir()) == []
