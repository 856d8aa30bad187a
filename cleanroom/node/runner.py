"""One run of a party's node, from own tables to written reports: what a node loads with its first run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from cleanroom import __version__, flow, limits
from cleanroom.adapters.audit_files import AuditFile, remove_release, write_release
from cleanroom.adapters.consent_files import KeptConsents
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.journal_files import Start
from cleanroom.adapters.noise import OpenDPNoise
from cleanroom.adapters.parts import load_parts, part_count
from cleanroom.adapters.past_runs import KeptRuns, past_runs_key
from cleanroom.adapters.progress import Timed
from cleanroom.adapters.recorded import SyncedSink, recorded
from cleanroom.adapters.run_files import STATE_NAME, RunFiles
from cleanroom.adapters.scratch import DiskScratch
from cleanroom.audit.events import Kind, time_text
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.log import AuditLog
from cleanroom.audit.receipt import table_bytes
from cleanroom.audit.verify import CONTRACT_NAME
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.model import Contract, Role
from cleanroom.contract.parse import contract_hash, signed_json
from cleanroom.disclosure.padding import padding_terms
from cleanroom.errors import (
    CleanroomError,
    MisuseError,
    PeerLostError,
    PeerRevokedError,
    PeerViolationError,
)
from cleanroom.flow import Outcome
from cleanroom.match.dummies import Padding
from cleanroom.node.admission import ENDS, Turn
from cleanroom.node.interrupted import suspended
from cleanroom.node.introduced import IntroducedLink
from cleanroom.node.link import FrameLink
from cleanroom.node.local import Finished, LocalNode
from cleanroom.node.results import write_results
from cleanroom.ports import AuditSink, Cap, Progress
from cleanroom.preparation import Parts
from cleanroom.rules import CURRENT
from cleanroom.session.setup import Ports, Setup
from cleanroom.wire.traffic import most_received
from cleanroom.wire.transport import State


class Runner:
    """Executes one run of a node."""

    def __init__(self, node: LocalNode) -> None:
        self._node, self._settings = node, node.settings

    def execute(self, contract: Contract, run: bytes, progress: Progress, connect: Callable[[], FrameLink], *,
                initiator: bool, journal: Journal | None = None) -> Finished:
        """See `LocalNode.execute`."""
        node = self._node
        if journal is None and node.used(run):
            raise _repeated(initiator=initiator)
        complete = journal is not None and journal.ended  # signed by both under a contract that was in force
        check = _nothing if complete else partial(node.check, contract)
        check()
        flow.check_plan(contract)
        link = None if initiator else connect()
        try:
            with node.admission.turn(contract, run.hex(), progress, link, journal=journal) as turn:
                check()  # again: the run may have waited
                return self._execute(contract, run, turn, connect, journal, initiator=initiator)
        except ENDS as error:  # in its run, or before its turn
            if isinstance(error, PeerRevokedError):
                node.learn(contract, error.record)
            if journal is not None and not journal.ended:
                node.interrupted.end(run, error, node.keys.signing)
                journal.remove()
            raise

    def _execute(self, contract: Contract, run: bytes, turn: Turn, connect: Callable[[], FrameLink],
                 journal: Journal | None, *, initiator: bool) -> Finished:
        node, plan = self._node, flow.check_plan(contract)
        start = journal.start if journal else node.interrupted.start(contract, node.clock.now(), initiator=initiator)
        started = start.started
        if start.within:
            turn.limit(start.left(node.clock.now()))
        with self._scratch() as scratch, Timed(turn) as timed:
            agreed, budget = plan.contract, self._settings.limits.bytes
            read: Callable[[], Parts] = partial(load_parts, self._settings, agreed, started, scratch, budget)
            # a bad file is found before anything is done
            if journal or not initiator or part_count(self._settings, budget) <= 1:
                timed.stage("reading", 1)
                read = _given(read())
            timed.stage("connecting", 1)
            link = connect()
            link.run, link.journal = run, journal
            link.guard = _nothing if journal and journal.ended else partial(node.store.check_not_revoked, contract)
            link.attend, link.told = turn.check, timed.peer
            link.quota = node.quota(contract)
            read = read if journal else _telling(read, link)
            timed.advance(1)
            try:
                setup, outcome = self._run(contract, run, turn, read, scratch, link, timed, start)
                results = write_results(node.runs, setup, outcome, contract, started=started,
                                        ended=max(started, node.clock.now()),  # the clock may have been set back
                                        timings=timed.seconds, traffic=(link.bytes_sent, link.bytes_received),
                                        language=node.language, again=journal is not None)
                kept = self._finish(link)
                return Finished(outcome.table, results, (*_notes(outcome), *_handing_over(run, start, kept=kept)))
            except BaseException as error:
                self._end(error, run, turn, link, start)
                raise
            finally:
                link.close()

    def _run(self, contract: Contract, run: bytes, turn: Turn, read: Callable[[], Parts], scratch: DiskScratch,
             link: FrameLink, timed: Timed, start: Start) -> tuple[Setup, Outcome]:
        """The protocol and what it releases. The log is sealed however it ends, where the disk allows."""
        runs, again = self._node.runs, link.journal is not None
        link.journal = link.journal or self._node.interrupted.create(run, start)  # first: whatever is claimed has one
        if not again and not runs.claim(run.hex()):
            raise _repeated(initiator=start.initiator)
        with AuditFile(runs.folder(run.hex()), again=again) as sink:
            if not (runs.folder(run.hex()) / CONTRACT_NAME).exists():
                runs.write(run.hex(), CONTRACT_NAME, signed_json(contract).decode())
            setup = self._setup(contract, run, sink, scratch, turn, link.journal, start)
            introduced = IntroducedLink(link, setup.audit, _certificate(link).hex())
            try:
                outcome = flow.run(setup, read, introduced, timed, initiator=start.initiator)
                if link.journal is not None:
                    link.journal.end()
                self._release(setup, outcome)
            except BaseException:
                with suppress(CleanroomError):  # the run's own error is the one to report
                    self._seal(setup)
                raise
            finally:
                timed.done()
            self._seal(setup)
        return setup, outcome

    def _release(self, setup: Setup, outcome: Outcome) -> None:
        """Table and receipt, then RUN_ENDED: a log that says so has both, even after a crash. Else neither stands."""
        folder = self._node.runs.folder(setup.run.hex())
        try:
            write_release(folder, table_bytes(outcome.table), outcome.receipt)
            setup.audit.record(Kind.RUN_ENDED)
        except BaseException as error:
            with suppress(CleanroomError):  # a log that stays open is ended with the journal, see `Interrupted`
                if not setup.audit.ended:
                    remove_release(folder)
                if setup.audit.open:
                    setup.audit.fail(error, "release")
            raise

    def _finish(self, link: FrameLink) -> bool:
        """The reports are there. The journal stays only for a peer that has not taken our last frames; whether it
        does."""
        link.close()
        if link.journal is None:
            return False
        taken = link.drain(limits.LAST_FRAMES) and not link.alone
        if taken:
            link.journal.remove()
        link.journal.close()
        return not taken

    def _end(self, error: BaseException, run: bytes, turn: Turn, link: FrameLink, start: Start) -> None:
        """A run that lost its peer stays to be taken up, and so does one that lacks only its reports; another one is
        over, with its log sealed, and the peer hears why. PeerLostError, with what to do, in the first case."""
        journal, node = link.journal, self._node
        if journal is None:
            link.abort(error)
            return
        if isinstance(error, PeerLostError):
            turn.interrupted = True
            journal.close()
            link.leave()
            raise suspended(error, run, start) from error
        link.abort(error)
        turn.interrupted = journal.ended
        if not journal.ended:
            with suppress(CleanroomError):  # the run's own error is the one to report
                node.interrupted.end(run, error, node.keys.signing)
            journal.remove()
        journal.close()

    def _seal(self, setup: Setup) -> None:
        folder = self._node.runs.folder(setup.run.hex())
        if setup.audit.ended and not (folder / HEAD_NAME).exists():
            self._node.runs.seal(folder.name, setup.audit.head, setup.audit.root)

    def _scratch(self) -> DiskScratch:
        return DiskScratch(self._settings.folder / STATE_NAME, self._settings.limits.bytes, self._node.entropy)

    def _setup(self, contract: Contract, run: bytes, sink: AuditSink, scratch: DiskScratch, turn: Turn,
               journal: Journal | None, start: Start) -> Setup:
        node, role = self._node, self._settings.role
        plan = flow.check_plan(contract)
        terms = padding_terms(plan)
        proofs, past = KeptConsents(self._settings.folder, run.hex()), self._past(contract)
        ports = Ports(node.backend, node.entropy, OpenDPNoise(), node.clock, node.ledger, node.keys.signing, proofs,
                      past, scratch)
        previous = node.runs.last_head
        if journal is not None:
            ports = recorded(ports, journal, node.ledger, proofs, past)
            sink, previous = SyncedSink(sink, journal), partial(_previous, journal, node.runs)
        audit = AuditLog(sink, ports.clock, node.keys.signing)
        audit.record(Kind.RUN_STARTED, run_id=run.hex(), contract_hash=contract_hash(contract).hex(),
                     contract_id=contract.id, role=role, software=__version__, backend=node.backend.name,
                     rule_pack=CURRENT.sha256, previous_head=previous())
        if turn.approved is not None:
            audit.record(Kind.RUN_APPROVED, user=turn.approved_by, at=time_text(turn.approved))
        return Setup(plan, contract_hash(contract), role, run, Padding(terms.most, terms.scale), ports, audit,
                     self._caps(), started=turn.heard or ports.clock.now(), resumable=journal is not None,
                     overtaken=partial(node.ledger.overtaken, contract.id, run.hex(), start.started),
                     behind=lambda: journal is not None and journal.replaying)

    def _past(self, contract: Contract) -> KeptRuns:
        key = past_runs_key(self._settings.key_directory, self._node.entropy)
        return KeptRuns(self._settings.folder, key, contract.id, contract_hash(contract).hex(), self._settings.role,
                        {role: signing_key(contract, role) for role in ROLES})

    def _caps(self) -> tuple[Cap, ...]:
        own = self._settings.partner
        return () if own is None else (Cap("partner.budget_epsilon", own.days, epsilon=float(own.budget_epsilon)),)


def most_of_peer(contract: Contract, role: Role) -> int:
    """See `LocalNode.quota`."""
    return most_received(flow.check_plan(contract), role)


def _previous(journal: Journal, runs: RunFiles) -> str:
    return journal.answer(lambda: runs.last_head().encode()).decode()


def _certificate(link: FrameLink) -> bytes:
    """The one under which the peer came first: it may show its next one when the run is taken up."""
    return link.certificate if link.journal is None else link.journal.answer(lambda: link.certificate)


def _nothing() -> None:
    """In place of a check."""


def _given(parts: Parts) -> Callable[[], Parts]:
    return lambda: parts


def _telling(read: Callable[[], Parts], link: FrameLink) -> Callable[[], Parts]:
    def reading() -> Parts:
        link.say(State.READING)
        parts = read()
        link.say(State.WORKING)
        return parts

    return reading


def _repeated(*, initiator: bool) -> CleanroomError:
    if initiator:
        return MisuseError("a new run got the id of an earlier one")
    return PeerViolationError("the peer repeats the id of an earlier run")


def _notes(outcome: Outcome) -> Iterator[str]:
    close = outcome.own.close
    if close is not None:
        few = f"{'' if close.difference.exact else 'at least '}{close.difference.people}"
        yield f"X-04: only {few} people differ from those of run {close.run}: see disclosure.overlap"
    if outcome.repeats:
        yield f"same question, same data on both sides: this is the table of run {outcome.repeats}, nothing is charged"


def _handing_over(run: bytes, start: Start, *, kept: bool) -> Iterator[str]:
    """What is left to do for a peer that may lack our last frames."""
    if kept:
        todo = (f"hand it over with `cleanroom runs resume DIR {run.hex()} --contract FILE`" if start.initiator else
                "it gets it when it comes back to the run")
        yield f"the other party has not confirmed our last message: {todo}, within {start.within} s"
