"""What was sent and not yet confirmed: kept until the peer has taken it for good, so that a cut loses nothing."""

from __future__ import annotations

from collections import deque
from typing import Final

from cleanroom import limits
from cleanroom.errors import PeerViolationError
from cleanroom.v1.node_pb2 import Frame

WINDOW_FRAMES: Final = 256
WINDOW_BYTES: Final = 8 * limits.MAX_FRAME_BYTES  # with a round trip of 100 ms, 160 MB/s still pass


class Window:
    """Frames `first` … `end` - 1 of one direction, of which those below `sent` went out. Bounded: who makes them waits
    while there is no room."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self.first = self.sent = 0
        self.end = 0
        self._had = 0  # frames that the peer took from an earlier process: made again, and not kept

    def __repr__(self) -> str:
        return f"Window({self.first}, {self.end})"

    def room(self, frame: Frame) -> bool:
        """Whether one more frame may be sent before an earlier one is confirmed."""
        few = len(self._frames) < WINDOW_FRAMES and self._bytes + frame.ByteSize() <= WINDOW_BYTES
        return few or not self._frames

    def add(self, frame: Frame) -> None:
        """Keep the next frame."""
        if self.end < self._had:
            self.first = self.sent = self.end = self.end + 1
            return
        self._frames.append(frame)
        self._bytes += frame.ByteSize()
        self.end += 1

    @property
    def waiting(self) -> bool:
        """Whether a frame is here that did not go out."""
        return self.sent < self.end

    def next(self) -> Frame:
        """The next frame to go out; one must be waiting."""
        self.sent += 1
        return self._frames[self.sent - 1 - self.first]

    @property
    def empty(self) -> bool:
        """Whether the peer has taken everything."""
        return self.first == self.end

    def rewind(self, received: int) -> None:
        """A new stream goes on with frame `received`. PeerViolationError as `confirm`."""
        self.confirm(received)
        self.sent = received

    def skip(self, received: int) -> None:
        """The frames below `received` will be made again; the peer has them."""
        self._had = received

    def leap(self) -> None:
        """None of the frames that the peer has are made again: the next one is the first that it has not."""
        if self.end < self._had:
            self.first = self.sent = self.end = self._had

    def confirm(self, received: int) -> None:
        """The peer has taken all below `received`. PeerViolationError when it cannot have, or had taken more."""
        if not self.first <= received <= max(self.sent, self._had):
            raise PeerViolationError(f"the peer says it has {received} frames; it had taken {self.first} before, and "
                                     f"{self.sent} were sent")
        while self._frames and self.first < received:
            self._bytes -= self._frames.popleft().ByteSize()
            self.first += 1
