import os
import stat

import pytest
from audit_kit import CONTRACT, KEYS, SIGNING, StepClock, evidence, fill, sealed_receipt, start_fields

from cleanroom.adapters.audit_files import AuditFile, read_evidence, read_log, write_head, write_release
from cleanroom.adapters.private_files import read_checked
from cleanroom.audit.events import Kind
from cleanroom.audit.log import AuditLog
from cleanroom.audit.verify import verify_run
from cleanroom.errors import AuditError, DataError, MachineError, MisuseError

GOOD = evidence()


@pytest.fixture
def run(tmp_path):
    return tmp_path / "runs" / "one"


@pytest.fixture
def stored(run):
    """A finished run's folder."""
    with AuditFile(run) as sink:
        log = AuditLog(sink, StepClock(), SIGNING["advertiser"])
        fill(log)
    write_release(run, GOOD.table, sealed_receipt())
    write_head(run, log.head())
    return run


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_stored_run_verifies(stored):
    assert verify_run(read_evidence(stored, CONTRACT), KEYS).events == 14
    events, torn = read_log(stored)
    assert (len(events), torn) == (14, False)


def test_only_the_owner_can_read_it(stored):
    assert {mode(path) for path in stored.iterdir()} == {0o600}
    assert mode(stored) == 0o700
    assert sorted(path.name for path in stored.iterdir()) == [
        "audit.head.json", "audit.jsonl", "receipt.json", "table.json"]


def test_the_umask_does_not_matter(run):
    previous = os.umask(0)
    try:
        with AuditFile(run) as sink:
            sink.append(b"{}")
    finally:
        os.umask(previous)
    assert mode(run / "audit.jsonl") == 0o600


def test_each_line_is_one_write_and_one_flush(run, monkeypatch):
    calls = []
    write, fsync = os.write, os.fsync
    monkeypatch.setattr(os, "write", lambda fd, data: (calls.append(data), write(fd, data))[1])
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("flush"), fsync(fd))[1])
    with AuditFile(run) as sink:
        assert calls == ["flush", "flush"]  # the file and its folder
        sink.append(b"one")
        sink.append(b"two")
    assert calls[2:] == [b"one\n", "flush", b"two\n", "flush"]


def test_a_log_is_never_continued(stored):
    before = (stored / "audit.jsonl").read_bytes()
    with pytest.raises(MisuseError, match="log already"):
        AuditFile(stored)
    assert (stored / "audit.jsonl").read_bytes() == before


def test_a_link_in_the_place_of_the_log_is_refused(run, tmp_path):
    run.mkdir(parents=True)
    (run / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(MisuseError):
        AuditFile(run)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("line", [b"", b"a\nb", b"a\n"])
def test_a_line_is_one_line(run, line):
    with AuditFile(run) as sink, pytest.raises(MisuseError):
        sink.append(line)


def test_a_closed_sink_refuses(run):
    sink = AuditFile(run)
    sink.close()
    sink.close()
    with pytest.raises(MisuseError):
        sink.append(b"x")


@pytest.mark.parametrize("kept", [0, 1, 30, None])
def test_a_write_cut_short_leaves_a_torn_line_and_a_dead_log(run, monkeypatch, kept):
    sink = AuditFile(run)
    log = AuditLog(sink, StepClock(), SIGNING["advertiser"])
    log.record(Kind.RUN_STARTED, **start_fields())
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:-1 if kept is None else kept]))
    with pytest.raises(MachineError, match="disk is full"):
        log.record(Kind.PARAMETERS_CHECKED)
    monkeypatch.undo()
    with pytest.raises(MisuseError):
        log.record(Kind.RUN_ENDED)
    with pytest.raises(MisuseError):
        sink.append(b"x")
    events, torn = read_log(run)
    assert ([event.kind for event in events], torn) == ([Kind.RUN_STARTED], kept != 0)


def test_a_disk_error_is_reported_with_the_file(run, monkeypatch):
    sink = AuditFile(run)

    def broken(fd):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(MachineError, match="No space left") as caught:
        sink.append(b"x")
    assert caught.value.where.endswith("audit.jsonl")


def test_a_log_that_cannot_be_created_is_refused(run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="cannot be created"):
        AuditFile(tmp_path / "file" / "run")

    def broken(fd):
        raise OSError(5, "Input/output error")
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(MachineError, match="Input/output"):
        AuditFile(run)


def test_a_process_killed_inside_a_write_leaves_a_readable_log(run):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # the child writes one whole line and a part of the next, then dies without cleaning up
        try:
            sink = AuditFile(run)
            AuditLog(sink, StepClock(), SIGNING["advertiser"]).record(Kind.RUN_STARTED, **start_fields())
            os.write(sink._descriptor, b'{"fields":{},"kind"')
            os.write(writer, b"!")
        finally:
            os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    os.close(writer)
    assert os.read(reader, 1) == b"!"
    os.close(reader)
    events, torn = read_log(run)
    assert ([event.kind for event in events], torn) == ([Kind.RUN_STARTED], True)


def test_a_torn_line_on_a_sealed_log_is_refused(stored):
    path = stored / "audit.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(AuditError) as caught:
        read_log(stored)
    assert caught.value.where == "audit.jsonl line 14"


@pytest.mark.parametrize("sealed", [True, False])
def test_a_malformed_line_is_named_on_any_log(stored, sealed):
    lines = (stored / "audit.jsonl").read_bytes().splitlines(keepends=True)
    lines[4] = b"\n"
    (stored / "audit.jsonl").write_bytes(b"".join(lines))
    if not sealed:
        (stored / "audit.head.json").unlink()
    with pytest.raises(AuditError) as caught:
        read_log(stored)
    assert caught.value.where == "audit.jsonl line 5"


@pytest.mark.parametrize("name", ["audit.jsonl", "audit.head.json"])
def test_missing_evidence_is_named(stored, name):
    (stored / name).unlink()
    with pytest.raises(AuditError) as caught:
        read_evidence(stored, CONTRACT)
    assert caught.value.where.endswith(name)


def test_a_missing_release_is_left_to_verification(stored):
    (stored / "receipt.json").unlink()
    (stored / "table.json").unlink()
    found = read_evidence(stored, CONTRACT)
    assert (found.receipt, found.table) == (None, None)


def test_a_release_is_never_replaced(stored):
    before = (stored / "receipt.json").read_bytes()
    with pytest.raises(MachineError, match="exists already"):
        write_release(stored, b"[]", b"{}")
    with pytest.raises(MachineError, match="exists already"):
        write_head(stored, b"{}")
    assert (stored / "receipt.json").read_bytes() == before
    assert len(list(stored.iterdir())) == 4


def test_nothing_is_left_of_a_file_that_could_not_be_written(run, monkeypatch):
    run.mkdir(parents=True)

    def broken(fd):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(MachineError, match="No space left"):
        write_head(run, b"{}")
    assert list(run.iterdir()) == []


def test_only_regular_files_of_bounded_size_are_read(tmp_path):
    (tmp_path / "large").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="larger than 4"):
        read_checked(tmp_path / "large", 4, DataError)
    for name in ("pipe", "", "missing"):
        with pytest.raises(DataError):
            read_checked(tmp_path / name, 4, DataError)
