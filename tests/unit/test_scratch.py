"""Piles in memory and on the disk: what comes back, what can be read there, and what is left of them."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from cleanroom.adapters.scratch import DiskScratch, MemoryScratch, sweep
from cleanroom.adapters.system import SystemEntropy
from cleanroom.errors import MachineError

SMALL = 4096  # bytes of memory: a quarter of it for piles
MARK = b"somebody@example.org"


def scratch(folder: Path, memory: int = SMALL) -> DiskScratch:
    return DiskScratch(folder, memory, SystemEntropy())


def filled(piles, rounds: int = 20) -> list[bytes]:
    """Fill piles in turn; what each holds."""
    expected = [b""] * len(piles)
    for turn in range(rounds):
        for number, pile in enumerate(piles):
            data = np.full((7, 30), turn * 10 + number, dtype=np.uint8)
            pile.add(data)
            expected[number] += data.tobytes()
    return expected


def taken(pile) -> bytes:
    return b"".join(part.tobytes() for part in pile.take())


@pytest.mark.parametrize("memory", [0, SMALL, 10**9])
def test_piles_give_back_what_was_added_in_order_and_once(tmp_path: Path, memory: int) -> None:
    with scratch(tmp_path, memory) as room:
        piles = [*room.piles(3), *room.piles(1)]
        expected = filled(piles)
        assert (room.spilled > 0) == (memory < 10**9)
        assert [taken(pile) for pile in piles] == expected
        assert [taken(pile) for pile in piles] == [b""] * 4
        piles[0].add(np.ones(5, dtype=np.uint8))  # a pile may be used again
        assert taken(piles[0]) == b"\x01" * 5


def test_memory_alone_behaves_alike() -> None:
    room = MemoryScratch()
    piles = room.piles(3)
    expected = filled(piles)
    room.require(10**18)
    room.hold(10**18)
    assert [taken(pile) for pile in piles] == expected
    piles[0].add(np.ones(5, dtype=np.uint8))
    piles[0].clear()
    assert taken(piles[0]) == b""


def test_what_is_written_cannot_be_read_and_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, write = [], os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda handle, data, at: written.append(bytes(data)) or write(handle, data, at))
    with scratch(tmp_path) as room:
        (pile,) = room.piles(1)
        for _ in range(100):
            pile.add(np.frombuffer(MARK * 4, dtype=np.uint8))
        folder = next(tmp_path.glob("scratch-*"))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list(folder.iterdir()) == []
        assert taken(pile) == MARK * 400
    assert len(b"".join(written)) > 4000
    assert MARK not in b"".join(written)
    assert list(tmp_path.iterdir()) == []


def test_two_runs_never_use_the_same_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, write = [], os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda handle, data, at: written.append(bytes(data)) or write(handle, data, at))
    for _ in range(2):
        with scratch(tmp_path, 0) as room:
            room.piles(1)[0].add(np.zeros(1000, dtype=np.uint8))
    assert len(set(written)) == len(written) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, MachineError("x")])
def test_nothing_is_left_after_an_error(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises((KeyboardInterrupt, MachineError)), scratch(tmp_path) as room:  # noqa: PT012
        filled(room.piles(2))
        raise error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "said"), [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the disk is full"),
                                              (errno.EIO, "could not be written")])
def test_a_disk_that_takes_no_more_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int,
                                                     said: str) -> None:
    calls, write = [], os.pwrite

    def full(handle: int, data: bytes, at: int) -> int:
        calls.append(at)
        if len(calls) > 3:
            raise OSError(number, os.strerror(number))
        return write(handle, data[:100], at)  # a disk may also take a part only

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(MachineError, match=said), scratch(tmp_path) as room:
        filled(room.piles(2))
    assert list(tmp_path.iterdir()) == []


def test_room_is_asked_for_before_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(0, 0, 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with scratch(tmp_path, 4 * 10**8) as room:
        room.require(10**9)
        room.require(0)
        with pytest.raises(MachineError, match="need 1,900,000,000 bytes on the disk, 1,000,000,000 are free"):
            room.require(2 * 10**9)


def test_a_budget_below_what_must_be_held_is_refused(tmp_path: Path) -> None:
    with scratch(tmp_path, 10**6) as room:
        room.hold(5 * 10**5)
        with pytest.raises(MachineError, match="more than half of the budget") as caught:
            room.hold(5 * 10**5 + 1)
    assert caught.value.where == "limits.memory"


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    with scratch(tmp_path, 0) as room:
        (pile,) = room.piles(1)
        pile.add(np.zeros(1000, dtype=np.uint8))
        os.pwrite(room._files[0]._handle, b"x", 500)
        with pytest.raises(MachineError, match="not as it was written"):
            taken(pile)


def test_a_crash_leaves_an_empty_folder_that_the_next_start_removes(tmp_path: Path) -> None:
    code = ("import sys, time, numpy as np; from pathlib import Path\n"
            "from cleanroom.adapters.scratch import DiskScratch\nfrom cleanroom.adapters.system import SystemEntropy\n"
            "room = DiskScratch(Path(sys.argv[1]), 0, SystemEntropy())\n"
            "room.piles(1)[0].add(np.zeros(10**6, dtype=np.uint8)); print('spilled', flush=True); time.sleep(60)\n")
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"spilled\n"
        sweep(tmp_path)
        assert [path.name[:8] for path in tmp_path.iterdir()] == ["scratch-"]  # its process lives
        process.send_signal(signal.SIGKILL)
    assert list(next(tmp_path.glob("scratch-*")).iterdir()) == []
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_texts_of_a_scratch_show_nothing(tmp_path: Path) -> None:
    with scratch(tmp_path) as room:
        assert (repr(room), repr(room.piles(1)[0])) == ("DiskScratch", "Pile")
