"""A run's evidence on disk: the append-only log while it runs, the sealed files after it, reading both."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from types import TracebackType

from cleanroom import limits
from cleanroom.adapters.private_files import make_private_folder, read_checked, sync_folder, write_private
from cleanroom.audit.events import Event
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.log import LOG_NAME, parse_lines, split_lines
from cleanroom.audit.receipt import RECEIPT_NAME, TABLE_NAME
from cleanroom.audit.verify import Evidence
from cleanroom.errors import AuditError, MachineError, MisuseError, ResumeError

NO_RUN = "name the folder of one run: `runs/` and its id inside the party's folder"
NO_HEAD = "without it nothing is proven: the run was interrupted (`cleanroom audit report`) or the file was removed"


class AuditFile:
    """`ports.AuditSink` on `audit.jsonl` in a run's folder, mode 0600, one write and one fsync a line.

    A log belongs to one run: MisuseError when the file exists, MachineError when it cannot be created. A run that is
    taken up again (`again`) writes its own lines once more: those that are there must be the same, else ResumeError.
    After a failed write the sink refuses every further line, so that nothing follows a torn one.
    """

    def __init__(self, folder: Path, *, again: bool = False) -> None:
        make_private_folder(folder, MachineError)
        self._path = folder / LOG_NAME
        self._there = deque(_whole_lines(self._path) if again and self._path.exists() else ())
        self._descriptor: int | None = None
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | (0 if again else os.O_EXCL)
        try:
            self._descriptor = os.open(self._path, flags, 0o600)
            os.fsync(self._descriptor)
            sync_folder(folder)
        except FileExistsError:
            raise MisuseError("this run has a log already: a log is never continued", where=str(self._path)) from None
        except OSError as bad:
            self.close()
            raise self._failed(bad) from None

    def __repr__(self) -> str:
        return "AuditFile"

    def __enter__(self) -> AuditFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def append(self, line: bytes) -> None:
        """Write `line` and a newline in one write and flush them. MachineError when the disk refuses."""
        if self._descriptor is None:
            raise MisuseError("the audit file is closed or broken")
        if not line or b"\n" in line:
            raise MisuseError("an audit line is one line")
        if self._there:
            if self._there.popleft() != line:
                raise ResumeError("the run would write another audit log than it did before", where=str(self._path))
            return
        try:
            written = os.write(self._descriptor, line + b"\n")
            os.fsync(self._descriptor)
        except OSError as bad:
            self.close()
            raise self._failed(bad) from None
        if written != len(line) + 1:
            self.close()
            raise self._failed(OSError(0, "the disk is full"))

    def skip(self) -> tuple[bytes, ...]:
        """The lines that are there; the next one follows them."""
        lines = tuple(self._there)
        self._there.clear()
        return lines

    def close(self) -> None:
        """Close the file. Allowed twice."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _failed(self, bad: OSError) -> MachineError:
        return MachineError(f"the audit log cannot be written ({bad.strerror})", where=str(self._path), todo=(
            "check the folder and the free space: no run goes on without its log"))


def _whole_lines(path: Path) -> tuple[bytes, ...]:
    """The lines of a log that was interrupted; an unfinished last one is cut off the file."""
    data = read_checked(path, limits.MAX_AUDIT_BYTES, AuditError)
    found = split_lines(data, sealed=False)
    if found.torn:
        os.truncate(path, data.rindex(b"\n") + 1 if b"\n" in data else 0)
    return found.lines


def write_release(folder: Path, table: bytes, receipt: bytes) -> None:
    """Store `receipt.json`, then `table.json`, of a run that both signed. MachineError names the file.

    In this order, so that no table ever stands there without its receipt.
    """
    for name, data in ((RECEIPT_NAME, receipt), (TABLE_NAME, table)):
        if not (folder / name).exists() or (folder / name).read_bytes() != data:  # there when a run is taken up again
            write_private(folder / name, data, MachineError)


def remove_release(folder: Path) -> None:
    """Take back what `write_release` stored for a run that then failed: nothing stands without its ending. MachineError
    when the disk refuses: then the log may not say yet that the run failed."""
    for path in (folder / TABLE_NAME, folder / RECEIPT_NAME):
        try:
            path.unlink(missing_ok=True)
        except OSError as bad:
            raise MachineError(f"cannot be removed ({bad.strerror})", where=str(path),
                               todo="check the folder, its permissions and the free space") from None


def write_head(folder: Path, head: bytes) -> None:
    """Store `audit.head.json`: from here on the log is sealed. MachineError names the file."""
    write_private(folder / HEAD_NAME, head, MachineError)


def read_log(folder: Path) -> tuple[tuple[Event, ...], bool]:
    """Events of a run's log, and whether an unfinished last line (the trace of a crash) was left out.

    Where a signed head stands beside it the log is sealed, and a torn line is refused like any malformed one:
    AuditError names the line. This reads; only `audit.verify` proves.
    """
    data = read_checked(folder / LOG_NAME, limits.MAX_AUDIT_BYTES, AuditError, todo=NO_RUN)
    found = split_lines(data, sealed=os.path.lexists(folder / HEAD_NAME))
    return parse_lines(found.lines), found.torn


def read_evidence(folder: Path, contract_hash: str) -> Evidence:
    """The files of a run's folder, for `verify_run`. AuditError names a log or head that is missing.

    `contract_hash`: SHA-256 of the canonical contract, 64 hex digits.
    """
    return Evidence(
        log=read_checked(folder / LOG_NAME, limits.MAX_AUDIT_BYTES, AuditError, todo=NO_RUN),
        head=read_checked(folder / HEAD_NAME, limits.MAX_EVIDENCE_BYTES, AuditError, todo=NO_HEAD),
        receipt=_read_if_there(folder / RECEIPT_NAME),
        table=_read_if_there(folder / TABLE_NAME),
        contract_hash=contract_hash,
    )


def _read_if_there(path: Path) -> bytes | None:
    return read_checked(path, limits.MAX_EVIDENCE_BYTES, AuditError) if os.path.lexists(path) else None
