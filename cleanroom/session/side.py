"""What the sides of every run have in common: greeting before, and closing after, the steps of a protocol."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final

from cleanroom.contract.model import Role
from cleanroom.disclosure.opening import most_people
from cleanroom.match.diagnostics import KeyMatches
from cleanroom.session import messages as m
from cleanroom.session.closing import Closing
from cleanroom.session.greeting import Greeting
from cleanroom.session.script import ORDERS
from cleanroom.session.setup import Setup
from cleanroom.session.sizes import message_count

BLIND_SECRETS: Final = ("scalar", "lattice_secret", "points", "row_order", "shares", "keys")


class RunSide(ABC):
    """One run; it implements `machine.Side`. `rows`: own padded sizes, `public`: the X25519 key sent with them."""

    role: Role
    secrets: ClassVar[tuple[str, ...]]  # what `wipe` makes an end of, for the audit log

    def __init__(self, setup: Setup, rows: tuple[int, ...], public: bytes) -> None:
        self._setup, self._rows = setup, rows
        self._greeting = Greeting(setup, rows, public)
        self.closing = Closing(setup)

    def __repr__(self) -> str:
        return type(self).__name__

    @property
    def order(self) -> tuple[int, ...]:
        """See `machine.Side`."""
        return ORDERS[self._setup.plan.contract.match.protocol]

    @property
    def own_rows(self) -> int:
        """Padded size of what we send, or would send."""
        return sum(self._rows)

    @property
    def peer_rows(self) -> int:
        """Padded size of the peer's list or cells together; 0 before it declared them."""
        return sum(self._greeting.peer_sizes)

    @property
    def matched(self) -> tuple[KeyMatches, ...]:
        """People matched by each key type, as far as the padding lets us know; empty where nothing is known."""
        return ()

    def send(self, step: str, transcript: bytes) -> Iterator[m.Message]:
        """See `machine.Side`."""
        match step:
            case "hello" | "account" | "sizes":
                yield self._greeting.send(step)
            case "receipt":
                yield self.closing.sign(transcript)
            case _:
                yield from self._send(step)

    def receive(self, step: str, message: m.Message, transcript: bytes) -> bool:
        """See `machine.Side`."""
        match message:
            case m.Hello() | m.Account() | m.Sizes():
                return self._greet(message)
            case m.ReceiptSignature():
                self.closing.signed(transcript, message)
                return True
            case m.Commitment() | m.Opening():
                return self.closing.receive(step, message)
        return self._receive(step, message)

    def skips(self, step: str) -> bool:
        """See `machine.Side`."""
        return self._greeting.skips(step)

    def messages(self, step: str) -> int:
        """See `machine.Side`."""
        return message_count(self._setup, step, *self._declared_sizes)

    @property
    def _declared_sizes(self) -> tuple[tuple[int, ...], int]:
        """The advertiser's padded cells and the retailer's padded rows."""
        if self.role == "advertiser":
            return self._rows, self.peer_rows
        return self._greeting.peer_sizes, self.own_rows

    def _close(self, shares: list[list[int]]) -> None:
        """Go on with our shares of all groups' sums, number 0 of each the people."""
        self.closing.take_shares(shares, most_people(self._setup.plan, *self._declared_sizes))

    def _greet(self, message: m.Hello | m.Account | m.Sizes) -> bool:
        if run := self._greeting.receive(message):
            self.closing.repeat(run)
        if isinstance(message, m.Sizes):
            self._declared(message)
        return True

    @abstractmethod
    def _declared(self, sizes: m.Sizes) -> None:
        """The peer's sizes, which fit the contract."""

    def _send(self, step: str) -> Iterator[m.Message]:
        """A step after the sizes."""
        return self.closing.send(step)

    @abstractmethod
    def _receive(self, step: str, message: m.Message) -> bool:
        """A message of a step between sizes and closing; True when the step is complete."""

    @property
    @abstractmethod
    def wiped(self) -> bool:
        """See `machine.Side`."""

    @abstractmethod
    def wipe(self) -> None:
        """See `machine.Side`."""
