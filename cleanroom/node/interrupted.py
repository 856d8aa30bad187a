"""Runs that were interrupted: their journals, and the end of those that nobody took up in time."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from cleanroom.adapters.audit_files import AuditFile, remove_release
from cleanroom.adapters.journal import FOLDER_NAME, KEY_NAME, PARTIAL_NAME, Journal, Start, destroy, start_of
from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.past_runs import kept_key
from cleanroom.adapters.private_files import remove_abandoned
from cleanroom.adapters.run_files import STATE_NAME, RunFiles, run_folders
from cleanroom.adapters.run_register import RunRegister
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.log import AuditLog
from cleanroom.contract.model import Contract
from cleanroom.errors import CleanroomError, PeerLostError, ResumeError
from cleanroom.ports import Clock, Entropy
from cleanroom.primitives.dsse import SigningKey

STAGE = "interrupted"


class Interrupted:
    """The journals of one party."""

    def __init__(self, settings: PartySettings, runs: RunFiles, register: RunRegister, clock: Clock,
                 entropy: Entropy) -> None:
        self._settings, self._runs, self._register = settings, runs, register
        self._clock, self._entropy = clock, entropy
        self._folder = settings.folder / STATE_NAME / FOLDER_NAME

    def __repr__(self) -> str:
        return "Interrupted"

    def names(self) -> list[str]:
        """Ids of the runs that have a journal: under way, or interrupted."""
        return [path.name for path in run_folders(self._folder)]

    def create(self, run: bytes, start: Start) -> Journal | None:
        """The journal of a new run; none when it may not be taken up again."""
        if not start.within:
            return None
        return Journal.create(self._folder / run.hex(), self._key(), start, self._entropy)

    def reopen(self, run: bytes) -> Journal:
        """The journal of a run that was interrupted, held by us from now on. ResumeError when there is none."""
        return Journal.reopen(self._folder / run.hex(), self._key(), self._entropy)

    def start_of(self, run: bytes) -> Start:
        """How a run that has a journal began. ResumeError when there is none."""
        return start_of(self._folder / run.hex(), self._key())

    def within(self, contract: Contract) -> int:
        """Seconds in which an interrupted run may be taken up: its journal holds intermediates, which the contract
        lets live only so long."""
        return min(self._settings.node.resume_within, 3600 * contract.legal.retention.intermediates_hours)

    def give_up(self, signing: SigningKey) -> None:
        """Record the failure of each run whose time is over, seal its log, destroy its journal. Runs that a process
        holds are left alone."""
        remove_abandoned(self._folder.with_name(PARTIAL_NAME).glob("*"), destroy)
        for name in self.names():
            with suppress(CleanroomError, OSError):  # one that is in use, or goes meanwhile, does not stop the node
                run, quiet = bytes.fromhex(name), _quiet(self._folder / name)
                if quiet >= self._patience(run):
                    self.drop(run, signing)

    def _patience(self, run: bytes) -> int:
        try:
            return self.start_of(run).within
        except ResumeError:  # it cannot be read
            return self._settings.node.resume_within

    def drop(self, run: bytes, signing: SigningKey) -> None:
        """Record the failure of one run, and destroy its journal, whether or not it can be read. BusyError when it is
        in use."""
        try:
            journal = self.reopen(run)
        except ResumeError:
            self.end(run, signing)
            destroy(self._folder / run.hex())
        else:
            self.end(run, signing)
            journal.remove()

    def end(self, run: bytes, signing: SigningKey) -> None:
        """Record that a run which was interrupted has failed, after what its log has already, and seal it."""
        folder = self._runs.folder(run.hex())
        self._register.give_up(run.hex())
        if (folder / HEAD_NAME).exists() or not folder.exists():
            return
        with AuditFile(folder, again=True) as sink:
            log = AuditLog.interrupted(sink.skip(), sink, self._clock, signing)
            if log.open:
                remove_release(folder)
                log.fail(ResumeError("it was not taken up"), STAGE)
            if log.ended:
                self._runs.seal(folder.name, log.head, log.root)

    def _key(self) -> bytes:
        return kept_key(self._settings.key_directory / KEY_NAME, self._entropy)


def suspended(error: PeerLostError, run: bytes, start: Start) -> PeerLostError:
    """The loss of the peer in a run that can be taken up again."""
    todo = f"`cleanroom runs resume DIR {run.hex()} --contract FILE` goes on with it, within {start.within} s"
    return PeerLostError(error.what, where=error.where,
                         todo=todo if start.initiator else "the run goes on when the peer comes back to it")


def _quiet(folder: Path) -> float:
    """Seconds since a journal was last written; by a clock that was set back since, seconds until then."""
    return abs(time.time() - max(path.stat().st_mtime for path in (folder, *folder.iterdir())))
