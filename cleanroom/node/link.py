"""One run's channel: frames wait for the peer in a bounded window, and both sides say every few seconds that they are
there. A monitor: the session, the thread that reads and gRPC's that sends meet under one lock."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

import grpc

from cleanroom import limits
from cleanroom.errors import CleanroomError, ContractRevokedError, PeerUnavailableError, PeerViolationError
from cleanroom.node.patience import Patience
from cleanroom.node.window import WINDOW_BYTES, WINDOW_FRAMES, Window
from cleanroom.session.messages import Message
from cleanroom.session.script import SCRIPT
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import decode, encode, encode_abort
from cleanroom.wire.transport import WAITING, Signal, State, decode_signal, encode_signal

GLANCE = 0.5  # seconds between two looks at the time while nothing happens
_CONFIRM_FRAMES = WINDOW_FRAMES // 4  # taken frames after which the peer is told at once: it may wait for room
_CONFIRM_BYTES = WINDOW_BYTES // 4
_AGAIN = "look at the other party's node, then run again"


class FrameLink:
    """`outgoing()` feeds gRPC, `pump(frames)` takes from it; the session uses `send` and `receive`.

    `silence`: seconds without any sign of the peer. `limit`: seconds of work from here to the run's end, whatever it
    says; `wait`: seconds beside them in which one side waits before it begins.
    """

    def __init__(self, silence: float = limits.PEER_SILENCE, limit: float = limits.RUN_LIMIT,
                 wait: float = limits.WAIT_LIMIT) -> None:
        self._changed = threading.Condition()
        self._silence, self._patience = silence, Patience(limit, wait)
        self._heard = time.monotonic()  # the peer's last frame of any kind
        self._window = Window()
        self._inbox: deque[Frame] = deque()
        self._inbox_bytes = 0
        self._received = 0  # frames the session took
        self._confirmed = self._unconfirmed_bytes = 0
        self._beat = self._heard + limits.HEARTBEAT
        self._step = 0
        self._state = State.READING
        self._peer: Signal | None = None
        self._news: State | None = None
        self._closed = False
        self._ended = False  # the peer will send nothing more
        self._end: Exception | None = None
        self._arrived_bytes = 0
        self.bytes_sent = self.bytes_received = 0
        self.quota = limits.MAX_GREETING_BYTES  # most bytes that the peer may send; more once the contract is known
        self.guard: Callable[[], None] = lambda: None  # asked before each step that we send; its error ends the run
        self.attend: Callable[[], None] = lambda: None  # asked while this side waits for the peer; likewise
        self.told: Callable[[State], None] = lambda _: None  # called by who waits, when the peer's state changes

    def __repr__(self) -> str:
        return "FrameLink"

    @property
    def step(self) -> str:
        """Name of the step that this run has reached."""
        return SCRIPT[self._step].name

    def say(self, state: State) -> None:
        """Tell the peer what this node is doing, now and until it does something else."""
        with self._changed:
            if state != self._state:
                self._state, self._beat = state, 0.0
                self._count_wait()
                self._changed.notify_all()

    def send(self, step: int, message: Message) -> None:
        """Queue one message for the peer; waits while the peer is slower."""
        if step != self._step or not self._window.end:
            self.guard()
        self._step = step
        frame = encode(message, step, self._window.end)
        self._await(lambda: self._window.room(frame) or self._ended)
        if not self._window.room(frame):
            self._raise_end()
        self._queue(frame)
        self.bytes_sent += frame.ByteSize()

    def abort(self, error: BaseException) -> None:
        """Tell the peer, in public words, why this side ends the run, and close. Never raises."""
        code = type(error).__name__ if isinstance(error, CleanroomError) else "InternalError"
        reason = error.public if isinstance(error, CleanroomError) else "internal error"
        record = error.record if isinstance(error, ContractRevokedError) else b""
        with self._changed:
            if not self._closed:
                self._queue(encode_abort(code, reason, self._window.end, record))
                self.close()

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

    def pause(self, seconds: float) -> None:
        """Let time pass in which no message is expected. As `receive` when the peer ends the run or gives no sign."""
        end = time.monotonic() + seconds
        self._await(lambda: self._ended or time.monotonic() >= end)
        if self._ended:
            self._raise_end()

    def receive(self) -> tuple[int, Message]:
        """The peer's next message, decoded and bounded."""
        self._await(lambda: bool(self._inbox) or self._ended)
        if not self._inbox:
            self._raise_end()
        return self._take()

    def outgoing(self) -> Iterator[Frame]:
        """Frames for gRPC to send, until `close`; what was queued before still goes out."""
        while (frame := self._next()) is not None:
            yield frame

    def pump(self, frames: Iterable[Frame]) -> None:
        """Take the peer's frames from gRPC until it ends or the link closes. Runs in a thread of its own."""
        end: Exception | None = None
        try:
            for frame in frames:
                if self._closed:
                    return
                self._arrived(frame)
        except Exception as error:
            end = error
        with self._changed:
            self._ended, self._end = True, end
            self._changed.notify_all()

    def close(self) -> None:
        """End both directions; what was queued to be sent still goes out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _await(self, ready: Callable[[], bool]) -> None:
        """Wait for another thread. PeerUnavailableError when the peer was silent or the run took too long."""
        while True:
            with self._changed:
                self._patience.check(f"in step {self.step}; the peer {self._last_heard()}")
                if ready():
                    return
                self._check_silence()
                self._changed.wait(GLANCE)
                news, self._news = self._news, None
            if news is not None:
                self.told(news)
            self.attend()

    def _take(self) -> tuple[int, Message]:
        with self._changed:
            frame = self._inbox.popleft()
            self._inbox_bytes -= frame.ByteSize()
        step, message = decode(frame, self._received)
        with self._changed:
            self._received += 1
            self._unconfirmed_bytes += frame.ByteSize()
            self._changed.notify_all()
        self.bytes_received += frame.ByteSize()
        self._step = min(step, len(SCRIPT) - 1)
        return step, message

    def _queue(self, frame: Frame) -> None:
        with self._changed:
            self._window.add(frame)
            self._changed.notify_all()

    def _next(self) -> Frame | None:
        with self._changed:
            while True:
                if self._signal_due():
                    return self._signal()
                if self._window.waiting:
                    return self._window.next()
                if self._closed:
                    return None
                self._changed.wait(max(0.0, self._beat - time.monotonic()))

    def _signal_due(self) -> bool:
        taken = self._received - self._confirmed
        return (time.monotonic() >= self._beat or taken >= _CONFIRM_FRAMES
                or self._unconfirmed_bytes >= _CONFIRM_BYTES or (self._closed and taken > 0))

    def _signal(self) -> Frame:
        self._confirmed, self._unconfirmed_bytes = self._received, 0
        self._beat = time.monotonic() + limits.HEARTBEAT
        return encode_signal(Signal(self._received, self._step, self._state))

    def _arrived(self, frame: Frame) -> None:
        with self._changed:
            self._heard = time.monotonic()
            self._arrived_bytes += frame.ByteSize()
            if self._arrived_bytes > self.quota:
                raise PeerViolationError(f"the peer has sent more than {self.quota} bytes, the most that it can need")
            if frame.WhichOneof("body") == "signal":
                self._signalled(decode_signal(frame.signal))
            else:
                self._inbox.append(frame)
                self._inbox_bytes += frame.ByteSize()
                self._check_inbox()
            self._changed.notify_all()

    def _signalled(self, signal: Signal) -> None:
        self._window.confirm(signal.received)
        if self._peer is None or signal.state != self._peer.state:
            self._news = signal.state
        self._peer = signal
        self._count_wait()

    def _check_inbox(self) -> None:
        """Both sides have the same window; its last frame may be an abort, which waits for no room."""
        if len(self._inbox) > WINDOW_FRAMES + 1 or self._inbox_bytes > WINDOW_BYTES + limits.MAX_FRAME_BYTES:
            raise PeerViolationError("the peer sends more than its window holds")

    def _count_wait(self) -> None:
        self._patience.waits(self._state in WAITING or (self._peer is not None and self._peer.state in WAITING))

    def _check_silence(self) -> None:
        if time.monotonic() - self._heard >= self._silence:
            raise PeerUnavailableError(f"the peer has been silent for {self._silence:.0f} s in step "
                                       f"{self.step}; it {self._last_heard()}",
                                       where="node.peer_silence", todo=_AGAIN)

    def _last_heard(self) -> str:
        """When the peer gave its last sign, and what it then did."""
        ago = f"was last heard {time.monotonic() - self._heard:.0f} s ago"
        return f"{ago}, {self._peer.state} in step {SCRIPT[self._peer.step].name}" if self._peer else ago

    def _raise_end(self) -> NoReturn:
        """The peer's abort, if it sent one; else why the connection ended."""
        while self._inbox:
            self._take()
        if self._end is not None:
            raise lost(self._end)
        raise PeerUnavailableError("the peer closed the connection in the middle of the run", todo=_AGAIN)


def start_pump(link: FrameLink, frames: Iterable[Frame]) -> threading.Thread:
    """Read `frames` into `link` in a daemon thread."""
    thread = threading.Thread(target=link.pump, args=(frames,), name="cleanroom-link", daemon=True)
    thread.start()
    return thread


def lost(error: Exception) -> CleanroomError:
    """What an error of the connection means for the person at this end."""
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
        return PeerUnavailableError("the peer's node is busy with other runs", todo="try again later")
    return PeerUnavailableError("the connection to the peer was lost", todo="check the network, then run again")
