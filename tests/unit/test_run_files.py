"""The folder of runs: which one is the last, who may make one, and the root that the next log names."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from cleanroom.adapters import run_files
from cleanroom.adapters.run_files import MEASUREMENT_NAME, RunFiles
from cleanroom.errors import CleanroomError, MachineError, UsageError

RUNS = [f"{number:032x}" for number in range(1, 4)]


@pytest.fixture
def runs(tmp_path: Path) -> RunFiles:
    files = RunFiles(tmp_path)
    assert all(files.claim(run) for run in RUNS)
    return files


def test_last_is_the_newest_run_with_a_measurement(runs: RunFiles) -> None:
    for run in RUNS[:2]:
        runs.write(run, MEASUREMENT_NAME, "{}")
    assert runs.find("last").name == RUNS[1]


def test_last_is_the_newest_of_all_when_none_has_finished(runs: RunFiles) -> None:
    assert runs.find("last").name == RUNS[2]


def test_a_party_without_runs_has_no_last_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run yet"):
        RunFiles(tmp_path).find("last")


def test_an_id_is_claimed_once(runs: RunFiles) -> None:
    assert not runs.claim(RUNS[0])
    assert stat.S_IMODE(runs.folder(RUNS[0]).stat().st_mode) == 0o700


def test_of_several_claims_at_once_one_is_granted(tmp_path: Path) -> None:
    files, granted = RunFiles(tmp_path), []
    threads = [threading.Thread(target=lambda: granted.append(files.claim(RUNS[0]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted) == [False] * 7 + [True]


def test_the_root_of_the_log_sealed_last_is_remembered(runs: RunFiles) -> None:
    assert runs.last_head() == ""
    for number, run in enumerate(RUNS):
        runs.seal(run, lambda _: b"{}", bytes([number]) * 32)
        assert runs.last_head() == f"{number:02x}" * 32


def test_each_head_is_made_from_the_root_sealed_before_it(runs: RunFiles) -> None:
    """Also of runs that began at the same time."""
    named: list[str] = []
    for number, run in enumerate(RUNS):
        runs.seal(run, lambda after: named.append(after) or b"{}", bytes([number]) * 32)
    assert named == ["", *(f"{number:02x}" * 32 for number in range(len(RUNS) - 1))]


def test_a_root_is_replaced_whole_and_flushed(runs: RunFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that refuses the new root leaves the old one."""
    runs.seal(RUNS[0], lambda _: b"{}", bytes(32))
    fsync, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 2:  # the head and its folder
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match="No space left"):
        runs.seal(RUNS[1], lambda _: b"{}", b"\x01" * 32)
    monkeypatch.undo()
    assert runs.last_head() == "00" * 32
    assert {path.name for path in (tmp_path / "state").iterdir()} == {"last-head", "last-head.lock"}


def test_seals_wait_for_each_other(runs: RunFiles) -> None:
    """While one seals, another cannot store its head and lose to an older root."""
    with runs._locked():
        sealing = threading.Thread(target=runs.seal, args=(RUNS[0], lambda _: b"{}", bytes(32)))
        sealing.start()
        sealing.join(0.2)
        assert sealing.is_alive()
        assert not (runs.folder(RUNS[0]) / "audit.head.json").exists()
    sealing.join()
    assert runs.last_head() == "00" * 32


def test_a_folder_that_cannot_be_made_is_the_machines_fault(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(MachineError) as caught:
        RunFiles(tmp_path).claim(RUNS[0])
    assert caught.value.public == "the other party's node has a fault"


def test_a_crash_between_the_head_and_its_root_is_made_good(runs: RunFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    seal, named = run_files.replace_private, []

    def killed(path: Path, data: bytes, error: type[CleanroomError]) -> None:
        if path.name == run_files.LAST_HEAD_NAME:
            raise KeyboardInterrupt
        seal(path, data, error)

    with monkeypatch.context() as context:
        context.setattr(run_files, "replace_private", killed)
        with pytest.raises(KeyboardInterrupt):
            runs.seal(RUNS[0], lambda _: b"head", bytes([1]) * 32)
    runs.seal(RUNS[1], lambda previous: named.append(previous) or b"head", bytes([2]) * 32)
    assert named == ["01" * 32]
    assert runs.last_head() == "02" * 32
