"""Room for the lists of a run: in memory up to a budget, beyond it in encrypted files that nobody can read later.

Files lie in a folder of the run with mode 0700, and their names are removed as soon as they are open: when the process
ends, however it ends, the file system takes the room back. What is written is ChaCha20-Poly1305 under a key that is
made for the run and kept in memory only; each piece has a nonce of its own (file number, piece number).
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from numpy.typing import NDArray

from cleanroom.adapters.private_files import remove_abandoned
from cleanroom.errors import MachineError
from cleanroom.ports import Entropy

FOLDER_PREFIX: Final = "scratch-"
_LISTS: Final = 4  # lists take a quarter of the budget, beside keys, columns and one part of the tables
_PIECE: Final = 4 * 1024 * 1024  # bytes encrypted at once
_MARGIN: Final = 64 * 1024 * 1024  # of the disk, left to others

Bytes = NDArray[np.uint8]


class _Written(NamedTuple):
    """Where one encrypted piece lies; `number` is its nonce."""

    offset: int
    size: int
    number: int


class DiskScratch:
    """`ports.Scratch` of a node with a memory budget, in bytes: a quarter of it for lists, the rest of them under
    `folder`. Use as a context manager."""

    def __init__(self, folder: Path, memory: int, entropy: Entropy) -> None:
        self._folder = folder / f"{FOLDER_PREFIX}{entropy.bytes(16).hex()}"  # no run's id: two could claim the same
        self._memory, self._budget = memory, memory // _LISTS
        self._cipher = ChaCha20Poly1305(entropy.bytes(32))
        self._lock = threading.RLock()
        self._held = self.spilled = 0
        self._files: list[_File] = []
        self._piles: set[_Pile] = set()
        self._guard = -1

    def __repr__(self) -> str:
        return "DiskScratch"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def piles(self, count: int) -> Sequence[_Pile]:
        """See `ports.Scratch`. They share one file, which ends when all are empty."""
        with self._lock:
            file = _File(self, len(self._files))
            self._files.append(file)
        return [_Pile(self, file) for _ in range(count)]

    def hold(self, size: int) -> None:
        """See `ports.Scratch`. What is held may take half of the budget."""
        if 2 * size > self._memory:
            raise MachineError(f"keys and columns take {size:,} bytes of memory, more than half of the budget of "
                               f"{self._memory:,}", where="limits.memory", todo="raise the memory budget in party.toml")

    def require(self, size: int) -> None:
        """See `ports.Scratch`. MachineError names the bytes that are missing on the disk."""
        with self._lock:
            beyond = self._held + size - self._budget
        free = shutil.disk_usage(_existing(self._folder)).free
        if beyond + _MARGIN > free and beyond > 0:
            raise MachineError(
                f"the lists of this run need {beyond:,} bytes on the disk, {free:,} are free",
                where="limits.memory", todo="free some room beside party.toml, or raise the memory budget")

    def close(self) -> None:
        """Forget everything and remove the folder. May be called again."""
        with self._lock:
            for pile in list(self._piles):
                pile.clear()
            for file in self._files:
                file.close()
            if self._guard >= 0:
                with suppress(OSError):
                    self._folder.rmdir()
                os.close(self._guard)
                self._guard = -1

    def _grown(self, pile: _Pile, size: int) -> None:
        """`size` more bytes are held by `pile`: spill the largest piles while that is too much."""
        self._piles.add(pile)
        self._held += size
        while self._held > self._budget:
            largest = max(self._piles, key=lambda each: each.held)
            if not largest.held:
                return
            self._held -= largest.spill()

    def _shrunk(self, size: int) -> None:
        self._held -= size

    def _open(self, number: int) -> int:
        """A file without a name in the folder of the run."""
        while self._guard < 0:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            guard = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(guard, fcntl.LOCK_SH)
            if self._folder.exists():
                self._guard = guard
            else:  # another process swept it between the two calls
                os.close(guard)
        path = self._folder / str(number)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        path.unlink()
        return handle


class _File:
    """Encrypted pieces of some piles, one after the other. Opened by the first piece."""

    def __init__(self, scratch: DiskScratch, number: int) -> None:
        self._scratch, self._number = scratch, number
        self._handle, self._end, self._pieces, self._live = -1, 0, 0, 0

    def write(self, data: Bytes) -> _Written:
        """Encrypt and append one piece. MachineError when the disk does not take it."""
        cipher = self._scratch._cipher
        number, self._pieces = self._pieces, self._pieces + 1
        sealed = cipher.encrypt(self._nonce(number), data.data, None)
        try:
            if self._handle < 0:
                self._handle = self._scratch._open(self._number)
            _write_all(self._handle, sealed, self._end)
        except OSError as error:
            raise _no_room(error) from None
        written = _Written(self._end, len(sealed), number)
        self._end += len(sealed)
        self._live += 1
        self._scratch.spilled += len(sealed)
        return written

    def read(self, piece: _Written) -> bytes:
        """Decrypt one piece. MachineError when it is not what was written."""
        try:
            sealed = os.pread(self._handle, piece.size, piece.offset)
            return self._scratch._cipher.decrypt(self._nonce(piece.number), sealed, None)
        except (OSError, InvalidTag):
            raise MachineError("a temporary file is not as it was written", where="scratch",
                               todo="check the disk, then run again") from None

    def forget(self, pieces: int) -> None:
        """Some pieces are not needed any more; without any the room is given back."""
        self._live -= pieces
        if self._live == 0:
            self.close()

    def close(self) -> None:
        """Give the room back."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle, self._end = -1, 0

    def _nonce(self, piece: int) -> bytes:
        return self._number.to_bytes(4, "big") + piece.to_bytes(8, "big")


