"""A link that records who the peer is, once it has said so."""

from __future__ import annotations

from cleanroom.audit import fields
from cleanroom.audit.events import Kind
from cleanroom.audit.log import AuditLog
from cleanroom.errors import PeerViolationError
from cleanroom.session.converse import Link
from cleanroom.session.messages import Hello, Message


class IntroducedLink:
    """Passes messages on; the peer's first hello goes to the audit log, with the certificate it came under."""

    def __init__(self, link: Link, audit: AuditLog, certificate_sha256: str) -> None:
        self._link, self._audit, self._certificate = link, audit, certificate_sha256
        self._known = False

    def __repr__(self) -> str:
        return "IntroducedLink"

    def send(self, step: int, message: Message) -> None:
        """See `Link`."""
        self._link.send(step, message)

    def receive(self) -> tuple[int, Message]:
        """See `Link`. PeerViolationError for a software version that is none."""
        step, message = self._link.receive()
        if isinstance(message, Hello) and not self._known:
            self._record(message)
        return step, message

    def _record(self, hello: Hello) -> None:
        if not fields.VERSION.accepts(hello.software):
            raise PeerViolationError("hello: the software version has the wrong form")
        self._audit.record(Kind.PEER_IDENTIFIED, certificate_sha256=self._certificate, software=hello.software,
                           protocol=hello.version)
        self._known = True
