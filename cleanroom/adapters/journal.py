"""The journal of a run under way: whatever the run could not compute again, in order, encrypted.

`state/journal/RUN/` (0700) holds numbered files (0600), one for each time a process opened the run: a random salt,
then records of length and ChaCha20-Poly1305 ciphertext. A file has a key of its own, derived from the party's key and
the salt, so the record's number is its nonce and no nonce is used twice, whatever a crash tore off. The first record
of each later file says how many there are before it: what is missing is noticed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cleanroom.adapters.private_files import make_private_folder, sync_folder
from cleanroom.errors import BusyError, MachineError, ResumeError
from cleanroom.ports import Entropy

FOLDER_NAME: Final = "journal"
PARTIAL_NAME: Final = "journal.partial"  # beside it: those that are being made or destroyed
KEY_NAME: Final = "journal.key"
_SALT: Final = 32
_LENGTH: Final = 4
_OPENED: Final = _SALT + _LENGTH + 1 + 8 + 16  # bytes of a file that was begun, and to which nothing was added
_CHANGED: Final = "own tables, settings or software are not those that the run began with"


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


class Journal:
    """The journal of one run, held by one process at a time. `create` or `reopen`.

    While it replays, `answer` gives what was recorded, and `check` compares: ResumeError when the run takes another
    course. After the last record both record. MachineError when the disk refuses.
    """

    def __init__(self, folder: Path, key: bytes, guard: int, start: Start) -> None:
        self._folder, self._key, self._guard, self.start = folder, key, guard, start
        self._lock = threading.Lock()
        self._past: Iterator[tuple[Entry, bytes]] = iter(())
        self._next: tuple[Entry, bytes] | None = None
        self._file = -1
        self._count = 0  # records of the file that is written
        self._synced = 0
        self._lost: OSError | None = None
        self.received = self.sent = 0  # frames in the records that were found
        self.ended = False

    def __repr__(self) -> str:
        return "Journal"

    @classmethod
    def create(cls, folder: Path, key: bytes, start: Start, entropy: Entropy) -> Journal:
        """A new one in `folder`, which must not be there. It is made elsewhere: it stands there with its start, or not
        at all."""
        partial = _partial(folder)
        journal: Journal | None = None
        for parent in (folder.parent, partial.parent):
            make_private_folder(parent, MachineError)
        try:
            partial.mkdir(mode=0o700)
            journal = cls(partial, key, _locked(partial), start)
            journal._begin(entropy)
            journal._append(Entry.START, start.encode())
            journal.sync()
            journal._folder = partial.rename(folder)
            sync_folder(folder.parent)
        except (OSError, MachineError) as bad:
            destroy(partial)
            if journal is not None:
                journal.close()
            raise bad if isinstance(bad, MachineError) else _failed(bad, folder) from None
        return journal

    @classmethod
    def reopen(cls, folder: Path, key: bytes, entropy: Entropy) -> Journal:
        """The one in `folder`, to be replayed. ResumeError when it is not there or damaged, BusyError when it is in
        use, MachineError when the disk refuses."""
        try:
            start = start_of(folder, key)
            journal = cls(folder, key, _guarded(folder), start)
        except OSError:
            raise ResumeError("no interrupted run with this id is kept here", where=folder.name,
                              todo="it has ended, or was given up: look into its folder in `runs`") from None
        try:
            journal._scan()
            journal._past = _records(folder, key, journal._files())
            next(journal._past)  # the start
            journal._advance()
            journal._begin(entropy)
            journal._append(Entry.CONTINUED, journal._total.to_bytes(8, "big"))
        except BaseException as bad:
            journal.close()
            if isinstance(bad, OSError):
                raise _failed(bad, folder) from None
            raise
        return journal

    @property
    def replaying(self) -> bool:
        """Whether there are records that the run has not reached again."""
        return self._next is not None

    def answer(self, make: Callable[[], bytes], kind: Entry = Entry.ANSWER) -> bytes:
        """What was recorded here; else what `make` gives, recorded."""
        if self._next is None:
            value = make()
            self._append(kind, value)
            return value
        return self._taken(kind)

    def check(self, kind: Entry, value: bytes) -> bool:
        """Record `value`; while replaying, compare it with what was recorded here. Whether it was."""
        if self._next is None:
            self._append(kind, value)
            return False
        if self._taken(kind) != value:
            raise ResumeError(_CHANGED, where=self._folder.name)
        return True

    def end(self) -> None:
        """Everything was sent and received: from here on the run needs no peer."""
        self.check(Entry.END, b"")
        self.ended = True

    def sync(self) -> None:
        """Everything recorded so far is on the disk when this returns. Called before anything leaves the process.
        MachineError when the disk refuses."""
        with self._lock:
            written = self._count
            if self._file < 0 or written == self._synced:
                return
            try:
                if self._lost:
                    raise self._lost
                os.fdatasync(self._file)
            except OSError as bad:
                self._lost = bad  # for good: the kernel drops what it could not write, and says so once
                raise _failed(bad, self._folder) from None
            self._synced = written

    def close(self) -> None:
        """Leave it for another process. Allowed twice."""
        with self._lock:
            for descriptor in (self._file, self._guard):
                if descriptor >= 0:
                    os.close(descriptor)
            self._file = self._guard = -1

    def remove(self) -> None:
        """Destroy it."""
        remove(self._folder)
        self.close()

    def _taken(self, kind: Entry) -> bytes:
        if self._next is None or self._next[0] != kind:
            raise ResumeError(_CHANGED, where=self._folder.name)
        value = self._next[1]
        self._advance()
        return value

    def _advance(self) -> None:
        self._next = next(self._past, None)

    def _append(self, kind: Entry, value: bytes) -> None:
        if self._lost:  # behind a torn record nothing can be read, and its number is used
            raise _failed(self._lost, self._folder)
        sealed = self._cipher.encrypt(self._count.to_bytes(12, "big"), bytes([kind]) + value, None)
        try:
            _write(self._file, len(sealed).to_bytes(_LENGTH, "big") + sealed)
        except OSError as bad:
            self._lost = bad
            raise _failed(bad, self._folder) from None
        self._count += 1

    def _begin(self, entropy: Entropy) -> None:
        number, salt = len(self._files()), entropy.bytes(_SALT)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        path = self._folder / f"{number:04d}"
        self._file = os.open(path, flags, 0o600)
        try:
            _write(self._file, salt)
            sync_folder(self._folder)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        self._cipher = _cipher(self._key, salt, self._folder.name)

    def _scan(self) -> None:
        """Count what is there."""
        self._total = 0
        for kind, _ in _records(self._folder, self._key, self._files()):
            self.received += kind == Entry.RECEIVED
            self.sent += kind == Entry.SENT
            self.ended = self.ended or kind == Entry.END
            self._total += 1

    def _files(self) -> list[Path]:
        return _files(self._folder)


def start_of(folder: Path, key: bytes) -> Start:
    """How the run of a journal began. ResumeError when there is no whole journal."""
    kind, value = next(_records(folder, key, _files(folder)), (Entry.END, b""))
    if kind != Entry.START:
        raise ResumeError("no interrupted run with this id is kept here", where=folder.name,
                          todo="it has ended, or was given up: look into its folder in `runs`")
    return Start.decode(value)


def complete(folder: Path, key: bytes) -> bool:
    """Whether the run needs no peer any more: both have signed, and at most reports and last frames are missing."""
    with suppress(ResumeError):
        return any(kind == Entry.END for kind, _ in _records(folder, key, _files(folder)))
    return False


def written_at(folder: Path) -> float:
    """When the run last went on, in seconds since 1970: to be opened again is not to go on."""
    found = [path.stat() for path in _files(folder)]
    return max((each.st_mtime for each in found if each.st_size > _OPENED), default=folder.stat().st_mtime)


def taken_up(folder: Path) -> int:
    """How many times the run was taken up; attempts that the disk refused do not count."""
    return sum(path.stat().st_size >= _OPENED for path in _files(folder)) - 1


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes from a journal that cannot be read, or is not there. BusyError when one has it."""
    try:
        guard = _guarded(folder)
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
        folder = folder.rename(_partial(folder))
    destroy(folder)


