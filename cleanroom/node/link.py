"""One run's channel to the peer: messages in, messages out, and an end when the peer or the run takes too long."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import NoReturn

from cleanroom import limits
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.journal_files import Entry
from cleanroom.errors import (
    BusyError,
    CleanroomError,
    ContractRevokedError,
    MisuseError,
    PeerCancelledError,
    PeerLostError,
    PeerRefusedError,
    PeerRevokedError,
    PeerUnavailableError,
    ResumeError,
)
from cleanroom.node.carrier import GLANCE, Carrier, lost
from cleanroom.node.patience import Patience
from cleanroom.session.messages import Message
from cleanroom.session.script import STEPS
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import decode, encode, encode_abort
from cleanroom.wire.transport import WAITING, State

ANSWER = 5.0  # seconds until a peer that is there has said how many frames of a run it has
_AGAIN = "look at the other party's node, then run again"


class FrameLink(Carrier):
    """A `session.converse.Link` over a carrier.

    `silence`: seconds without any sign of the peer. `limit`: seconds of work from here to the run's end, whatever it
    says; `wait`: seconds beside them in which one side waits before it begins.
    """

    def __init__(self, silence: float = limits.PEER_SILENCE, limit: float = limits.RUN_LIMIT,
                 wait: float = limits.WAIT_LIMIT) -> None:
        super().__init__()
        self._silence, self._patience = silence, Patience(limit, wait)
        self.bytes_sent = self.bytes_received = 0
        self.alone = False  # a complete run ends without the peer, which may lack our last frames
        self.certificate = b""  # SHA-256 of the one that the peer proved to hold, once connected
        self.journal: Journal | None = None
        self.guard: Callable[[], None] = lambda: None  # asked before each step that we send; its error ends the run
        self.attend: Callable[[], None] = lambda: None  # asked while this side waits for the peer; likewise
        self.told: Callable[[State], None] = lambda _: None  # called by who waits, when the peer's state changes

    def __repr__(self) -> str:
        return "FrameLink"

    @property
    def step(self) -> str:
        """Name of the step that this run has reached."""
        return STEPS[self._step].name

    def send(self, step: int, message: Message) -> None:
        """Queue one message for the peer; waits while the peer is slower."""
        if step != self._step or not self._window.end:
            self.guard()
        self._step = step
        frame = encode(message, step, self._window.end)
        if self.journal is not None:
            self._recorded(self.journal, frame)
        self._await(lambda: self._window.room(frame) or self._ended)
        if not self._window.room(frame):
            self._raise_end()
        self._queue(frame)
        self.bytes_sent += frame.ByteSize()

    def receive(self) -> tuple[int, Message]:
        """The peer's next message, decoded and bounded."""
        if self.journal is not None and self.journal.replaying:
            return self._decoded(Frame.FromString(self.journal.answer(bytes, Entry.RECEIVED)))
        self._await(lambda: bool(self._inbox) or self._ended)
        if not self._inbox:
            self._raise_end()
        self.say(State.WORKING)
        return self._take()

    def pause(self, seconds: float) -> None:
        """Let time pass in which no message is expected. As `receive` when the peer ends the run or gives no sign."""
        end = time.monotonic() + seconds
        self._await(lambda: self._ended or time.monotonic() >= end)
        if self._ended:
            self._raise_end()

    def peek(self, patience: float) -> tuple[int, Message]:
        """The peer's next message, which `receive` will give again: a node must know the contract to answer.
        PeerUnavailableError when none has come within `patience` seconds."""
        end = time.monotonic() + patience
        self._await(lambda: bool(self._inbox) or self._ended or time.monotonic() >= end)
        if not self._inbox and not self._ended:
            raise PeerUnavailableError(f"the peer said no hello within {patience:.0f} s", where="node.connect_timeout")
        if not self._inbox:
            self._raise_end()
        return decode(self._inbox[0], self._received)

    def abort(self, error: BaseException) -> None:
        """Tell the peer, in public words, why this side ends the run, and close. Never raises."""
        with self._changed:
            if not self._closed:
                self._changed.wait_for(lambda: not self._again or self._ended, ANSWER)
                self._window.leap()
                self._queue(farewell(error, self._window.end))
                self._aborted = self._closed = True

    def _await(self, ready: Callable[[], bool]) -> None:
        """Wait for another thread. PeerLostError when the peer is silent, PeerUnavailableError after the limit."""
        while True:
            with self._changed:
                self._check_patience()
                if ready():
                    return
                self._check_silence()
                self._changed.wait(GLANCE)
                news, self._news = self._news, None
            if news is not None:
                self.told(news)
            self.attend()

    def _recorded(self, journal: Journal, frame: Frame) -> None:
        """A frame that an earlier process sent is the same frame again; the peer has said how many it has of them."""
        if journal.replaying:
            try:
                self._await(lambda: not self._again or self._ended)
            except PeerLostError:
                if not journal.ended:
                    raise
            if self._again and not journal.ended:
                self._raise_refused()
            if self._again:  # the run was complete, and the peer is not there, or does not need us any more
                self.alone = not self._ended
                self._go_on(journal.sent)
        journal.check(Entry.SENT, hashlib.sha256(frame.SerializeToString(deterministic=True)).digest())

    def _raise_refused(self) -> NoReturn:
        try:
            self._raise_end()
        except BusyError as error:
            raise PeerLostError(error.what, todo=error.todo) from error
        except (PeerCancelledError, PeerRevokedError):
            raise
        except PeerRefusedError as error:
            raise ResumeError(f"the peer does not go on with the run ({error.where})", where=self.run.hex(),
                              todo="begin a new one with `cleanroom match`") from error

    def _take(self) -> tuple[int, Message]:
        with self._changed:  # together: a stream that begins meanwhile asks for what was not recorded
            frame = self._inbox[0]
            again = self.journal is not None and self.journal.replaying  # looking for an abort, ahead of its turn
            if self.journal is not None and not again and frame.WhichOneof("body") != "abort":  # an end, or said anew
                self.journal.answer(frame.SerializeToString, Entry.RECEIVED)
            self._inbox.popleft()
            self._inbox_bytes -= frame.ByteSize()
            self._unconfirmed_bytes += frame.ByteSize()
            return decode(frame, frame.sequence) if again else self._decoded(frame)

    def _decoded(self, frame: Frame) -> tuple[int, Message]:
        step, message = decode(frame, self._received)
        with self._changed:
            self._received += 1
            self._changed.notify_all()
        self.bytes_received += frame.ByteSize()
        self._step = min(step, len(STEPS) - 1)
        return step, message

    def _before_sending(self) -> None:
        if self.journal is not None:
            self.journal.sync()

    def _check_patience(self) -> None:
        self._patience.waits(self._state in WAITING or (self._peer is not None and self._peer.state in WAITING))
        self._patience.check(f"in step {STEPS[self._step].name}; the peer {self._last_heard()}")

    def _check_silence(self) -> None:
        if time.monotonic() - self._heard >= self._silence:
            raise PeerLostError(f"the peer has been silent for {self._silence:.0f} s in step "
                                f"{self.step}; it {self._last_heard()}",
                                where="node.peer_silence", todo=_AGAIN)

    def _last_heard(self) -> str:
        """When the peer gave its last sign, and what it then did."""
        ago = f"was last heard {time.monotonic() - self._heard:.0f} s ago"
        return f"{ago}, {self._peer.state} in step {STEPS[self._peer.step].name}" if self._peer else ago

    def _raise_end(self) -> NoReturn:
        """The peer's abort, if it sent one; else why the stream ended."""
        while self._inbox:
            self._take()
        if self._end is not None:
            raise lost(self._end)
        raise PeerLostError("the peer closed the connection in the middle of the run", todo=_AGAIN)


def farewell(error: BaseException, sequence: int) -> Frame:
    """The last frame of a run that `error` ends here, in public words."""
    record = error.record if isinstance(error, ContractRevokedError) else b""
    if isinstance(error, CleanroomError):
        return encode_abort(type(error).__name__, error.public, sequence, record)
    return encode_abort("InternalError", MisuseError.public, sequence)
