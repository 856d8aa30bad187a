"""Whether a party's node is up: it holds the lock of one file, which the kernel lifts however it ends."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cleanroom.errors import SettingsError

LOCK_NAME: Final = "node.lock"


class Running:
    """The mark that a node is up, while the context lasts. SettingsError when another node of the folder is."""

    def __init__(self, state: Path) -> None:
        self._path = state / LOCK_NAME
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise SettingsError("another node of this folder is running", where=str(self._path),
                                todo="stop it first: `cleanroom node status DIR` tells since when it runs") from None
        os.utime(self._path)

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def running_since(state: Path) -> datetime | None:
    """When the node of this `state` folder started, in UTC; None when it is not up."""
    try:
        descriptor = os.open(state / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
    else:
        return None
    finally:
        os.close(descriptor)
