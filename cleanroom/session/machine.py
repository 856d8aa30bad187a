"""The machine of a run: follows the script, hands messages to a side, keeps the transcript. It does no I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from cleanroom.contract.model import Role
from cleanroom.errors import MisuseError, PeerViolationError
from cleanroom.ports import Progress
from cleanroom.primitives.transcript import Transcript
from cleanroom.session.messages import Message, ReceiptSignature
from cleanroom.session.script import STEPS, Step, is_sender


class Side(Protocol):
    """What a role does in each step. Both roles implement it; one object serves one run."""

    role: Role

    @property
    def order(self) -> tuple[int, ...]:
        """The steps of the run, as places in `script.STEPS`."""
        ...

    def send(self, step: str, transcript: bytes) -> Iterator[Message]:
        """All messages of a step that this side sends, made lazily."""
        ...

    def receive(self, step: str, message: Message, transcript: bytes) -> bool:
        """One message of a step that the peer sends; True when the step is complete."""
        ...

    def skips(self, step: str) -> bool:
        """Whether this run leaves the step out. Both sides must say the same."""
        ...

    def messages(self, step: str) -> int:
        """How many messages the step has, for the progress display."""
        ...

    @property
    def wiped(self) -> bool:
        """Whether nothing about single people is held any more."""
        ...

    def wipe(self) -> None:
        """Overwrite and forget everything secret or about a row."""
        ...


class Session:
    """One run on one node. After any error it is dead, and its side wiped.

    Drive it: while not `finished`, send what `send()` yields if `sending`, else pass the next message to `receive`.
    """

    def __init__(self, side: Side, progress: Progress, *, initiator: bool) -> None:
        self._side, self._progress, self._initiator = side, progress, initiator
        self._transcript = Transcript()
        self._order, self._place = side.order, 0
        self._announced = -1
        self._dead = False

    def __repr__(self) -> str:
        return f"Session(step={self.step_name})"

    @property
    def finished(self) -> bool:
        """Whether both receipts are here."""
        return self._place == len(self._order)

    @property
    def sending(self) -> bool:
        """Whether the current step is ours to send."""
        return not self.finished and is_sender(self._step, self._side.role, initiator=self._initiator)

    @property
    def step_name(self) -> str:
        """Name of the current step; "done" at the end."""
        return "done" if self.finished else self._step.name

    @property
    def position(self) -> int:
        """Place of the current step in `script.STEPS`, their number at the end."""
        return len(STEPS) if self.finished else self._order[self._place]

    @property
    def _step(self) -> Step:
        return STEPS[self.position]

    @property
    def transcript(self) -> bytes:
        """SHA-256 over every message so far but the receipts, the same on both sides."""
        return self._transcript.digest()

    def send(self) -> Iterator[tuple[int, Message]]:
        """(step, message) of the current step, made lazily; then the step is over."""
        try:
            position, step = self._begin(sending=True)
            for message in self._side.send(step.name, self.transcript):
                self._absorb(position, message)
                yield position, message
            self._next()
        except BaseException:  # a full disk, Ctrl-C, or a caller that stops taking messages
            self._die()
            raise

    def receive(self, position: int, message: Message) -> None:
        """One message from the peer. PeerViolationError unless it is the one the script expects."""
        try:
            current, step = self._begin(sending=False)
            if position != current or not isinstance(message, step.message):
                raise PeerViolationError(f"expected {step.message.label} in step {step.name}, got {message.label} for "
                                         f"step {position}")
            transcript = self.transcript
            self._absorb(current, message)
            if self._side.receive(step.name, message, transcript):
                self._next()
        except BaseException:
            self._die()
            raise

    def close(self) -> None:
        """End the run here, whatever its state."""
        self._die()

    def _begin(self, *, sending: bool) -> tuple[int, Step]:
        if self._dead or self.finished or self.sending != sending:
            raise MisuseError("it is not this side's turn to send" if sending else "this side expects no message")
        self._announce()
        return self.position, self._step

    def _next(self) -> None:
        self._place += 1
        while not self.finished and self._side.skips(self.step_name):
            self._place += 1
        if not self.finished:
            self._announce()  # now, so that waiting for the peer counts for the step that is waited for

    def _announce(self) -> None:
        if self._announced != self._place:
            self._announced = self._place
            self._progress.stage(self.step_name, self._side.messages(self.step_name))

    def _absorb(self, position: int, message: Message) -> None:
        if not isinstance(message, ReceiptSignature):
            self._transcript.absorb(f"{position}/{message.label}", *message.parts())
        self._progress.advance(1)

    def _die(self) -> None:
        self._dead = not self.finished
        self._side.wipe()
