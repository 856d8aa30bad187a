"""Whether the process that began something still lives: the kernel lifts its lock when it dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from cleanroom.errors import MachineError

_PREFIX: Final = "alive-"


class Alive:
    """A file in `folder` that stays locked until `close` or the end of this process. `token` names it."""

    def __init__(self, folder: Path) -> None:
        try:
            self._descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{_PREFIX}")
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            self.token = name.rpartition("-")[2]
            self._path = Path(name).rename(folder / f"{_PREFIX}{self.token}")  # locked before anybody can see it
        except OSError as bad:
            raise MachineError(f"cannot be written ({bad.strerror})", where=str(folder),
                               todo="check the folder, its permissions and the free space") from None

    def __repr__(self) -> str:
        return "Alive"

    def close(self) -> None:
        """Let go of it. Allowed once."""
        with suppress(OSError):  # whoever looks at it later removes it
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def is_alive(folder: Path, token: str) -> bool:
    """Whether the process with this token lives. The file of a dead one is removed."""
    path = folder / f"{_PREFIX}{token}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)
