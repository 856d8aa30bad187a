"""The files of a run's journal: what they hold, when they were written, who holds them, and their destruction.

See `adapters.journal`.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cleanroom.errors import BusyError, ResumeError

FOLDER_NAME: Final = "journal"
PARTIAL_NAME: Final = "journal.partial"  # beside it: those that are being made or destroyed
KEY_NAME: Final = "journal.key"
SALT: Final = 32
LENGTH: Final = 4
_OPENED: Final = SALT + LENGTH + 1 + 8 + 16  # bytes of a file that was begun, and to which nothing was added


class Entry(IntEnum):
    """What a record holds."""

    CONTINUED = 0  # how many records came before this file
    START = 1
    ANSWER = 2  # of a port
    EFFECT = 3  # about to be made: charge, evidence, sketch
    RECEIVED = 4  # a frame of the peer
    SENT = 5  # SHA-256 of a frame of ours
    END = 6  # everything was sent and received


@dataclass(frozen=True, slots=True)
class Start:
    """How the run began: SHA-256 of its contract, who dialled, when; for how many seconds after an interruption it may
    be taken up, and how many its journal may last in all."""

    contract: bytes
    initiator: bool
    started: datetime
    within: int
    lasting: int

    def encode(self) -> bytes:
        """As JSON."""
        return json.dumps([self.contract.hex(), self.initiator, self.started.isoformat(), self.within,
                           self.lasting]).encode()

    @staticmethod
    def decode(data: bytes) -> Start:
        """From JSON of `encode`. ResumeError for that of another version of this software."""
        try:
            contract, initiator, started, within, lasting = json.loads(data)
        except ValueError:
            raise ResumeError("its journal was begun by another version of the software") from None
        return Start(bytes.fromhex(contract), initiator, datetime.fromisoformat(started), within, lasting)

    def left(self, now: datetime) -> float:
        """Seconds until its journal must go; by a clock that was set back since, as if it had gone on."""
        return self.lasting - abs((now - self.started).total_seconds())


def start_of(folder: Path, key: bytes) -> Start:
    """How the run of a journal began. ResumeError when there is no whole journal."""
    kind, value = next(records(folder, key, files_of(folder)), (Entry.END, b""))
    if kind != Entry.START:
        raise ResumeError("no interrupted run with this id is kept here", where=folder.name,
                          todo="it has ended, or was given up: look into its folder in `runs`")
    return Start.decode(value)


def complete(folder: Path, key: bytes) -> bool:
    """Whether the run needs no peer any more: both have signed, and at most reports and last frames are missing."""
    with suppress(ResumeError):
        return any(kind == Entry.END for kind, _ in records(folder, key, files_of(folder)))
    return False


def written_at(folder: Path) -> float:
    """When the run last went on, in seconds since 1970: to be opened again is not to go on."""
    found = [path.stat() for path in files_of(folder)]
    return max((each.st_mtime for each in found if each.st_size > _OPENED), default=folder.stat().st_mtime)


def taken_up(folder: Path) -> int:
    """How many times the run was taken up; attempts that the disk refused do not count."""
    return sum(path.stat().st_size >= _OPENED for path in files_of(folder)) - 1


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes from a journal that cannot be read, or is not there. BusyError when one has it."""
    try:
        guard = guarded(folder)
    except FileNotFoundError:
        yield
        return
    try:
        yield
    finally:
        os.close(guard)


def remove(folder: Path) -> None:
    """Destroy a journal. It is gone from its place at once, so that no crash leaves half of it there."""
    with suppress(OSError):
        folder = folder.rename(partial_of(folder))
    destroy(folder)


def destroy(folder: Path) -> None:
    """The salts first, without which nothing can be read, wherever the file system keeps it."""
    for path in files_of(folder):
        with suppress(OSError), path.open("r+b") as file:
            file.write(bytes(SALT))
            file.flush()
            os.fsync(file.fileno())
    shutil.rmtree(folder, ignore_errors=True)


def partial_of(folder: Path) -> Path:
    """Where a journal is while it is made or destroyed."""
    return folder.parent.with_name(PARTIAL_NAME) / folder.name


def files_of(folder: Path) -> list[Path]:
    """In the order in which they were begun."""
    return sorted(folder.glob("[0-9]*"))


def records(folder: Path, key: bytes, files: list[Path]) -> Iterator[tuple[Entry, bytes]]:
    """All records but those that say how many came before, which must be right."""
    total = 0
    for path in files:
        for kind, value in _read(path, key, folder.name):
            if kind != Entry.CONTINUED:
                total += 1
                yield kind, value
            elif int.from_bytes(value, "big") != total:
                raise ResumeError("its journal is damaged", where=folder.name)


def _read(path: Path, key: bytes, run: str) -> Iterator[tuple[Entry, bytes]]:
    """The records of one file, up to one that a crash tore off."""
    with path.open("rb") as file:
        cipher, number = cipher_of(key, file.read(SALT), run), 0
        while len(head := file.read(LENGTH)) == LENGTH:
            try:
                plain = cipher.decrypt(number.to_bytes(12, "big"), file.read(int.from_bytes(head, "big")), None)
            except (InvalidTag, ValueError):
                return
            number += 1
            yield Entry(plain[0]), plain[1:]


def cipher_of(key: bytes, salt: bytes, run: str) -> ChaCha20Poly1305:
    """Of one file: its salt is its own."""
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt, b"cleanroom journal " + run.encode()).derive(key))


def guarded(folder: Path) -> int:
    """As `locked`; BusyError when another process has it."""
    try:
        return locked(folder)
    except BlockingIOError:
        raise BusyError("this run is under way in another process", where=folder.name) from None


def locked(folder: Path) -> int:
    """A descriptor that keeps the folder for this process until it is closed. OSError."""
    guard = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(guard)
        raise
    return guard
