"""Which runs begin now, and what the others wait for: a person's approval, the node's hours, other runs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from cleanroom.adapters.journal import Journal
from cleanroom.adapters.party import NodeSection
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.run_states import End, Run, Waiting
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import (
    BusyError,
    ClosedError,
    NotApprovedError,
    PeerCancelledError,
    PeerRevokedError,
    ResumeError,
    RunCancelledError,
)
from cleanroom.node.link import FrameLink
from cleanroom.ports import Clock, Progress
from cleanroom.wire.transport import State

ENDS: Final = (RunCancelledError, PeerCancelledError, PeerRevokedError)  # words of people: the run is not kept
LOOK: Final = 0.5  # seconds between two looks at what a person or another process has said
LAST_STEP: Final = "receipt"  # both sides have the table: here a run is finished rather than cancelled


class Turn:
    """A run that may go on now: `ports.Progress` that keeps the register up to date and obeys a cancellation.

    `heard`: when the peer's hello came, where it dialled; `approved_by`, `approved`: who let the run begin, where a
    person had to. `interrupted`: whether a run that ended with an error may be taken up again, once that is known.
    """

    def __init__(self, register: RunRegister, run: Run, progress: Progress) -> None:
        self._register, self._run, self._inner = register, run.run, progress
        self._step, self._looked, self._end = run.step, 0.0, math.inf
        self.heard = run.asked if run.dialled == "peer" else None
        self.approved_by, self.approved = run.approved_by, run.approved
        self.interrupted: bool | None = None

    def __repr__(self) -> str:
        return "Turn"

    def limit(self, seconds: float) -> None:
        """From here on the run lasts so long at most: then its intermediates must go, whatever the peer does."""
        self._end = time.monotonic() + seconds

    def stage(self, name: str, total: int) -> None:
        """See `ports.Progress`; as `check`."""
        if name != self._step:
            self._register.enter(self._run, name)
            self._step = name
        self.check()
        self._inner.stage(name, total)

    def advance(self, amount: int) -> None:
        """See `ports.Progress`; as `check`."""
        self.check()
        self._inner.advance(amount)

    def peer(self, state: str) -> None:
        """See `ports.Progress`."""
        self._inner.peer(state)

    def done(self) -> None:
        """See `ports.Progress`."""
        self._inner.done()

    def check(self) -> None:
        """ResumeError once the run has lasted too long, RunCancelledError once a person here said so; neither in the
        last step, which takes a moment. Looks every `LOOK` seconds."""
        now = time.monotonic()
        if self._step == LAST_STEP:
            return
        if now >= self._end:
            raise ResumeError("intermediates of a run may not be kept longer",
                              where="legal.retention.intermediates_hours", todo="begin a new one")
        if now - self._looked >= LOOK:
            self._looked = now
            _obey(self._register.get(self._run))


class Admission:
    """The policy of one node, as party.toml has it, over its register."""

    def __init__(self, register: RunRegister, settings: NodeSection, clock: Clock) -> None:
        self._register, self._settings, self._clock = register, settings, clock

    def __repr__(self) -> str:
        return "Admission"

    @contextmanager
    def turn(self, contract: Contract, run: str, progress: Progress, link: FrameLink | None, *,
             journal: Journal | None = None) -> Iterator[Turn]:
        """Wait until the run may begin, and register how it ends. `link`: to the peer that dialled; None: we dial.
        `journal`: an interrupted run goes on; it waits for other runs only. One that both have signed cannot be ended.

        AttemptsError, BusyError, ClosedError or NotApprovedError when it may not; RunCancelledError when a person here
        ends it; what the link says when the peer does.
        """
        before: End = "interrupted"
        left = None if journal is None else journal.start.left(self._clock.now())
        if journal is not None:
            before = self._register.reopen(run)
        else:
            self._register.ask(run, contract.id, contract.version, contract_hash(contract).hex(),
                               "us" if link is None else "peer", attempts=self._settings.attempts_per_hour,
                               queue=self._settings.queue)
        turn = None
        try:
            self._wait(run, progress, link, self._settings.wait_limit if left is None else left)
            if link is not None and left is None:
                link.say(State.READING)
            turn = Turn(self._register, self._register.get(run), progress)
            yield turn
        except BaseException as error:
            stays = journal is not None and (journal.ended or not isinstance(error, ENDS))  # with its journal
            if turn is not None and turn.interrupted is not None:
                stays = turn.interrupted
            self._register.end(run, before if stays else end_of(error), error)
            raise
        self._register.end(run, "finished")

    def _wait(self, run: str, progress: Progress, link: FrameLink | None, most: float) -> None:
        end = time.monotonic() + min(most, self._settings.wait_limit)
        try:
            while (state := self._look(run, end)) is not None:
                if link is not None:
                    link.say(State(state))
                    link.pause(LOOK)
                else:
                    progress.stage(state, 0)
                    time.sleep(LOOK)
        finally:
            progress.done()

    def _look(self, run: str, end: float) -> Waiting | None:
        """What the run waits for; None: it has begun. `end`: of its patience, on the monotonic clock."""
        found, now = self._register.get(run), self._clock.now()
        _obey(found)
        state = self._lacks(found, now)
        if state != found.state:
            self._register.move(run, state)
        if state == "queued" and self._register.take_turn(run, self._settings.runs):
            return None
        self._check(found, state, now, end - time.monotonic())
        return state

    def _lacks(self, run: Run, now: datetime) -> Waiting:
        """What a run waits for. Those that we dialled wait for other runs only: a person began them; and so do those
        that had begun before they were interrupted."""
        hours = self._settings.daily
        if run.step:
            return "queued"
        if run.dialled == "peer" and self._settings.answer == "approval" and run.approved is None:
            return "awaiting_approval"
        if run.dialled == "peer" and hours is not None and not hours.contain(now):
            return "outside_hours"
        return "queued"

    def _check(self, run: Run, state: Waiting, now: datetime, left: float) -> None:
        """Raise unless the wait can still end well in the seconds that are left."""
        hours, limit = self._settings.daily, f"{self._settings.wait_limit} s"
        if state == "awaiting_approval" and left <= 0:
            raise NotApprovedError(f"nobody approved the run within {limit}", where="node.wait_limit",
                                   todo="`cleanroom runs list DIR` shows which runs wait")
        if state == "outside_hours" and hours is not None and (hours.next_start(now) - now).total_seconds() > left:
            raise ClosedError(f"the hours {self._settings.hours} begin later than a run may wait", where="node.hours",
                              todo="the other party tries again within them")
        if state == "queued" and left <= 0:
            raise BusyError(f"other runs took longer than {limit}", where="node.wait_limit", todo="try again later")
        if state == "queued" and run.dialled == "peer" and self._register.crossed(run.run):
            raise BusyError("a run of this contract that we dialled waits for the peer's answer",
                            todo="it goes first; then the other party tries again")


def _obey(run: Run) -> None:
    """What a person of this party said about it."""
    if run.word == "cancelled":
        raise RunCancelledError("the run was cancelled with `cleanroom runs cancel`")
    if run.word == "refused":
        raise NotApprovedError("the run was refused with `cleanroom runs refuse`")


def end_of(error: BaseException) -> End:
    """The state of a run that ended by `error`."""
    if isinstance(error, RunCancelledError | PeerCancelledError | KeyboardInterrupt):
        return "cancelled"
    return "refused" if isinstance(error, BusyError | ClosedError | NotApprovedError) else "failed"
