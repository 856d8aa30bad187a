"""The journal: in order, encrypted, for one process at a time, whole up to what a crash tore off."""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cleanroom.adapters import journal as journal_module
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.journal_files import Entry, Start, start_of, taken_up, written_at
from cleanroom.adapters.system import SystemEntropy
from cleanroom.errors import BusyError, MachineError, ResumeError

KEY = bytes(range(32))
START = Start(bytes(32), True, datetime(2026, 6, 1, tzinfo=UTC), 600, 7200)
ENTROPY = SystemEntropy()
SECRET = b"a scalar of this run, in 32 byte"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal" / ("ab" * 16)


def written(folder: Path) -> Journal:
    journal = Journal.create(folder, KEY, START, ENTROPY)
    journal.answer(lambda: SECRET)
    journal.check(Entry.SENT, b"digest")
    journal.answer(lambda: b"frame", Entry.RECEIVED)
    return journal


def reopened(folder: Path) -> Journal:
    return Journal.reopen(folder, KEY, ENTROPY)


def test_what_was_recorded_is_given_again_then_it_goes_on(folder: Path) -> None:
    written(folder).close()
    for more in range(3):
        journal = reopened(folder)
        assert (journal.start, journal.received, journal.sent) == (START, 1, 1)
        assert journal.answer(lambda: pytest.fail("asked anew")) == SECRET
        assert journal.check(Entry.SENT, b"digest")
        assert journal.answer(bytes, Entry.RECEIVED) == b"frame"
        assert [journal.answer(bytes) for _ in range(more)] == [b"live"] * more
        assert not journal.replaying
        assert journal.answer(lambda: b"live") == b"live"
        journal.close()


@pytest.mark.parametrize("other", [
    lambda journal: journal.check(Entry.SENT, b"digest"),
    lambda journal: (journal.answer(bytes), journal.check(Entry.SENT, b"another")),
    lambda journal: (journal.answer(bytes), journal.answer(bytes)),
], ids=["kind", "value", "order"])
def test_a_run_that_takes_another_course_is_refused(folder: Path, other: object) -> None:
    written(folder).close()
    journal = reopened(folder)
    with pytest.raises(ResumeError, match="not those that the run began with"):
        other(journal)
    journal.close()


def test_to_be_opened_again_is_not_to_go_on(folder: Path) -> None:
    written(folder).close()
    os.utime(folder / "0000", (1000, 1000))
    journal = reopened(folder)
    assert (written_at(folder), taken_up(folder)) == (1000, 1)
    for _ in range(3):
        journal.answer(bytes, journal._next[0]) if journal.replaying else None
    assert written_at(folder) == 1000
    journal.answer(lambda: b"live")
    assert written_at(folder) > 1000
    journal.close()


@pytest.mark.parametrize("after", [0, 1])
def test_an_attempt_that_the_disk_refuses_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                                         after: int) -> None:
    """Neither before nor after the salt of its file is written."""
    written(folder).close()
    os.utime(folder / "0000", (1000, 1000))
    write, calls = journal_module._write, iter(range(9))

    def full(descriptor: int, data: bytes) -> None:
        if next(calls) >= after:
            raise OSError(errno.ENOSPC, "full")
        write(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "_write", full)
        with pytest.raises(MachineError):
            reopened(folder)
    assert (written_at(folder), taken_up(folder)) == (1000, 0)
    reopened(folder).close()


def test_a_journal_has_a_last_moment_whichever_way_the_clock_jumps() -> None:
    assert START.left(START.started + timedelta(seconds=7000)) == 200
    assert START.left(START.started + timedelta(seconds=7201)) < 0
    assert START.left(START.started - timedelta(days=400)) < 0


def test_only_the_owner_can_open_it_and_nothing_is_in_clear(folder: Path) -> None:
    written(folder).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert SECRET not in path.read_bytes()
    with pytest.raises(ResumeError):
        Journal.reopen(folder, bytes(32), ENTROPY)


def test_a_record_that_a_crash_tore_off_was_never_acted_on(folder: Path) -> None:
    written(folder).close()
    whole = (folder / "0000").read_bytes()
    (folder / "0000").write_bytes(whole[:-3])
    journal = reopened(folder)
    assert (journal.received, journal.sent) == (0, 1)
    assert journal.answer(bytes) == SECRET
    assert journal.check(Entry.SENT, b"digest")
    assert journal.answer(lambda: b"again", Entry.RECEIVED) == b"again"
    journal.close()
    assert reopened(folder).received == 1


def test_every_opening_writes_under_a_key_of_its_own(folder: Path) -> None:
    """After a torn record the same numbers come again: under the same key a nonce would serve twice."""
    written(folder).close()
    reopened(folder).close()
    first, second = sorted(folder.iterdir())
    assert first.read_bytes()[:32] != second.read_bytes()[:32]


@pytest.mark.parametrize("harm", [
    lambda data: data[:-30], lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
], ids=["cut", "altered"])
def test_records_that_are_missing_before_later_ones_are_noticed(folder: Path, harm: object) -> None:
    written(folder).close()
    journal = reopened(folder)
    for _ in range(2):
        journal.close()
    (folder / "0000").write_bytes(harm((folder / "0000").read_bytes()))
    with pytest.raises(ResumeError):
        reopened(folder)


def test_one_process_holds_it(folder: Path) -> None:
    journal = written(folder)
    with pytest.raises(BusyError, match="in another process"):
        reopened(folder)
    journal.close()
    reopened(folder).close()


def test_what_is_removed_cannot_be_read_from_a_copy_made_after_its_salt_went(folder: Path,
                                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    journal, left = written(folder), []
    monkeypatch.setattr("cleanroom.adapters.journal_files.shutil.rmtree",
                        lambda path, **_: left.extend(each.read_bytes() for each in path.iterdir()))
    journal.remove()
    assert [data[:32] for data in left] == [bytes(32)]


def test_there_is_none_of_a_run_that_ended(folder: Path) -> None:
    written(folder).remove()
    assert not folder.exists()
    for ask in (lambda: reopened(folder), lambda: start_of(folder, KEY)):
        with pytest.raises(ResumeError, match="no interrupted run"):
            ask()


def test_a_disk_that_failed_once_is_not_believed_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = written(folder)
    with monkeypatch.context() as context:
        context.setattr(os, "fdatasync", lambda _: os.write(-1, b""))
        with pytest.raises(MachineError):
            journal.sync()
    with pytest.raises(MachineError, match="cannot be written"):
        journal.sync()
    journal.close()


def test_behind_a_torn_record_nothing_more_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The torn record has used its number, which is its nonce."""
    journal = written(folder)
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, data: write(file, data[:7]) if len(data) > 7 else refuse())
        with pytest.raises(MachineError):
            journal.check(Entry.SENT, b"half")
    with pytest.raises(MachineError):
        journal.check(Entry.SENT, b"after it")
    journal.close()
    assert reopened(folder).sent == 1


def refuse() -> int:
    raise OSError(28, "No space left on device")


def test_a_journal_that_cannot_be_begun_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdatasync", lambda _: os.write(-1, b""))
    with pytest.raises(MachineError):
        written(folder)
    assert [path for path in folder.parent.parent.rglob("*") if path.is_file()] == []
    assert not folder.exists()
