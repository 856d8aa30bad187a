"""A party's `runs` folder: one folder a run, complete or with its audit log alone."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cleanroom.adapters.audit_files import write_head
from cleanroom.adapters.private_files import (
    make_private_folder,
    read_checked,
    replace_private,
    sync_folder,
    write_private,
)
from cleanroom.audit.head import HEAD_NAME
from cleanroom.errors import AuditError, MachineError, UsageError

RUNS_NAME = "runs"
STATE_NAME = "state"
LAST_HEAD_NAME = "last-head"
LOCK_NAME = "last-head.lock"
SEALING_NAME = "sealing"  # the run that is being sealed, and its root
MEASUREMENT_NAME = "measurement.json"
REPORT_NAME = "report.html"
RESULTS_NAME = "results.csv"
COMPLIANCE_NAME = "compliance.json"
COMPLIANCE_PAGE_NAME = "compliance.html"
LINKED_NAME = "compliance.jsonld"
RECORD_NAME = "record.csv"
REPORT_NAMES = (MEASUREMENT_NAME, RESULTS_NAME, REPORT_NAME, COMPLIANCE_NAME, COMPLIANCE_PAGE_NAME, LINKED_NAME,
                RECORD_NAME)
MAX_REPORT_BYTES = 64 * 1024 * 1024  # 65,536 released sums with their intervals


class RunFiles:
    """Where runs of one party are kept. Files are 0600. MachineError when the disk refuses."""

    def __init__(self, party: Path) -> None:
        self._runs = party / RUNS_NAME
        self._state = party / STATE_NAME
        self._last = self._state / LAST_HEAD_NAME
        self._sealing = self._state / SEALING_NAME

    def folder(self, run_id: str) -> Path:
        """The folder of a run, existing or not."""
        return self._runs / run_id

    def claim(self, run_id: str) -> bool:
        """Create the folder of a new run; False when there is one already. Only one of several callers gets True."""
        make_private_folder(self._runs, MachineError)
        try:
            self.folder(run_id).mkdir(mode=0o700)
            sync_folder(self._runs)
        except FileExistsError:
            return False
        except OSError as bad:
            raise _failed(bad, self.folder(run_id)) from None
        return True

    def find(self, text: str) -> Path:
        """The folder of the run whose id starts with `text`. UsageError unless there is exactly one.

        "last" is the newest run with a measurement, or the newest of all when no run has finished.
        """
        names = self.names()
        if not names:
            raise UsageError("this party has made no run yet", where=str(self._runs),
                             todo="`cleanroom match` makes one; name the party's folder")
        if text == "last":
            finished = [name for name in names if (self._runs / name / MEASUREMENT_NAME).exists()]
            return self._runs / (finished or names)[-1]
        hits = [name for name in names if re.fullmatch(r"[0-9a-f]{4,32}", text) and name.startswith(text)]
        if len(hits) != 1:
            raise UsageError(f"{len(hits)} runs have an id that starts with this", where="RUN",
                             todo="give more digits of a run id in the folder `runs`, or `last`")
        return self._runs / hits[0]

    def names(self) -> list[str]:
        """Run ids, oldest first: an id starts with its time."""
        return [folder.name for folder in run_folders(self._runs)]

    def last_head(self) -> str:
        """Root of the log sealed last, in hex, or nothing: each log names one that was sealed before it began."""
        with self._locked():
            return self._read_last()

    def _read_last(self) -> str:
        return self._last.read_text(encoding="ascii").strip() if self._last.exists() else ""

    def seal(self, run_id: str, head: Callable[[str], bytes], root: bytes) -> None:
        """Store the head of a finished log, made by `head` from the root sealed last, and remember its root.

        Sealing is one at a time, so that each head names the one sealed before it.
        """
        with self._locked():
            replace_private(self._sealing, f"{run_id} {root.hex()}".encode(), MachineError)
            write_head(self.folder(run_id), head(self._read_last()))
            self._complete()

    def _complete(self) -> None:
        """Remember the root of a log whose head was stored: it may have been by a process that was killed then."""
        if self._sealing.exists():
            run_id, root = self._sealing.read_text(encoding="ascii").split()
            if (self.folder(run_id) / HEAD_NAME).exists():
                replace_private(self._last, f"{root}\n".encode(), MachineError)
            self._sealing.unlink()

    def write(self, run_id: str, name: str, text: str) -> Path:
        """Store one result file of a run and return its path."""
        path = self.folder(run_id) / name
        write_private(path, text.encode(), MachineError)
        return path

    def rewrite(self, run_id: str, name: str, text: str) -> Path:
        """As `write`, in place of one that a run which was interrupted may have left."""
        path = self.folder(run_id) / name
        replace_private(path, text.encode(), MachineError)
        return path

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other threads and processes of this party from `last-head`. The kernel lifts it when a process dies."""
        make_private_folder(self._state, MachineError)
        path = self._state / LOCK_NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as bad:
            raise _failed(bad, path) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._complete()
            yield
        finally:
            os.close(descriptor)


def run_folders(runs: Path) -> list[Path]:
    """The folders of runs in a `runs` folder, oldest first; none when it is no such folder."""
    if not runs.is_dir():
        return []
    return sorted(entry for entry in runs.iterdir() if re.fullmatch(r"[0-9a-f]{32}", entry.name))


def read_last_head(runs: Path) -> str:
    """What the party of a `runs` folder sealed last, in hex; nothing for a copy without the `state` beside it."""
    path = runs.absolute().parent / STATE_NAME / LAST_HEAD_NAME
    return read_checked(path, 100, AuditError).decode("ascii", "replace").strip() if os.path.lexists(path) else ""


def read_reports(folder: Path) -> dict[str, bytes]:
    """The result files of a run that are there, by name. AuditError when one cannot be read."""
    return {name: read_checked(folder / name, MAX_REPORT_BYTES, AuditError)
            for name in REPORT_NAMES if os.path.lexists(folder / name)}


def _failed(bad: OSError, path: Path) -> MachineError:
    return MachineError(f"cannot be written ({bad.strerror})", where=str(path),
                        todo="check the folder, its permissions and the free space")
