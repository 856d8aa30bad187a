"""What the node answers: runs, and the partners' words about contracts and certificates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain
from typing import Any, Final
from weakref import WeakSet

import grpc

from cleanroom import limits
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.progress import Silent
from cleanroom.contract.model import Contract, other
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import (
    AttemptsError,
    BusyError,
    CleanroomError,
    ContractError,
    MachineError,
    PeerLostError,
    PeerNotReadyError,
    PeerViolationError,
    ResumeError,
    RunCancelledError,
    SettingsError,
)
from cleanroom.node.agreements import hash_text, receive_proposal, receive_revocation, receive_rotation
from cleanroom.node.authorise import peer_fingerprint
from cleanroom.node.call_rate import CallRate
from cleanroom.node.carrier import start_pump
from cleanroom.node.link import FrameLink, farewell
from cleanroom.node.live import LiveRuns, first_of
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
from cleanroom.wire.transport import Resume, State, decode_resume

FINISH_SECONDS: Final = 2.0  # sealing a log takes less
SPOILT: Final = (AttemptsError, ContractError, PeerViolationError)  # a run that the caller should not begin


def _itself(error: Exception) -> Exception:
    return error


class Servicer(node_pb2_grpc.NodeServicer):
    """The node's own service."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node
        self.live = LiveRuns()
        self.rate = CallRate(node.settings.node.calls_per_minute)
        self._runs: WeakSet[threading.Thread] = WeakSet()

    def Exchange(self, request_iterator: Iterator[Frame], context: Any) -> Iterator[Frame]:  # noqa: N802
        """One run, or the rest of one, answered in a thread while gRPC sends what it queues."""
        caller, patience = peer_fingerprint(context), self._node.settings.node.connect_timeout
        first = first_of(request_iterator, patience)
        if first is None:  # no word to it: who was only slow dials again
            self.rate.spoiled(caller)
            complain(Event.CALL_REFUSED, "no run has begun", PeerLostError(f"a caller was silent for {patience} s"))
        elif first.WhichOneof("body") == "resume":
            yield from self._resume(first, request_iterator, caller)
        else:
            yield from self._serve(self._link(caller), chain([first], request_iterator), caller)
        if not context.is_active():
            yield Frame()  # goes nowhere: gRPC never forgets a call that it broke off itself and that then ends well

    def _resume(self, first: Frame, frames: Iterator[Frame], caller: bytes) -> Iterator[Frame]:
        """The rest of a run that is here, for the peer of its contract; or all of it, when its first stream was cut
        before it came here. Whoever else asks is told no more than that there is none."""
        try:
            resume = decode_resume(first.resume)
        except PeerViolationError as error:
            self.rate.spoiled(caller)
            return iter([farewell(error, 0)])
        link = self.live.find(resume.run, partial(self._is_peer, caller))
        if link is not None and link.reopened(resume.received):
            start_pump(link, frames)
            return link.outgoing()
        try:
            taken_up = self._interrupted(resume, caller) if link is None else None
            over: CleanroomError | None = self._over(resume, caller) if taken_up is None else None
        except (BusyError, MachineError, SettingsError):
            return iter(())  # cut again: an earlier process, or stream, is about to let go of it, or the disk is full
        except ContractError as error:
            taken_up, over = None, error
        if taken_up is not None:
            start_pump(taken_up, frames)
            return taken_up.outgoing()
        if link is not None or over is not None:
            self.rate.spoiled(caller)
            return iter([farewell(over or ResumeError("it cannot go on"), resume.received)])
        fresh = self._link(caller)
        fresh.run = resume.run
        fresh.reopened(0)
        return self._serve(fresh, frames, caller)

    def _interrupted(self, resume: Resume, caller: bytes) -> FrameLink | None:
        """A run that this node answered before it stopped, taken up for the peer of its contract. BusyError when
        another process holds it; ContractError, and the run is over, when the contract is not in force any more."""
        node = self._node
        try:
            start = node.interrupted.start_of(resume.run)
            contract = node.known().get(start.contract)
            if start.initiator or contract is None or not self._is_peer(caller, contract):
                return None
            node.check_again(contract, resume.run)
            journal = node.interrupted.reopen(resume.run)
        except ResumeError:
            return None
        except ContractError as error:
            with node.interrupted.ending(resume.run, error, node.keys.signing):
                pass
            raise
        link = self._link(caller)
        link.run, link.quota = resume.run, self._node.quota(contract)  # the peer may send its whole window at once
        link.say(State.RESUMING)
        link.restore(journal.received, journal.sent)
        if not link.reopened(resume.received):
            journal.close()
            return None
        self._begin(self._take_up, link, resume.run, contract, journal)
        return link

    def _over(self, resume: Resume, caller: bytes) -> CleanroomError | None:
        """Why a run that is not here any more does not go on; None when it may begin. Its own caller is told of a
        person's cancellation."""
        node, name = self._node, resume.run.hex()
        if not resume.received and node.unbegun(resume.run) and self._is_callers(name, caller):
            node.register.forget(name)
        if not resume.received and not node.used(resume.run):
            return None
        if (node.register.knows(name) and node.register.get(name).error == RunCancelledError.__name__
                and self._is_callers(name, caller)):
            return RunCancelledError("a person here cancelled it")
        return ResumeError("it is over")

    def _is_callers(self, run: str, caller: bytes) -> bool:
        contract = self._node.known().get(bytes.fromhex(self._node.register.get(run).contract_hash))
        return contract is not None and self._is_peer(caller, contract)

    def _is_peer(self, caller: bytes, contract: Contract) -> bool:
        return self._node.is_of(caller, contract.party(other(self._node.settings.role)))

    def _link(self, caller: bytes) -> FrameLink:
        settings = self._node.settings.node
        wait = settings.wait_limit + settings.peer_silence  # `Admission` ends a wait earlier, and says which
        link = FrameLink(settings.peer_silence, settings.run_limit, wait)
        link.certificate = caller
        link.durable = True  # from its first frame on: the stream may be cut before the run is known
        return link

    def _serve(self, link: FrameLink, frames: Iterator[Frame], caller: bytes) -> Iterator[Frame]:
        start_pump(link, frames)
        self._begin(self._answer, link, caller)
        return link.outgoing()

    def _begin(self, work: Callable[..., None], *given: Any) -> None:
        run = threading.Thread(target=work, args=given, name="cleanroom-run", daemon=True)
        run.start()
        self._runs.add(run)

    def finish(self) -> None:
        """Let runs whose streams have ended write that down; one that computes on is left to be interrupted."""
        for run in tuple(self._runs):
            run.join(FINISH_SECONDS)

    def Propose(self, request: Proposal, context: Any) -> ProposalAnswer:  # noqa: N802
        """Keep a contract that the peer has signed, for a person to read and accept."""
        with self._refusing(context, "proposal"):
            contract, installed = receive_proposal(self._node, peer_fingerprint(context), request.text)
            what = "is signed by both and kept" if installed else "waits for `cleanroom contract accept`"
            note(Event.PROPOSAL_KEPT, f"version {contract.version} ({hash_text(contract)}) {what}",
                 contract=contract.id)
            return ProposalAnswer(contract=contract_hash(contract), installed=installed)

    def Revoke(self, request: Revocation, context: Any) -> RevocationAnswer:  # noqa: N802
        """Keep the peer's revocation of a contract."""
        with self._refusing(context, "revocation"):
            contract = receive_revocation(self._node, peer_fingerprint(context), request.record)
            note(Event.CONTRACT_REVOKED, f"version {contract.version} ({hash_text(contract)}) is revoked by the peer",
                 contract=contract.id)
            return RevocationAnswer(contract=contract_hash(contract))

    def Rotate(self, request: Rotation, context: Any) -> RotationAnswer:  # noqa: N802
        """Keep the peer's next certificate."""
        with self._refusing(context, "rotation"):
            rotation = receive_rotation(self._node, peer_fingerprint(context), request.record)
            note(Event.ROTATION_KEPT, f"the peer changes its certificate on {rotation.switch_at:%Y-%m-%d}; the "
                 f"present one is accepted until {rotation.until:%Y-%m-%d}")
            return RotationAnswer()

    def _answer(self, link: FrameLink, caller: bytes) -> None:
        with self._ending(link) as known:
            hello, contract = self._greeting(link, caller)
            self._execute(link, hello.run, contract, None, known)

    def _take_up(self, link: FrameLink, run: bytes, contract: Contract, journal: Journal) -> None:
        def told(error: Exception) -> Exception:
            """It has not gone on: what failed here is no end of it, unless a person said so."""
            return error if isinstance(error, RunCancelledError) else PeerNotReadyError("kept")

        with self._ending(link, told) as known, closing(journal):
            self._execute(link, run, contract, journal, known)

    def _execute(self, link: FrameLink, run: bytes, contract: Contract, journal: Journal | None,
                 known: dict[str, str]) -> None:
        known |= {"run": run.hex(), "contract": contract.id}
        with self.live.kept(run, contract, link):
            finished = self._node.execute(contract, run, Silent(), lambda: link, initiator=False, journal=journal)
            for text in finished.notes:
                note(Event.RUN_NOTE, text, **known)
            note(Event.RUN_FINISHED, "finished and signed by both", **known)
            link.drain(self._node.settings.node.peer_silence)

    @contextmanager
    def _ending(self, link: FrameLink, told: Callable[[Exception], Exception] = _itself) -> Iterator[dict[str, str]]:
        """Whatever ends a run is logged with what is known of it, and said to the peer, as `told`, in public words."""
        known: dict[str, str] = {}
        try:
            yield known
        except Exception as error:
            if not known or isinstance(error, SPOILT):
                self.rate.spoiled(link.certificate)
            complain(Event.RUN_ENDED, "run ended", error, step=link.step, **known)
            link.abort(told(error))
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
        if not self._is_peer(caller, contract):
            raise ContractError("the caller's certificate is pinned by another contract than the one it names")
        if self._node.used(hello.run):
            raise PeerViolationError("the peer repeats the id of an earlier run")
        return hello, contract

    @contextmanager
    def _refusing(self, context: Any, what: str) -> Iterator[None]:
        """End a call with the public words of an error; its own words stay here. A call that writes files counts like a
        bad one, however it ends: people make few of them."""
        self.rate.spoiled(peer_fingerprint(context))
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
