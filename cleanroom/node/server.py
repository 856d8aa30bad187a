"""The long-running node: answers runs of its contracts."""

from __future__ import annotations

import hashlib
import time
from concurrent import futures
from contextlib import suppress

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from cleanroom.adapters.private_files import Stamp
from cleanroom.contract.model import other
from cleanroom.errors import (
    SettingsError,
)
from cleanroom.node import tls
from cleanroom.node.agreements import (
    trusted_parties,
)
from cleanroom.node.authorise import SERVICE, Authorise, Caller
from cleanroom.node.local import LocalNode
from cleanroom.node.log import Event, complain
from cleanroom.node.servicer import Servicer
from cleanroom.v1 import node_pb2_grpc

SPARE_CALLS = 4  # streams beside those of runs: proposals, health, and hellos that will be refused
REFRESH_SECONDS = 2.0  # until a new contract takes effect
LOOK_SECONDS = 60.0  # until what only time changes is noticed; a run is checked against the clock when it begins
REBIND_SECONDS = 10.0
STOP_SECONDS = 5.0  # for the runs of a node that stops to write down that they were interrupted
MAX_RUN_SECONDS = 86_400.0  # a run begun under the earlier contracts may finish
EVERYBODY: frozenset[Caller] = frozenset({"party", "trusted"})


class NodeServer:
    """A listening node. `start` returns the bound address, `wait` keeps its trust up to date, `stop` ends it.

    The peers it trusts in a handshake are fixed while it listens: when the contracts change, it listens anew. gRPC
    could ask for them at each handshake, but two handshakes at once then crash the process (seen with 1.76 to 1.85).
    """

    def __init__(self, node: LocalNode) -> None:
        self._node = node
        self._servicer = Servicer(node)
        self._health = health.HealthServicer()
        self._servers: list[grpc.Server] = []  # the last one listens, the others finish their runs
        self._bundle = b""
        self._reported: frozenset[str] = frozenset()
        self._seen: frozenset[Stamp] = frozenset()
        self._next_look = 0.0

    def start(self) -> str:
        """Listen on the address of party.toml. SettingsError when it is taken."""
        port = self._listen(self._trusted(), patience=0)
        self._report()
        for name in ("", SERVICE):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return f"{self._node.settings.node.listen.rpartition(':')[0]}:{port}"

    def wait(self) -> None:
        """Block until the process is told to end."""
        while True:
            time.sleep(REFRESH_SECONDS)
            seen, now = self._node.stamp(), time.monotonic()
            if seen != self._seen or now >= self._next_look:  # to verify every signature each time would keep it busy
                self._seen, self._next_look = seen, now + LOOK_SECONDS
                self.refresh()
            self._node.interrupted.give_up(self._node.keys.signing)

    def refresh(self) -> None:
        """Listen anew if other peers are trusted than before, or our next certificate has begun. Runs go on."""
        self._report()
        trusted, shown = self._trusted(), self._node.keys.certificate_sha256
        with suppress(SettingsError):  # the keys in memory still work; `doctor` says what is wrong
            self._node.renew_keys()
        if trusted != self._bundle or shown != self._node.keys.certificate_sha256:
            self._servers[-1].stop(grace=MAX_RUN_SECONDS)
            self._listen(trusted, patience=REBIND_SECONDS)

    def stop(self) -> None:
        """Refuse new runs, and end running ones after a moment."""
        self._health.enter_graceful_shutdown()
        for ending in [server.stop(grace=2) for server in self._servers]:
            ending.wait()
        self._servicer.live.leave(STOP_SECONDS)
        self._servicer.finish()

    def _listen(self, trusted: bytes, patience: float) -> int:
        listen, end = self._node.settings.node.listen, time.monotonic() + patience
        while True:
            server = self._make_server()
            try:
                port = server.add_secure_port(listen, self._credentials(trusted))
            except RuntimeError as error:
                if time.monotonic() < end:  # our own earlier socket may take a moment to close
                    time.sleep(0.1)
                    continue
                raise SettingsError("cannot listen on this address", where=f"node.listen {listen}",
                                    todo="another node may be running; choose a free port") from error
            server.start()
            self._servers.append(server)
            self._bundle = trusted
            return port

    def _make_server(self) -> grpc.Server:
        settings = self._node.settings.node
        calls = settings.runs + settings.queue + SPARE_CALLS  # further ones are refused at once
        authorise = Authorise(self._callers, self._servicer.rate, settings.connect_timeout)
        server = grpc.server(futures.ThreadPoolExecutor(calls + 2), interceptors=[authorise],
                             options=tls.OPTIONS, maximum_concurrent_rpcs=calls)
        node_pb2_grpc.add_NodeServicer_to_server(self._servicer, server)  # type: ignore[no-untyped-call]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        return server

    def _credentials(self, trusted: bytes) -> grpc.ServerCredentials:
        return tls.server_credentials(*self._node.keys.tls_pem(), trusted)

    def _report(self) -> None:
        refusals = {f"{name}: {error}": (name, error) for name, error in self._node.refusals()}
        for key in refusals.keys() - self._reported:
            name, error = refusals[key]
            complain(Event.CONTRACT_REFUSED, f"not in force here: contract {name}" if name else "no contract", error)
        self._reported = frozenset(refusals)

    def _certificates(self, callers: frozenset[Caller]) -> set[bytes]:
        found: set[bytes] = set()
        if "party" in callers:
            peer = other(self._node.settings.role)
            found |= {der for each in self._node.known().values() for der in self._node.accepted(each.party(peer))}
        if "trusted" in callers:
            found |= {der for party in trusted_parties(self._node) for der in self._node.accepted(party)}
        return found

    def _trusted(self) -> bytes:
        # With no contract and no card nobody is trusted: our own certificate is the only root, and peers do not hold
        # its key.
        pems = [tls.pem(der) for der in self._certificates(EVERYBODY)] or [self._node.keys.tls_pem()[1]]
        return b"".join(sorted(pems))

    def _callers(self, callers: frozenset[Caller]) -> frozenset[bytes]:
        return frozenset(hashlib.sha256(der).digest() for der in self._certificates(callers))
