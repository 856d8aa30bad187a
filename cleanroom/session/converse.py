"""Drives a session over a link until both receipts are exchanged."""

from __future__ import annotations

from typing import Protocol

from cleanroom.session.machine import Session
from cleanroom.session.messages import Hello, Message


class Link(Protocol):
    """An ordered, authenticated channel to the peer. Both calls block, within bounds."""

    def send(self, step: int, message: Message) -> None:
        """Hand one message to the peer. PeerUnavailableError when it stopped reading."""
        ...

    def receive(self) -> tuple[int, Message]:
        """The peer's next message. PeerUnavailableError on silence, PeerRefusedError when it ended the run."""
        ...


class Greeted:
    """A link over which our hello was sent before the session began, so that the peer prepares its data while we do."""

    def __init__(self, link: Link, hello: Hello) -> None:
        self._link, self._hello = link, hello
        link.send(0, hello)

    def __repr__(self) -> str:
        return "Greeted"

    def send(self, step: int, message: Message) -> None:
        """See `Link`; the hello goes out once."""
        if message is not self._hello:
            self._link.send(step, message)

    def receive(self) -> tuple[int, Message]:
        """See `Link`."""
        return self._link.receive()


def converse(session: Session, link: Link) -> None:
    """Run the session to its end. Any error leaves it dead and wiped."""
    try:
        while not session.finished:
            if session.sending:
                for step, message in session.send():
                    link.send(step, message)
            else:
                session.receive(*link.receive())
    finally:
        session.close()
