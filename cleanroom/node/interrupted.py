"""Runs that were interrupted: their journals, and the end of those that nobody took up in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from cleanroom import limits
from cleanroom.adapters.audit_files import AuditFile, remove_release
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.journal_files import (
    FOLDER_NAME,
    KEY_NAME,
    PARTIAL_NAME,
    Start,
    complete,
    destroy,
    held,
    remove,
    start_of,
    taken_up,
    written_at,
)
from cleanroom.adapters.party import PartySettings
from cleanroom.adapters.past_runs import kept_key
from cleanroom.adapters.private_files import remove_abandoned
from cleanroom.adapters.run_files import STATE_NAME, RunFiles, run_folders
from cleanroom.adapters.run_register import RunRegister
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.log import AuditLog
from cleanroom.audit.receipt import TABLE_NAME
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import CleanroomError, PeerLostError, ResumeError
from cleanroom.node.admission import end_of
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

    def start(self, contract: Contract, started: datetime, *, initiator: bool) -> Start:
        """What the journal of a new run begins with. It holds intermediates, which the contract lets live so long."""
        most = 3600 * contract.legal.retention.intermediates_hours
        return Start(contract_hash(contract), initiator, started, min(self._settings.node.resume_within, most), most)

    def reopen(self, run: bytes) -> Journal:
        """The journal of a run that was interrupted, held by us from now on. ResumeError when there is none, or the
        run's time is over."""
        if self._over(run):
            raise ResumeError("its time is over, or it was taken up too often", where=run.hex(),
                              todo="begin a new one with `cleanroom match`")
        return self._held(run)

    def start_of(self, run: bytes) -> Start:
        """How a run that has a journal began. ResumeError when there is none."""
        return start_of(self._folder / run.hex(), self._key())

    def give_up(self, signing: SigningKey) -> None:
        """Record the failure of each run whose time is over, seal its log, destroy its journal. Runs that a process
        holds are left alone."""
        with suppress(CleanroomError):  # the disk may still refuse
            self._register.settle()
        remove_abandoned(self._folder.with_name(PARTIAL_NAME).glob("*"), destroy)
        for name in self.names():
            with suppress(CleanroomError, OSError):  # one that is in use, or goes meanwhile, does not stop the node
                if self._over(bytes.fromhex(name)):
                    with self.ending(bytes.fromhex(name), ResumeError("it was not taken up"), signing):
                        pass

    def _over(self, run: bytes) -> bool:
        """Whether a run may not be taken up any more, by times that no peer's coming back renews."""
        folder = self._folder / run.hex()
        try:
            start = self.start_of(run)
        except ResumeError:  # it cannot be read
            return _quiet(folder) >= self._settings.node.resume_within
        return (_quiet(folder) >= start.within or start.left(self._clock.now()) <= 0
                or taken_up(folder) >= limits.MAX_TAKEN_UP)

    def complete(self, run: bytes) -> bool:
        """Whether both parties have signed a run that was interrupted: it can only be completed."""
        return complete(self._folder / run.hex(), self._key())

    @contextmanager
    def ending(self, run: bytes, error: CleanroomError, signing: SigningKey) -> Iterator[Journal | None]:
        """Record that a run ended by `error`, and destroy its journal, which is given meanwhile if it can be read.
        BusyError when it is in use."""
        with self._holding(run) as journal:
            self.end(run, error, signing)
            try:
                yield journal
            finally:
                remove(self._folder / run.hex())

    def end(self, run: bytes, error: BaseException, signing: SigningKey) -> None:
        """Record that a run which was interrupted ended by `error`, unless its log has its end already."""
        well = self._sealed(self._runs.folder(run.hex()), error, signing)
        self._register.give_up(run.hex(), "finished" if well else end_of(error), None if well else error)

    def _sealed(self, folder: Path, error: BaseException, signing: SigningKey) -> bool:
        """Seal a run's log, after what it has already. Whether the run ended well."""
        if folder.exists() and not (folder / HEAD_NAME).exists():
            with AuditFile(folder, again=True) as sink:
                log = AuditLog.interrupted(sink.skip(), sink, self._clock, signing)
                if log.open:
                    remove_release(folder)
                    log.fail(error, STAGE)
                if log.ended:
                    self._runs.seal(folder.name, log.head, log.root)
        return (folder / TABLE_NAME).exists()  # a log that says so has it, and no other

    @contextmanager
    def _holding(self, run: bytes) -> Iterator[Journal | None]:
        try:
            journal = self._held(run)
        except ResumeError:
            with held(self._folder / run.hex()):
                yield None
            return
        with closing(journal):
            yield journal

    def _held(self, run: bytes) -> Journal:
        return Journal.reopen(self._folder / run.hex(), self._key(), self._entropy)

    def _key(self) -> bytes:
        return kept_key(self._settings.key_directory / KEY_NAME, self._entropy)


def suspended(error: PeerLostError, run: bytes, start: Start) -> PeerLostError:
    """The loss of the peer in a run that can be taken up again."""
    todo = f"`cleanroom runs resume DIR {run.hex()} --contract FILE` goes on with it, within {start.within} s"
    return type(error)(error.what, where=error.where,
                       todo=todo if start.initiator else "the run goes on when the peer comes back to it")


def _quiet(folder: Path) -> float:
    """Seconds since a run last went on; by a clock that was set back since, seconds until then."""
    return abs(time.time() - written_at(folder))