def destroy(folder: Path) -> None:
    """The salts first, without which nothing can be read, wherever the file system keeps it."""
    for path in _files(folder):
        with suppress(OSError), path.open("r+b") as file:
            file.write(bytes(_SALT))
            file.flush()
            os.fsync(file.fileno())
    shutil.rmtree(folder, ignore_errors=True)


def _partial(folder: Path) -> Path:
    return folder.parent.with_name(PARTIAL_NAME) / folder.name


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*"))


def _records(folder: Path, key: bytes, files: list[Path]) -> Iterator[tuple[Entry, bytes]]:
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
        cipher, number = _cipher(key, file.read(_SALT), run), 0
        while len(head := file.read(_LENGTH)) == _LENGTH:
            try:
                plain = cipher.decrypt(number.to_bytes(12, "big"), file.read(int.from_bytes(head, "big")), None)
            except (InvalidTag, ValueError):
                return
            number += 1
            yield Entry(plain[0]), plain[1:]


def _cipher(key: bytes, salt: bytes, run: str) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt, b"cleanroom journal " + run.encode()).derive(key))


def _guarded(folder: Path) -> int:
    try:
        return _locked(folder)
    except BlockingIOError:
        raise BusyError("this run is under way in another process", where=folder.name) from None


def _locked(folder: Path) -> int:
    guard = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(guard)
        raise
    return guard


def _write(descriptor: int, data: bytes) -> None:
    view: Any = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def _failed(bad: OSError, folder: Path) -> MachineError:
    return MachineError(f"the journal of the run cannot be written ({bad.strerror})", where=str(folder),
                        todo="check the folder and the free space, or set node.resume_within = 0")
