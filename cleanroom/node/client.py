"""Dials the peer's node for one run."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cleanroom import limits
from cleanroom.adapters.journal import Journal
from cleanroom.contract.model import Contract, Role, other
from cleanroom.errors import CleanroomError, PeerRefusedError, PeerUnavailableError
from cleanroom.node import tls
from cleanroom.node.authorise import SERVICE
from cleanroom.node.carrier import lost, start_pump
from cleanroom.node.link import FrameLink
from cleanroom.node.local import LocalNode
from cleanroom.v1 import node_pb2_grpc
from cleanroom.v1.agreement_pb2 import Proposal, Revocation, Rotation
from cleanroom.wire.transport import State


class Dial:
    """A connection to the peer of a contract. Use as a context manager around the run."""

    def __init__(self, node: LocalNode, contract: Contract) -> None:
        self._node, self._contract = node, contract
        self._peer = other(node.settings.role)
        key, own = node.keys.tls_pem()
        self._certificate = tls.shown(node.settings.node.peer, node.accepted(contract.party(self._peer)))
        self._channel = tls.channel(node.settings.node.peer, self._peer, key, own, self._certificate)
        self._link: FrameLink | None = None

    def __enter__(self) -> Dial:
        return self

    def __exit__(self, *_: object) -> None:
        if self._link is not None:
            self._link.drain(limits.LAST_FRAMES)
            self._link.leave()
        self._channel.close()

    def reach(self) -> None:
        """Ask for the peer's health. PeerUnavailableError when nobody answers, or it is not the contract's node."""
        where, end = self._node.settings.node.peer, time.monotonic() + self._node.settings.node.connect_timeout
        self._knock(where, end)
        stub = health_pb2_grpc.HealthStub(self._channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=SERVICE), wait_for_ready=True,
                                timeout=max(1.0, end - time.monotonic()))
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.RESOURCE_EXHAUSTED):
                raise lost(error) from None
            raise PeerUnavailableError(
                f"something answers there, but no TLS 1.3 handshake succeeds: it does not hold the {self._peer}'s "
                "certificate of this contract, or has neither this contract nor our card", where=where,
                todo="check node.peer in party.toml, and that both sides use the same signed contract; for a proposal "
                "the other side first runs `cleanroom contract trust`") from None
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise PeerUnavailableError(f"the {self._peer}'s node is stopping", where=where, todo="run again later")

    def propose(self, text: str) -> bool:
        """Hand the peer a contract that we have signed. Whether both signatures are there and it keeps the contract."""
        proposal = Proposal(text=text.encode())
        return bool(self._ask(lambda stub, patience: stub.Propose(proposal, timeout=patience)).installed)

    def revoke(self, record: bytes) -> None:
        """Hand the peer our revocation."""
        self._ask(lambda stub, patience: stub.Revoke(Revocation(record=record), timeout=patience))

    def rotate(self, record: bytes) -> None:
        """Hand the peer the rotation of our certificate."""
        self._ask(lambda stub, patience: stub.Rotate(Rotation(record=record), timeout=patience))

    def _ask(self, call: Callable[[Any, float], Any]) -> Any:
        try:
            return call(node_pb2_grpc.NodeStub(self._channel),  # type: ignore[no-untyped-call]
                        3 * self._node.settings.node.connect_timeout)
        except grpc.RpcError as error:
            raise _refusal(error, self._peer) from None

    def _knock(self, where: str, end: float) -> None:
        host, _, port = where.rpartition(":")
        while True:
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
            except OSError as error:
                if time.monotonic() > end:
                    raise PeerUnavailableError(f"the {self._peer}'s node does not answer ({error})", where=where,
                                               todo="start it with `cleanroom node`, then run again") from None
                time.sleep(0.2)
            else:
                return

    def link(self) -> FrameLink:
        """Reach the peer and open the stream of one run. PeerUnavailableError as `reach`."""
        self.reach()
        settings = self._node.settings.node
        return self._keep_open(FrameLink(settings.peer_silence, settings.run_limit, settings.wait_limit))

    def again(self, run: bytes, journal: Journal) -> FrameLink:
        """A stream for the rest of a run. A run that needs the peer no more waits for it for a moment only."""
        settings = self._node.settings.node
        silence = settings.connect_timeout if journal.ended else settings.peer_silence
        link = FrameLink(silence, settings.run_limit, settings.wait_limit)
        link.run, link.quota = run, self._node.quota(self._contract)  # the peer may send its whole window at once
        link.say(State.RESUMING)
        link.restore(journal.received, journal.sent)
        link.reopen()
        return self._keep_open(link)

    def _keep_open(self, link: FrameLink) -> FrameLink:
        link.certificate = hashlib.sha256(self._certificate).digest()
        self._link, link.durable, link.dials = link, True, True
        self._open(link)
        threading.Thread(target=self._keep, args=(link,), name="cleanroom-dial", daemon=True).start()
        return link

    def _open(self, link: FrameLink) -> None:
        stub = node_pb2_grpc.NodeStub(self._channel)  # type: ignore[no-untyped-call]
        start_pump(link, stub.Exchange(link.outgoing()))

    def _keep(self, link: FrameLink) -> None:
        """Dial again whenever the stream is cut, as long as the run waits for it: it ends after `node.peer_silence`."""
        while link.cut():
            time.sleep(link.patience * random.uniform(0.5, 1))  # noqa: S311 - so that many nodes do not come at once
            link.reopen()
            with suppress(ValueError):  # the channel was closed meanwhile
                self._open(link)


def _refusal(error: grpc.RpcError, peer: Role) -> CleanroomError:
    status = error.code()
    if status == grpc.StatusCode.FAILED_PRECONDITION:
        reason = "".join(c for c in str(error.details())[:limits.MAX_TEXT] if c.isprintable())
        return PeerRefusedError(f"the {peer}'s node refuses: {reason}", todo="ask the other party to look at its node")
    if status == grpc.StatusCode.PERMISSION_DENIED:
        return PeerRefusedError(f"the {peer}'s node does not know this node",
                                todo="the other party first runs `cleanroom contract trust` with our card")
    if status == grpc.StatusCode.RESOURCE_EXHAUSTED:
        return lost(error)
    return PeerUnavailableError(f"the {peer}'s node did not answer", todo="try again later")
