"""A disk that fails, at the start of a run or after both signed: no result stands, and the log says what it can."""

from __future__ import annotations

from pathlib import Path

import pytest
from live import failed_runs, match, sealed, serving
from tiny import Tiny, edit, result_files, runs

from cleanroom import __version__
from cleanroom.adapters import audit_files
from cleanroom.adapters.audit_files import AuditFile, read_log
from cleanroom.audit.events import Kind
from cleanroom.cli.audit import report
from cleanroom.errors import CleanroomError, MachineError, PeerRefusedError

FULL = "cannot be written (No space left on device)"


@pytest.mark.parametrize("name", ["receipt.json", "table.json"])
def test_a_release_that_cannot_be_stored_fails_the_run_and_seals_its_log(
        tiny: Tiny, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write = audit_files.write_private

    def full(path: Path, data: bytes, error: type[CleanroomError]) -> None:
        if path.name == name and path.is_relative_to(tiny.advertiser):
            raise error(FULL, where=str(path))
        write(path, data, error)

    monkeypatch.setattr(audit_files, "write_private", full)
    with serving(tiny.retailer), pytest.raises(MachineError, match="No space left") as caught:
        match(tiny.advertiser, tiny.contract)
    assert caught.value.where.endswith(name)
    [run] = failed_runs(tiny, "advertiser", "MachineError")
    assert read_log(run)[0][-1].fields["stage"] == "release"


def test_an_ending_that_cannot_be_written_leaves_no_result(
        tiny: Tiny, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    append = AuditFile.append

    def full(sink: AuditFile, line: bytes) -> None:
        if b'"run_ended"' in line and sink._path.is_relative_to(tiny.advertiser):
            sink.close()
            raise MachineError(FULL)
        append(sink, line)

    monkeypatch.setattr(AuditFile, "append", full)
    with serving(tiny.retailer), pytest.raises(MachineError, match="No space left"):
        match(tiny.advertiser, tiny.contract)
    [run] = runs(tiny.advertiser)
    assert result_files(tiny.advertiser) == []
    assert not sealed(run)
    report(run)
    assert "the log stops before the run's end" in capsys.readouterr().err


def test_a_head_that_cannot_be_stored_does_not_hide_why_the_run_failed(
        tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(tiny.retailer / "data" / "purchases.csv", "2025-03-02,b0,", "yesterday,b0,")
    write = audit_files.write_private

    def full(path: Path, data: bytes, error: type[CleanroomError]) -> None:
        if path.name == "audit.head.json":
            raise error(FULL, where=str(path))
        write(path, data, error)

    monkeypatch.setattr(audit_files, "write_private", full)
    with serving(tiny.retailer), pytest.raises(PeerRefusedError, match="refused by its own checks"):
        match(tiny.advertiser, tiny.contract)


def test_the_peer_of_a_node_whose_disk_fails_hears_of_a_fault_not_of_data(tiny: Tiny) -> None:
    (tiny.retailer / "runs").write_text("in the way")
    with serving(tiny.retailer), pytest.raises(PeerRefusedError) as caught:
        match(tiny.advertiser, tiny.contract)
    assert "MachineError: the peer ended the run: the other party's node has a fault" in str(caught.value)


def test_both_logs_say_which_software_the_peer_runs(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
    for party in (tiny.advertiser, tiny.retailer):
        [event] = [event for event in read_log(runs(party)[0])[0] if event.kind == Kind.PEER_IDENTIFIED]
        assert event.fields["software"] == __version__
