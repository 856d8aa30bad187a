"""Carries numbered frames over one gRPC stream after another: what was sent waits in a bounded window until the peer
has taken it, and both sides say every few seconds that they are there.

A monitor: the session, the thread that reads a stream and gRPC's that feeds it meet under one lock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import grpc

from cleanroom import limits
from cleanroom.errors import (
    BusyError,
    CleanroomError,
    PeerLostError,
    PeerUnavailableError,
    PeerViolationError,
    ResumeError,
)
from cleanroom.node.window import WINDOW_BYTES, WINDOW_FRAMES, Window
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.transport import (
    RUN_BYTES,
    Resume,
    Signal,
    State,
    decode_resume,
    decode_signal,
    encode_resume,
    encode_signal,
)

GLANCE: Final = 0.5  # seconds between two looks at the time while nothing happens
_CONFIRM_FRAMES: Final = WINDOW_FRAMES // 4  # taken frames after which the peer is told at once: it may wait for room
_CONFIRM_BYTES: Final = WINDOW_BYTES // 4


class Carrier:
    """`outgoing()` feeds a stream, `pump(frames)` takes from it.

    While `durable`, the end of a stream is not the end of the run: `reopen`, by the side that `dials`, or `reopened`
    goes on with another one.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.quota = limits.MAX_GREETING_BYTES  # most bytes that the peer may send; more once the contract is known
        self._arrived_bytes = 0
        self._heard = time.monotonic()  # the peer's last frame of any kind
        self._window = Window()
        self._inbox: deque[Frame] = deque()
        self._inbox_bytes = 0
        self._received = 0  # frames that were taken for good
        self._confirmed = self._unconfirmed_bytes = 0
        self._beat = self._heard + limits.HEARTBEAT  # when the next signal is due
        self._step = 0
        self._state = State.WORKING
        self._peer: Signal | None = None
        self._news: State | None = None
        self._stream = 0  # number of the one in use; what comes on earlier ones is ignored
        self._up = self._answered = True  # the peer has said where this stream goes on
        self._failures = 0  # streams in a row that were dialled and not answered
        self._greeting: Frame | None = None  # the first frame of a stream that goes on
        self._closed = self._aborted = False
        self.spoken = False  # all was said, and gRPC has taken it
        self._ended = False  # the peer will send nothing more
        self._end: Exception | None = None
        self._before = (0, 0)  # frames received and sent by an earlier process, which this one goes through again
        self._again = False
        self.run = bytes(RUN_BYTES)  # what a stream that goes on is about
        self.durable = self.dials = False

    @property
    def stream(self) -> int:
        """Number of the stream in use."""
        return self._stream

    def say(self, state: State) -> None:
        """Tell the peer what this node is doing, now and until it does something else."""
        with self._changed:
            if state != self._state:
                self._state, self._beat = state, 0.0
                self._changed.notify_all()

    def outgoing(self) -> Iterator[Frame]:
        """Frames for the stream in use, until it is cut, or the link is closed and the peer has taken everything."""
        return self._frames(self._stream)

    def pump(self, frames: Iterable[Frame], stream: int) -> None:
        """Take the peer's frames of a stream until it ends. Runs in a thread of its own."""
        end: Exception | None = None
        try:
            for frame in frames:
                if not self._arrived(frame, stream):
                    return
        except Exception as error:
            end = error
        with self._changed:
            if stream == self._stream:
                # A caller that says no more may still listen, and a peer is told of its violation.
                listens = isinstance(end, PeerViolationError) or (end is None and not self.dials)
                self._up = self._up and listens
                if not self._passing(end):
                    self._end_with(end)
                self._changed.notify_all()

    def reopen(self) -> None:
        """Begin another stream, as who dials."""
        with self._changed:
            self._failures += 1
            self._begin(answered=False)

    def restore(self, received: int, sent: int) -> None:
        """This process takes up a run: so many frames were received and sent before it."""
        self._before, self._again = (received, sent), True
        self._confirmed = received

    def reopened(self, received: int) -> bool:
        """The peer began another stream and has `received` frames. False when that cannot be, which ends the run."""
        with self._changed:
            try:
                self._go_on(received)
            except CleanroomError as error:
                self._end_with(error)
                self._changed.notify_all()
                return False
            self._heard = time.monotonic()
            self._begin(answered=True)
            return True

    def cut(self) -> bool:
        """Wait until the stream is cut; False when no further one is needed. What the peer said last waits in the inbox
        until the run looks: another stream would lose it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._up or self._over or self._settled)
            return not (self._over or self._settled)

    @property
    def patience(self) -> float:
        """Seconds to wait before the next stream is dialled: twice as many each time."""
        return min(limits.REDIAL_MOST, limits.REDIAL_FIRST * 2.0 ** self._failures)

    def close(self) -> None:
        """Nothing more will be said; what was queued still goes out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """After `close`: wait until the peer has taken everything; whether it did. Of an abort only the peer's end of
        the stream tells; to hang up before would take it back."""
        with self._changed:
            self._changed.wait_for(lambda: self._settled and not (self._aborted and self.dials and self._up), seconds)
            return self._window.empty

    def leave(self) -> None:
        """End without a word, whatever is still to be said: the peer may come back to this run."""
        with self._changed:
            self._closed = self._ended = True
            self._up = False
            self._changed.notify_all()

    def _queue(self, frame: Frame) -> None:
        with self._changed:
            self._window.add(frame)
            self._changed.notify_all()

    def _begin(self, *, answered: bool) -> None:
        self._stream += 1
        self._up, self._answered = True, answered
        self._inbox.clear()  # comes again: only what was taken for good counts
        self._inbox_bytes = 0
        self._greeting = encode_resume(Resume(self.run, self._taken))
        self._changed.notify_all()

    @property
    def _taken(self) -> int:
        """Frames that were taken for good, by this process or an earlier one."""
        return max(self._received, self._before[0])

    def _go_on(self, received: int) -> None:
        """The peer has so many of our frames."""
        if not self._again:
            self._window.rewind(received)
        elif received <= self._before[1]:
            self._window.skip(received)
            self._again = False
        else:
            raise ResumeError("the peer has frames that our journal does not know", where=self.run.hex())

    @property
    def _settled(self) -> bool:
        """Whether nothing is left to be said or heard."""
        said = not self._window.waiting if self._aborted or not self.durable else self._window.empty
        return self._closed and (self._over or said)

    @property
    def _over(self) -> bool:
        """Whether the peer will say and take nothing more. One that broke the stream by a violation is still told so.
        """
        return self._ended and not isinstance(self._end and lost(self._end), PeerViolationError)

    def _frames(self, stream: int) -> Iterator[Frame]:
        while (frame := self._next(stream)) is not None:
            try:
                self._before_sending()
            except CleanroomError as error:
                with self._changed:
                    self._end_with(error)
                    self._changed.notify_all()
                return
            yield frame

    def _before_sending(self) -> None:
        """Whatever must be done before a frame, or a word on frames that were taken, leaves this process."""

    def _next(self, stream: int) -> Frame | None:
        with self._changed:
            while stream == self._stream and self._up:
                if self._greeting is not None:
                    greeting, self._greeting = self._greeting, None
                    return greeting
                if self._answered and self._signal_due():
                    return self._signal()
                if self._answered and self._window.waiting:
                    return self._window.next()
                if self._settled:
                    self.spoken = not self._window.waiting
                    return None
                self._changed.wait(min(GLANCE, max(0.0, self._beat - time.monotonic())) or GLANCE)
        return None

    def _signal_due(self) -> bool:
        taken = self._taken - self._confirmed
        return (time.monotonic() >= self._beat or taken >= _CONFIRM_FRAMES
                or self._unconfirmed_bytes >= _CONFIRM_BYTES or (self._closed and taken > 0))

    def _signal(self) -> Frame:
        self._confirmed, self._unconfirmed_bytes = self._taken, 0
        self._beat = time.monotonic() + limits.HEARTBEAT
        return encode_signal(Signal(self._taken, self._step, self._state))

    def _arrived(self, frame: Frame, stream: int) -> bool:
        """Take one frame in. False when its stream is not the one in use any more."""
        with self._changed:
            if stream != self._stream:
                return False
            self._heard = time.monotonic()
            self._arrived_bytes += frame.ByteSize()
            if self._arrived_bytes > self.quota:
                raise PeerViolationError(f"the peer has sent more than {self.quota} bytes, the most that it can need")
            self._sort(frame, frame.WhichOneof("body") or "")
            self._changed.notify_all()
            return True

    def _sort(self, frame: Frame, body: str) -> None:
        if body == "resume":
            self._resumed(decode_resume(frame.resume))
        elif body == "signal":
            self._signalled(decode_signal(frame.signal))
        else:
            self._ended = self._ended or body == "abort"
            self._inbox.append(frame)
            self._inbox_bytes += frame.ByteSize()
            self._check_inbox()

    def _resumed(self, resume: Resume) -> None:
        if self._answered or resume.run != self.run:
            raise PeerViolationError("the peer goes on with a run that is not this one")
        self._go_on(resume.received)
        self._answered, self._failures = True, 0

    def _signalled(self, signal: Signal) -> None:
        self._window.confirm(signal.received)
        if self._peer is None or signal.state != self._peer.state:
            self._news = signal.state
        self._peer = signal

    def _check_inbox(self) -> None:
        """Both sides have the same window; its last frame may be an abort, which waits for no room."""
        if len(self._inbox) > WINDOW_FRAMES + 1 or self._inbox_bytes > WINDOW_BYTES + limits.MAX_FRAME_BYTES:
            raise PeerViolationError("the peer sends more than its window holds")

    def _passing(self, end: Exception | None) -> bool:
        """Whether a stream that ended so is only cut."""
        if not self.durable or self._ended:
            return False
        known = self._peer is not None  # else the peer was too busy for us from the beginning
        return end is None or isinstance(lost(end), PeerLostError) or (known and isinstance(lost(end), BusyError))

    def _end_with(self, end: Exception | None) -> None:
        self._ended, self._end = True, self._end or end


def start_pump(carrier: Carrier, frames: Iterable[Frame]) -> threading.Thread:
    """Read `frames`, of the stream that is in use now, in a daemon thread."""
    thread = threading.Thread(target=carrier.pump, args=(frames, carrier.stream), name="cleanroom-link", daemon=True)
    thread.start()
    return thread


def lost(error: Exception) -> CleanroomError:
    """What an error of a stream means for the person at this end."""
    if isinstance(error, CleanroomError):
        return error
    code: Callable[[], grpc.StatusCode] | None = getattr(error, "code", None)
    status = code() if callable(code) else None
    if status == grpc.StatusCode.PERMISSION_DENIED:
        return PeerUnavailableError("the peer's node does not accept this node",
                                    todo="check that both use the same contract and certificates")
    if status == grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in str(error):
        return PeerViolationError(f"a message was over the size bound of {limits.MAX_FRAME_BYTES} bytes")
    if status == grpc.StatusCode.RESOURCE_EXHAUSTED:
        return BusyError("the peer's node is busy with other runs, or had too many calls from this one",
                         todo="try again in some minutes")
    return PeerLostError("the connection to the peer was lost", todo="check the network, then run again")
