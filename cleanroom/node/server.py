"""The long-running node: answers runs of its contracts."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any
from weakref import WeakSet

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from cleanroom import limits
from cleanroom.adapters.private_files import Stamp
from cleanroom.adapters.progress import Silent
from cleanroom.contract.model import Contract, other
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import (
    CleanroomError,
    ContractError,
    PeerLostError,
    PeerViolationError,
    ResumeError,
    SettingsError,
)
from cleanroom.node import tls
from cleanroom.node.agreements import (
    hash_text,
    receive_proposal,
    receive_revocation,
    receive_rotation,
    trusted_parties,
)
from cleanroom.node.authorise import SERVICE, Authorise, Caller, peer_fingerprint
from cleanroom.node.carrier import start_pump
from cleanroom.node.link import FrameLink
from cleanroom.node.live import LiveRuns, first_frame
from cleanroom.node.local import LocalNode
from cleanroom.node.log import Event, complain, note
from cleanroom.session.messages import Hello
from cleanroom.v1 import node_pb2_grpc
from cleanroom.v1.agreement_pb2 import (
    Proposal,
    ProposalAnswer,
    Revocation,
    RevocationAnswer,
    Rotation,
    RotationAnswer,
)
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import encode_abort
from cleanroom.wire.transport import decode_resume

SPARE_CALLS = 4  # streams beside those of runs: proposals, health, and hellos that will be refused
REFRESH_SECONDS = 2.0  # until a new contract takes effect
LOOK_SECONDS = 60.0  # until what only time changes is noticed; a run is checked against the clock when it begins
REBIND_SECONDS = 10.0
FINISH_SECONDS = 2.0  # sealing a log takes less
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
        server = grpc.server(futures.ThreadPoolExecutor(calls + 2), interceptors=[Authorise(self._callers)],
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


class Servicer(node_pb2_grpc.NodeServicer):
    """The node's own service."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node
        self._live = LiveRuns()
        self._runs: WeakSet[threading.Thread] = WeakSet()

    def Exchange(self, request_iterator: Iterator[Frame], context: Any) -> Iterator[Frame]:  # noqa: N802
        """One run, or the rest of one, answered in a thread while gRPC sends what it queues."""
        caller, silence = peer_fingerprint(context), self._node.settings.node.peer_silence
        first = first_frame(request_iterator, silence)
        if first is None:
            complain(Event.CALL_REFUSED, "no run has begun", PeerLostError(f"a caller was silent for {silence} s"))
            yield encode_abort(PeerLostError.__name__, PeerLostError.public, 0)
        elif first.WhichOneof("body") == "resume":
            yield from self._resume(first, request_iterator, caller)
        else:
            yield from self._serve(self._link(caller), chain([first], request_iterator), caller)
        if not context.is_active():
            yield Frame()  # goes nowhere: gRPC never forgets a call that it broke off itself and that then ends well

    def _resume(self, first: Frame, frames: Iterator[Frame], caller: bytes) -> Iterator[Frame]:
        """The rest of a run that is here, for the caller it began with; or all of it, when its first stream was cut
        before it came here. Whoever else asks is told no more than that there is none."""
        resume = decode_resume(first.resume)
        link = self._live.find(resume.run, caller)
        if link is not None and link.reopened(resume.received):
            start_pump(link, frames)
            return link.outgoing()
        if link is not None or resume.received or self._node.used(resume.run):
            return iter([encode_abort(ResumeError.__name__, ResumeError.public, resume.received)])
        fresh = self._link(caller)
        fresh.run = resume.run
        fresh.reopened(0)
        return self._serve(fresh, frames, caller)

    def _link(self, caller: bytes) -> FrameLink:
        settings = self._node.settings.node
        wait = settings.wait_limit + settings.peer_silence  # `Admission` ends a wait earlier, and says which
        link = FrameLink(settings.peer_silence, settings.run_limit, wait)
        link.certificate = caller
        return link

    def _serve(self, link: FrameLink, frames: Iterator[Frame], caller: bytes) -> Iterator[Frame]:
        start_pump(link, frames)
        run = threading.Thread(target=self._answer, args=(link, caller), name="cleanroom-run", daemon=True)
        run.start()
        self._runs.add(run)
        return link.outgoing()

    def finish(self) -> None:
        """Let runs whose streams have ended write that down; one that computes on is left to be interrupted."""
        for run in tuple(self._runs):
            run.join(FINISH_SECONDS)

    def Propose(self, request: Proposal, context: Any) -> ProposalAnswer:  # noqa: N802
        """Keep a contract that the peer has signed, for a person to read and accept."""
        with _refusing(context, "proposal"):
            contract, installed = receive_proposal(self._node, peer_fingerprint(context), request.text)
            what = "is signed by both and kept" if installed else "waits for `cleanroom contract accept`"
            note(Event.PROPOSAL_KEPT, f"version {contract.version} ({hash_text(contract)}) {what}",
                 contract=contract.id)
            return ProposalAnswer(contract=contract_hash(contract), installed=installed)

    def Revoke(self, request: Revocation, context: Any) -> RevocationAnswer:  # noqa: N802
        """Keep the peer's revocation of a contract."""
        with _refusing(context, "revocation"):
            contract = receive_revocation(self._node, peer_fingerprint(context), request.record)
            note(Event.CONTRACT_REVOKED, f"version {contract.version} ({hash_text(contract)}) is revoked by the peer",
                 contract=contract.id)
            return RevocationAnswer(contract=contract_hash(contract))

    def Rotate(self, request: Rotation, context: Any) -> RotationAnswer:  # noqa: N802
        """Keep the peer's next certificate."""
        with _refusing(context, "rotation"):
            rotation = receive_rotation(self._node, peer_fingerprint(context), request.record)
            note(Event.ROTATION_KEPT, f"the peer changes its certificate on {rotation.switch_at:%Y-%m-%d}; the "
                 f"present one is accepted until {rotation.until:%Y-%m-%d}")
            return RotationAnswer()

    def _answer(self, link: FrameLink, caller: bytes) -> None:
        known: dict[str, str] = {}
        try:
            hello, contract = self._greeting(link, caller)
            known = {"run": hello.run.hex(), "contract": contract.id}
            with self._live.kept(hello.run, caller, link):
                finished = self._node.execute(contract, hello.run, Silent(), lambda: link, initiator=False)
                for text in finished.notes:
                    note(Event.RUN_NOTE, text, **known)
                note(Event.RUN_FINISHED, "finished and signed by both", **known)
                link.drain(self._node.settings.node.peer_silence)
        except Exception as error:  # the peer must hear of any end; details stay here
            complain(Event.RUN_ENDED, "run ended", error, step=link.step, **known)
            link.abort(error)
        finally:
            link.close()

    def _greeting(self, link: FrameLink, caller: bytes) -> tuple[Hello, Contract]:
        _, hello = link.peek(self._node.settings.node.connect_timeout)
        if not isinstance(hello, Hello):
            raise PeerViolationError("the first message is not a hello")
        contract = self._node.known().get(hello.contract)  # whether it is in force is checked by `execute`
        if contract is None:
            raise ContractError("the peer names a contract that is not here", todo=(
                "put the signed contract into the folder `contracts`; `cleanroom contract verify` says what is wrong"))
        if not self._node.is_of(caller, contract.party(other(self._node.settings.role))):
            raise ContractError("the caller's certificate is pinned by another contract than the one it names")
        if self._node.used(hello.run):
            raise PeerViolationError("the peer repeats the id of an earlier run")
        return hello, contract


@contextmanager
def _refusing(context: Any, what: str) -> Iterator[None]:
    """End a call with the public words of an error; its own words stay here."""
    try:
        yield
    except CleanroomError as error:
        complain(Event.CALL_REFUSED, f"{what} refused", error)
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, error.public[:limits.MAX_TEXT])
    except Exception as error:
        if isinstance(error, grpc.RpcError):
            raise
        complain(Event.CALL_REFUSED, f"{what} ended", error)
        context.abort(grpc.StatusCode.INTERNAL, "internal error")