class _Pile:
    """`ports.Pile`: pieces on the disk, then what is still held."""

    def __init__(self, scratch: DiskScratch, file: _File) -> None:
        self._scratch, self._file = scratch, file
        self._written: list[_Written] = []
        self._parts: list[Bytes] = []
        self.held = 0

    def __repr__(self) -> str:
        return "Pile"

    def add(self, data: Bytes) -> None:
        """See `ports.Pile`."""
        part = np.array(data, dtype=np.uint8).reshape(-1)
        with self._scratch._lock:
            self._parts.append(part)
            self.held += part.nbytes
            self._scratch._grown(self, part.nbytes)

    def take(self) -> Iterator[Bytes]:
        """See `ports.Pile`."""
        written, parts, held = self._emptied()
        try:
            for piece in written:
                with self._scratch._lock:
                    data = self._file.read(piece)
                yield np.frombuffer(data, dtype=np.uint8)
            yield from parts
        finally:
            with self._scratch._lock:
                self._scratch._shrunk(held)
                self._file.forget(len(written))

    def look(self) -> Iterator[Bytes]:
        """See `ports.Pile`."""
        for piece in self._written:
            with self._scratch._lock:
                data = self._file.read(piece)
            yield np.frombuffer(data, dtype=np.uint8)
        yield from self._parts

    def clear(self) -> None:
        """See `ports.Pile`."""
        with self._scratch._lock:
            written, parts, held = self._emptied()
            for part in parts:
                part.fill(0)
            self._scratch._shrunk(held)
            self._file.forget(len(written))

    def spill(self) -> int:
        """Write what is held; how many bytes that was."""
        whole = np.concatenate(self._parts)
        for start in range(0, len(whole), _PIECE):
            self._written.append(self._file.write(whole[start:start + _PIECE]))
        freed, self._parts, self.held = self.held, [], 0
        return freed

    def _emptied(self) -> tuple[list[_Written], list[Bytes], int]:
        with self._scratch._lock:
            found = self._written, self._parts, self.held
            self._written, self._parts, self.held = [], [], 0
            self._scratch._piles.discard(self)
        return found


class MemoryScratch:
    """`ports.Scratch` without a disk: for small lists and tests."""

    def __repr__(self) -> str:
        return "MemoryScratch"

    def piles(self, count: int) -> Sequence[_MemoryPile]:
        """See `ports.Scratch`."""
        return [_MemoryPile() for _ in range(count)]

    def hold(self, size: int) -> None:
        """See `ports.Scratch`; there is no budget."""

    def require(self, size: int) -> None:
        """See `ports.Scratch`; whatever there is must do."""


class _MemoryPile:
    def __init__(self) -> None:
        self._parts: list[Bytes] = []

    def add(self, data: Bytes) -> None:
        """See `ports.Pile`."""
        self._parts.append(np.array(data, dtype=np.uint8).reshape(-1))

    def take(self) -> Iterator[Bytes]:
        """See `ports.Pile`."""
        parts, self._parts = self._parts, []
        return iter(parts)

    def look(self) -> Iterator[Bytes]:
        """See `ports.Pile`."""
        return iter(self._parts)

    def clear(self) -> None:
        """See `ports.Pile`."""
        for part in self._parts:
            part.fill(0)
        self._parts = []


def sweep(folder: Path) -> None:
    """Remove what crashed runs left under `folder`: empty folders, unless their process is still there."""
    remove_abandoned(folder.glob(f"{FOLDER_PREFIX}*"), shutil.rmtree)


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _write_all(handle: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written


def _no_room(error: OSError) -> MachineError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return MachineError("the disk is full: a temporary list of this run found no room", where="limits.memory",
                            todo="free some room beside party.toml, or raise the memory budget")
    return MachineError("a temporary list of this run could not be written", where="limits.memory",
                        todo="check the disk and its permissions, then run again")
