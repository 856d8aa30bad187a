"""The journal of a run under way: whatever the run could not compute again, in order, encrypted.

`state/journal/RUN/` (0700) holds numbered files (0600), one for each time a process opened the run: a random salt,
then records of length and ChaCha20-Poly1305 ciphertext. A file has a key of its own, derived from the party's key and
the salt, so the record's number is its nonce and no nonce is used twice, whatever a crash tore off. The first record
of each later file says how many there are before it: what is missing is noticed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from cleanroom.adapters.journal_files import (
    LENGTH,
    SALT,
    Entry,
    Start,
    cipher_of,
    destroy,
    files_of,
    guarded,
    locked,
    partial_of,
    records,
    remove,
    start_of,
)
from cleanroom.adapters.private_files import make_private_folder, sync_folder
from cleanroom.errors import MachineError, ResumeError
from cleanroom.ports import Entropy

_CHANGED: Final = "own tables, settings or software are not those that the run began with"


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
        partial = partial_of(folder)
        journal: Journal | None = None
        for parent in (folder.parent, partial.parent):
            make_private_folder(parent, MachineError)
        try:
            partial.mkdir(mode=0o700)
            journal = cls(partial, key, locked(partial), start)
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
            journal = cls(folder, key, guarded(folder), start)
        except OSError:
            raise ResumeError("no interrupted run with this id is kept here", where=folder.name,
                              todo="it has ended, or was given up: look into its folder in `runs`") from None
        try:
            journal._scan()
            journal._past = records(folder, key, journal._files())
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
            _write(self._file, len(sealed).to_bytes(LENGTH, "big") + sealed)
        except OSError as bad:
            self._lost = bad
            raise _failed(bad, self._folder) from None
        self._count += 1

    def _begin(self, entropy: Entropy) -> None:
        number, salt = len(self._files()), entropy.bytes(SALT)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        path = self._folder / f"{number:04d}"
        self._file = os.open(path, flags, 0o600)
        try:
            _write(self._file, salt)
            sync_folder(self._folder)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        self._cipher = cipher_of(self._key, salt, self._folder.name)

    def _scan(self) -> None:
        """Count what is there."""
        self._total = 0
        for kind, _ in records(self._folder, self._key, self._files()):
            self.received += kind == Entry.RECEIVED
            self.sent += kind == Entry.SENT
            self.ended = self.ended or kind == Entry.END
            self._total += 1

    def _files(self) -> list[Path]:
        return files_of(self._folder)


def _write(descriptor: int, data: bytes) -> None:
    view: Any = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def _failed(bad: OSError, folder: Path) -> MachineError:
    return MachineError(f"the journal of the run cannot be written ({bad.strerror})", where=str(folder),
                        todo="check the folder and the free space, or set node.resume_within = 0")
