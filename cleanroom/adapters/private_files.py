"""Files that only their owner may read: written whole or not at all, checked before they are believed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cleanroom.errors import CleanroomError

OWNER_ONLY = 0o077  # no access for group and others
NOT_WRITABLE = 0o022  # readable by all, writable by the owner
Stamp = tuple[str, int, int]  # name, time of change in ns, size in bytes
UNFINISHED = ".new-"


def write_private(path: Path, data: bytes, error: type[CleanroomError]) -> None:
    """Create `path` with mode 0600 and flush it to the disk, or leave nothing behind.

    An existing file is never replaced. `error` names the file when it exists or cannot be written.
    """
    try:
        with _written(path.parent, data) as temporary:
            os.link(temporary, path)  # unlike a rename, fails when the name is taken
        sync_folder(path.parent)
    except FileExistsError:
        raise error("exists already", where=str(path),
                    todo="nothing was changed; move it away first") from None
    except OSError as bad:
        raise error(f"cannot be written ({bad.strerror})", where=str(path),
                    todo="check the folder, its permissions and the free space") from None


def replace_private(path: Path, data: bytes, error: type[CleanroomError]) -> None:
    """Create or replace `path` in one step, mode 0600, flushed to the disk: after a crash it is the old or the new one.

    `error` names the file when it cannot be written.
    """
    try:
        with _written(path.parent, data) as temporary:
            temporary.replace(path)
        sync_folder(path.parent)
    except OSError as bad:
        raise error(f"cannot be written ({bad.strerror})", where=str(path),
                    todo="check the folder, its permissions and the free space") from None


def read_checked(path: Path, limit: int, error: type[CleanroomError], forbidden_mode: int = 0,
                 todo: str = "") -> bytes:
    """Content of a regular file of at most `limit` bytes; for a symbolic link, of the file it leads to.

    The checks are made on the opened file, so it cannot be exchanged in between. `error` names the file when
    it is missing, no regular file, too large, or has one of the permission bits `forbidden_mode`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not hang us
    except OSError as bad:
        raise error(f"cannot be opened ({bad.strerror})", where=str(path), todo=todo) from None
    try:
        _check_status(os.fstat(descriptor).st_mode, forbidden_mode, str(path), error, todo)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as bad:
        raise error(f"cannot be read ({bad.strerror})", where=str(path), todo=todo) from None
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise error(f"larger than {limit} bytes", where=str(path), todo=todo)
    return data


def stamp(folders: Iterable[Path]) -> frozenset[Stamp]:
    """Every file in the folders and below: the same as long as nobody touched one."""
    return frozenset(found for folder in folders for path in folder.rglob("*") for found in _state(path))


def make_private_folder(folder: Path, error: type[CleanroomError]) -> None:
    """Create `folder` and its parents with mode 0700 where missing; an existing one is left as it is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as bad:
        raise error(f"cannot be created ({bad.strerror})", where=str(folder)) from None


def remove_abandoned(paths: Iterable[Path], remove: Callable[[Path], None]) -> None:
    """Remove those of `paths` whose process is gone: it held a lock (`flock`) on them, which the kernel lifted."""
    for path in paths:
        with contextlib.suppress(OSError):
            guard = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(path)
            finally:
                os.close(guard)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes were about to store anywhere under `folder`."""
    remove_abandoned(folder.rglob(f"{UNFINISHED}*"), Path.unlink)


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that a file created in it survives a power cut. OSError when that fails."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _state(path: Path) -> Iterator[Stamp]:
    with contextlib.suppress(FileNotFoundError):  # it was removed since it was listed
        found = path.stat()
        yield str(path), found.st_mtime_ns, found.st_size


def _check_status(mode: int, forbidden_mode: int, where: str, error: type[CleanroomError], todo: str) -> None:
    if not stat.S_ISREG(mode):
        raise error("not a regular file", where=where, todo=todo)
    if mode & forbidden_mode:
        raise error(f"other users of this machine have access to it (mode {stat.S_IMODE(mode):04o})",
                    where=where, todo="take it away with `chmod go-rwx`, and renew a key they could read")


@contextlib.contextmanager
def _written(folder: Path, data: bytes) -> Iterator[Path]:
    """A file of mode 0600 that holds `data` on the disk, under a name that is gone afterwards."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=UNFINISHED)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # against `remove_unfinished`
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
