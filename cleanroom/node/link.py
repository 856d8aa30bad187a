"""A stream of frames as a link: bounded queues on both directions, so neither side can flood the other's memory."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NoReturn

import grpc

from cleanroom import limits
from cleanroom.errors import CleanroomError, ContractRevokedError, PeerUnavailableError, PeerViolationError
from cleanroom.session.messages import Message
from cleanroom.session.script import SCRIPT
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import decode, encode, encode_abort

QUEUE_FRAMES = 16  # at most 2 MiB each
GLANCE = 0.5  # seconds between two looks at whether a connection that does not move is still there


class FrameLink:
    """One run's channel. `outgoing()` feeds gRPC, `pump(frames)` takes from it; the session uses send and receive.

    `silence`: seconds a peer may say or read nothing. `limit`: seconds from here to the run's end, whatever it says.
    """

    def __init__(self, silence: float = limits.PEER_SILENCE, limit: float = limits.RUN_LIMIT) -> None:
        self._out: queue.Queue[Frame | None] = queue.Queue(QUEUE_FRAMES)
        self._in: queue.Queue[Frame | Exception | None] = queue.Queue(QUEUE_FRAMES)
        self._silence, self._limit = silence, limit
        self._deadline = time.monotonic() + limit
        self._sent = self._received = 0
        self._step = 0
        self._closed = threading.Event()
        self._ended = threading.Event()  # the peer will send nothing more
        self._peeked: tuple[int, Message] | None = None
        self.bytes_sent = self.bytes_received = 0
        self.guard: Callable[[], None] = lambda: None  # asked before each step that we send; its error ends the run

    def __repr__(self) -> str:
        return "FrameLink"

    @property
    def step(self) -> str:
        """Name of the step that this run has reached."""
        return SCRIPT[self._step].name

    def send(self, step: int, message: Message) -> None:
        """Queue one message for the peer; waits while the peer is slower."""
        if step != self._step or not self._sent:
            self.guard()
        self._step = step
        self._put(encode(message, step, self._sent))

    def abort(self, error: BaseException) -> None:
        """Tell the peer, in public words, why this side ends the run. Never raises."""
        code = type(error).__name__ if isinstance(error, CleanroomError) else "InternalError"
        reason = error.public if isinstance(error, CleanroomError) else "internal error"
        record = error.record if isinstance(error, ContractRevokedError) else b""
        try:
            self._out.put(encode_abort(code, reason, self._sent, record), timeout=1)
        except queue.Full:
            return

    def peek(self) -> tuple[int, Message]:
        """The peer's next message, which `receive` will give again: a node must know the contract to answer."""
        self._peeked = self._peeked or self.receive()
        return self._peeked

    def receive(self) -> tuple[int, Message]:
        """The peer's next message, decoded and bounded."""
        if self._peeked is not None:
            peeked, self._peeked = self._peeked, None
            return peeked
        try:
            item = self._in.get(timeout=min(self._silence, self._left()))
        except queue.Empty:
            self._left()
            raise PeerUnavailableError(
                f"the peer has been silent for {self._silence:.0f} s in step {self.step}",
                todo="look at the other party's node, then run again") from None
        if item is None:
            raise PeerUnavailableError("the peer closed the connection in the middle of the run",
                                       todo="look at the other party's node, then run again")
        if isinstance(item, Exception):
            raise lost(item)
        self.bytes_received += item.ByteSize()
        step, message = decode(item, self._received)
        self._received += 1
        self._step = min(step, len(SCRIPT) - 1)
        return step, message

    def outgoing(self) -> Iterator[Frame]:
        """Frames for gRPC to send, until `close`."""
        while True:
            try:
                frame = self._out.get(timeout=GLANCE)
            except queue.Empty:
                if self._closed.is_set():
                    return
                continue
            if frame is None:
                return
            yield frame

    def pump(self, frames: Iterable[Frame]) -> None:
        """Take the peer's frames from gRPC until it ends or the link closes. Runs in a thread of its own."""
        end: Exception | None = None
        try:
            for frame in frames:
                if not self._offer(frame):
                    return
        except Exception as error:
            end = error
        self._ended.set()
        self._offer(end)

    def close(self) -> None:
        """End both directions; what was queued to be sent still goes out."""
        self._closed.set()
        with suppress(queue.Full):  # then `outgoing` sees the event once the queue is empty
            self._out.put_nowait(None)

    def _left(self) -> float:
        """Seconds until this run must be over, above zero. PeerUnavailableError when it should be by now."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise PeerUnavailableError(f"the run has taken longer than {self._limit:.0f} s, in step {self.step}",
                                       where="node.run_limit",
                                       todo="raise it in party.toml if both machines are only slow, then run again")
        return left

    def _put(self, frame: Frame) -> None:
        limit = time.monotonic() + self._silence
        while not self._queued(frame):
            if self._ended.is_set():
                self._why_ended()
            self._left()
            if time.monotonic() > limit:
                raise PeerUnavailableError(f"the peer has read nothing for {self._silence:.0f} s",
                                           todo="look at the other party's node, then run again")
        self._sent += 1
        self.bytes_sent += frame.ByteSize()

    def _queued(self, frame: Frame) -> bool:
        try:
            self._out.put(frame, timeout=GLANCE)
        except queue.Full:
            return False
        return True

    def _why_ended(self) -> NoReturn:
        while True:  # the pump's last item raises: an abort, or the end of the connection
            self.receive()

    def _offer(self, item: Frame | Exception | None) -> bool:
        while not self._closed.is_set():
            try:
                self._in.put(item, timeout=GLANCE)
            except queue.Full:
                continue
            return True
        return False


def start_pump(link: FrameLink, frames: Iterable[Frame]) -> threading.Thread:
    """Read `frames` into `link` in a daemon thread."""
    thread = threading.Thread(target=link.pump, args=(frames,), name="cleanroom-link", daemon=True)
    thread.start()
    return thread


def lost(error: Exception) -> CleanroomError:
    """What an error of gRPC means for the person at this end."""
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
