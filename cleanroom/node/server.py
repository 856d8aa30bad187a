"""The long-running node: answers runs of its contracts, one at a time for each contract."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from cleanroom import limits
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.progress import Silent
from cleanroom.contract.check import certificate, decode_base64
from cleanroom.contract.model import Contract, other
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import (
    BusyError,
    CleanroomError,
    ContractError,
    MachineError,
    PeerLostError,
    PeerViolationError,
    ResumeError,
    SettingsError,
)
from cleanroom.node import tls
from cleanroom.node.agreements import hash_text, receive_proposal, receive_revocation, trusted_parties
from cleanroom.node.authorise import SERVICE, Authorise, Caller, peer_fingerprint
from cleanroom.node.carrier import start_pump
from cleanroom.node.link import FrameLink
from cleanroom.node.live import LiveRuns, first_frame
from cleanroom.node.local import LocalNode
from cleanroom.session.messages import Hello
from cleanroom.v1 import node_pb2_grpc
from cleanroom.v1.agreement_pb2 import Proposal, ProposalAnswer, Revocation, RevocationAnswer
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import encode_abort
from cleanroom.wire.transport import Resume, State, decode_resume

MAX_CALLS = 8  # concurrent streams of all peers; further ones are refused at once
REFRESH_SECONDS = 2.0  # until a new contract takes effect
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
            self.refresh()
            self._node.interrupted.give_up(self._node.keys.signing)

    def refresh(self) -> None:
        """Listen anew if other peers are trusted now than before. Runs in progress go on."""
        self._report()
        trusted = self._trusted()
        if trusted != self._bundle:
            self._servers[-1].stop(grace=MAX_RUN_SECONDS)
            self._listen(trusted, patience=REBIND_SECONDS)

    def stop(self) -> None:
        """Refuse new runs, and end running ones after a moment."""
        self._health.enter_graceful_shutdown()
        for ending in [server.stop(grace=2) for server in self._servers]:
            ending.wait()
        self._servicer.live.leave(STOP_SECONDS)

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
        server = grpc.server(futures.ThreadPoolExecutor(MAX_CALLS + 2), interceptors=[Authorise(self._callers)],
                             options=tls.OPTIONS, maximum_concurrent_rpcs=MAX_CALLS)
        node_pb2_grpc.add_NodeServicer_to_server(self._servicer, server)  # type: ignore[no-untyped-call]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        return server

    def _credentials(self, trusted: bytes) -> grpc.ServerCredentials:
        return tls.server_credentials(*self._node.keys.tls_pem(), trusted)

    def _report(self) -> None:
        refusals = self._node.refusals()
        for refusal in refusals:
            if refusal not in self._reported:
                _say(f"not in force here: {refusal}")
        self._reported = frozenset(refusals)

    def _certificates(self, callers: frozenset[Caller]) -> set[bytes]:
        found: set[bytes] = set()
        if "party" in callers:
            peer = other(self._node.settings.role)
            found |= {certificate(contract, peer) for contract in self._node.known().values()}
        if "trusted" in callers:
            found |= {decode_base64(party.certificate, "certificate") for party in trusted_parties(self._node)}
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
        self._busy: set[str] = set()
        self.live = LiveRuns()
        self._lock = threading.Lock()

    def Exchange(self, request_iterator: Iterator[Frame], context: Any) -> Iterator[Frame]:  # noqa: N802
        """One run, or the rest of one, answered in a thread while gRPC sends what it queues."""
        caller, silence = peer_fingerprint(context), self._node.settings.node.peer_silence
        first = first_frame(request_iterator, silence)
        if first is None:
            _say(f"a caller was silent for {silence} s; no run has begun")
            yield encode_abort(PeerLostError.__name__, PeerLostError.public, 0)
        elif first.WhichOneof("body") == "resume":
            yield from self._resume(first, request_iterator, caller)
        else:
            yield from self._serve(self._link(), chain([first], request_iterator), caller)
        if not context.is_active():
            yield Frame()  # goes nowhere: gRPC never forgets a call that it broke off itself and that then ends well

    def _resume(self, first: Frame, frames: Iterator[Frame], caller: bytes) -> Iterator[Frame]:
        """The rest of a run that is here, for the caller it began with; or all of it, when its first stream was cut
        before it came here. Whoever else asks is told no more than that there is none."""
        resume = decode_resume(first.resume)
        link = self.live.find(resume.run, caller)
        if link is not None and link.reopened(resume.received):
            start_pump(link, frames)
            return link.outgoing()
        try:
            taken_up = self._interrupted(resume, caller) if link is None else None
            known = link is not None or resume.received or self._node.used(resume.run)
        except (BusyError, MachineError, SettingsError):
            return iter(())  # cut again: an earlier process, or stream, is about to let go of it, or the disk is full
        if taken_up is not None:
            start_pump(taken_up, frames)
            return taken_up.outgoing()
        if known:
            return iter([encode_abort(ResumeError.__name__, ResumeError.public, resume.received)])
        fresh = self._link()
        fresh.run = resume.run
        fresh.reopened(0)
        return self._serve(fresh, frames, caller)

    def _interrupted(self, resume: Resume, caller: bytes) -> FrameLink | None:
        """A run that this node answered before it stopped, taken up for the caller that it began with. BusyError when
        another process holds it."""
        try:
            start = self._node.interrupted.start_of(resume.run)
            contract = self._node.known().get(start.contract)
            if start.initiator or contract is None or self._pinned(contract) != caller:
                return None
            journal = self._node.interrupted.reopen(resume.run)
        except ResumeError:
            return None
        link = self._link()
        link.run = resume.run
        link.say(State.RESUMING)
        link.restore(journal.received, journal.sent)
        link.reopened(resume.received)
        threading.Thread(target=self._run, args=(link, caller, resume.run, contract, journal), name="cleanroom-run",
                         daemon=True).start()
        return link

    def _pinned(self, contract: Contract) -> bytes:
        return hashlib.sha256(certificate(contract, other(self._node.settings.role))).digest()

    def _link(self) -> FrameLink:
        link = FrameLink(self._node.settings.node.peer_silence, self._node.settings.node.run_limit)
        link.durable = True  # from its first frame on: the stream may be cut before the run is known
        return link

    def _serve(self, link: FrameLink, frames: Iterator[Frame], caller: bytes) -> Iterator[Frame]:
        start_pump(link, frames)
        threading.Thread(target=self._answer, args=(link, caller), name="cleanroom-run", daemon=True).start()
        return link.outgoing()

    def Propose(self, request: Proposal, context: Any) -> ProposalAnswer:  # noqa: N802
        """Keep a contract that the peer has signed, for a person to read and accept."""
        with _refusing(context, "proposal"):
            contract, installed = receive_proposal(self._node, peer_fingerprint(context), request.text)
            what = "is signed by both and kept" if installed else "waits for `cleanroom contract accept`"
            _say(f"proposal {contract.id} version {contract.version} ({hash_text(contract)}) {what}")
            return ProposalAnswer(contract=contract_hash(contract), installed=installed)

    def Revoke(self, request: Revocation, context: Any) -> RevocationAnswer:  # noqa: N802
        """Keep the peer's revocation of a contract."""
        with _refusing(context, "revocation"):
            contract = receive_revocation(self._node, peer_fingerprint(context), request.record)
            _say(f"contract {contract.id} version {contract.version} ({hash_text(contract)}) is revoked by the peer")
            return RevocationAnswer(contract=contract_hash(contract))

    def _answer(self, link: FrameLink, caller: bytes) -> None:
        with self._ending(link):
            hello, contract = self._greeting(link, caller)
            link.say(State.READING)
            self._execute(link, caller, hello.run, contract, None)

    def _run(self, link: FrameLink, caller: bytes, run: bytes, contract: Contract, journal: Journal) -> None:
        with self._ending(link), closing(journal):
            self._execute(link, caller, run, contract, journal)

    def _execute(self, link: FrameLink, caller: bytes, run: bytes, contract: Contract, journal: Journal | None) -> None:
        with self.live.kept(run, caller, link):
            with _Turn(self._busy, self._lock, contract.id):
                finished = self._node.execute(contract, run, Silent(), lambda: link, initiator=False, journal=journal)
            for note in finished.notes:
                _say(f"run {run.hex()}: {note}")
            _say(f"run {run.hex()}: finished and signed by both")
            link.drain(self._node.settings.node.peer_silence)

    @contextmanager
    def _ending(self, link: FrameLink) -> Iterator[None]:
        """Whatever ends a run is said here, and in public words to the peer."""
        try:
            yield
        except CleanroomError as error:
            _say(f"run ended: {type(error).__name__}: {error}")
            link.abort(error)
        except Exception as error:  # the peer must hear of any end; details stay here
            _say(f"run ended by an internal error ({type(error).__name__})")
            link.abort(error)
        finally:
            link.close()

    def _greeting(self, link: FrameLink, caller: bytes) -> tuple[Hello, Contract]:
        _, hello = link.peek()
        if not isinstance(hello, Hello):
            raise PeerViolationError("the first message is not a hello")
        contract = self._node.known().get(hello.contract)  # whether it is in force is checked by `execute`
        if contract is None:
            raise ContractError("the peer names a contract that is not here", todo=(
                "put the signed contract into the folder `contracts`; `cleanroom contract verify` says what is wrong"))
        if self._pinned(contract) != caller:
            raise ContractError("the caller's certificate is pinned by another contract than the one it names")
        if self._node.used(hello.run):
            raise PeerViolationError("the peer repeats the id of an earlier run")
        return hello, contract


class _Turn:
    """One run of a contract at a time."""

    def __init__(self, busy: set[str], lock: threading.Lock, contract: str) -> None:
        self._busy, self._lock, self._contract = busy, lock, contract

    def __enter__(self) -> None:
        with self._lock:
            if self._contract in self._busy:
                raise BusyError("another run of this contract is in progress", todo="wait for it to end")
            self._busy.add(self._contract)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._busy.discard(self._contract)


@contextmanager
def _refusing(context: Any, what: str) -> Iterator[None]:
    """End a call with the public words of an error; its own words stay here."""
    try:
        yield
    except CleanroomError as error:
        _say(f"{what} refused: {error}")
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, error.public[:limits.MAX_TEXT])
    except Exception as error:
        if isinstance(error, grpc.RpcError):
            raise
        _say(f"{what} ended by an internal error ({type(error).__name__})")
        context.abort(grpc.StatusCode.INTERNAL, "internal error")


def _say(text: str) -> None:
    print(text[:4 * limits.MAX_TEXT], file=sys.stderr, flush=True)  # noqa: T201
