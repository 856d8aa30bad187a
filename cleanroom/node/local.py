"""One party's node as an object: its settings, keys, ledger, contracts, and how it executes a run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from cleanroom import __version__, flow
from cleanroom.adapters.audit_files import AuditFile, remove_release, write_release
from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.adapters.consent_files import KeptConsents
from cleanroom.adapters.contract_files import load_contracts
from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.journal import Journal, Start
from cleanroom.adapters.key_files import PartyKeys, load_keys
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.noise import OpenDPNoise
from cleanroom.adapters.parts import load_parts, part_count
from cleanroom.adapters.party import PartySettings, load_party
from cleanroom.adapters.past_runs import KeptRuns, past_runs_key
from cleanroom.adapters.private_files import make_private_folder, remove_unfinished
from cleanroom.adapters.progress import Timed
from cleanroom.adapters.recorded import SyncedSink, recorded
from cleanroom.adapters.run_files import RUNS_NAME, STATE_NAME, RunFiles
from cleanroom.adapters.scratch import DiskScratch, sweep
from cleanroom.adapters.system import SystemClock, SystemEntropy
from cleanroom.audit.events import Kind
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.log import AuditLog
from cleanroom.audit.receipt import table_bytes
from cleanroom.audit.verify import CONTRACT_NAME
from cleanroom.contract.check import ROLES, certificate, signing_key
from cleanroom.contract.effective import check_policy
from cleanroom.contract.model import Contract, other
from cleanroom.contract.parse import contract_hash, signed_json
from cleanroom.contract.sign import check_foreign, check_in_force
from cleanroom.disclosure.padding import padding_terms
from cleanroom.errors import (
    CleanroomError,
    ContractError,
    MisuseError,
    PeerLostError,
    PeerRevokedError,
    PeerViolationError,
    ResumeError,
    SettingsError,
)
from cleanroom.flow import Outcome
from cleanroom.match.dummies import Padding
from cleanroom.node.interrupted import Interrupted, suspended
from cleanroom.node.introduced import IntroducedLink
from cleanroom.node.link import FrameLink
from cleanroom.node.results import Results, write_results
from cleanroom.ports import Cap, Progress
from cleanroom.preparation import Parts
from cleanroom.primitives.backend import Backend
from cleanroom.rules import CURRENT
from cleanroom.session.setup import Ports, Setup
from cleanroom.table import ReleasedTable
from cleanroom.wire.transport import State

LAST_FRAMES: Final = 10.0  # seconds until the peer has taken our last words; else it asks for them later


@dataclass(frozen=True, slots=True, repr=False)
class Finished:
    """A run that both sides signed, with the files it left."""

    table: ReleasedTable
    results: Results
    notes: tuple[str, ...] = ()  # for the person at this terminal


class LocalNode:
    """Everything a party's node owns on this machine. Close it to end its worker processes.

    `language` is that of the HTML report of its runs.
    """

    def __init__(self, folder: Path, language: str = "en") -> None:
        self.language = language
        self.settings: PartySettings = load_party(folder)
        self.clock = SystemClock()
        self.entropy = SystemEntropy()
        self.keys: PartyKeys = load_keys(self.settings.key_directory, self.settings.role, self.clock)
        self.store = ContractStore(folder)
        self.runs = RunFiles(folder)
        make_private_folder(folder / STATE_NAME, SettingsError)
        sweep(folder / STATE_NAME)
        for each in (folder / STATE_NAME, folder / RUNS_NAME, self.settings.key_directory):
            remove_unfinished(each)
        self.interrupted = Interrupted(self.settings, self.runs, self.clock, self.entropy)
        self.interrupted.give_up(self.keys.signing)
        self.ledger = SQLiteLedger(folder / STATE_NAME / "ledger.sqlite", self.clock)
        self._arithmetic = choose_arithmetic(self.settings.node.workers or os.cpu_count() or 1)
        self.backend: Backend = self._arithmetic.backend

    def __repr__(self) -> str:
        return f"LocalNode({self.settings.role})"

    def __enter__(self) -> LocalNode:
        return self

    def __exit__(self, *_: object) -> None:
        self._arithmetic.executor.close()

    def contracts(self) -> dict[bytes, Contract]:
        """Contracts of the party's folder that are ours and in force at this moment, by hash."""
        return {key: each for key, each in self.known().items() if _holds(self.check, each)}

    def refusals(self) -> list[str]:
        """Why files of the party's folder of contracts are not acted on at this moment, one line each."""
        found, errors = load_contracts(self.settings.folder)
        refused = ((contract, self._refusal(contract)) for contract in found.values())
        return [*map(str, errors), *(f"contract {contract.id} version {contract.version}: {error}"
                                     for contract, error in refused if error is not None)]

    def _refusal(self, contract: Contract) -> Exception | None:
        try:
            self.check(contract)
        except Exception as error:
            return error
        return None

    def known(self) -> dict[bytes, Contract]:
        """Contracts that both signed and that are ours, in force or not: their peer may be told what is wrong."""
        return {key: each for key, each in self.store.installed().items() if _holds(self.check_ours, each)}

    def check_ours(self, contract: Contract) -> None:
        """The contract names our keys and our name. ContractError says what does not fit."""
        settings = self.settings
        check_foreign(contract, settings.role, self.keys.signing.public, self.keys.certificate_der())
        if contract.party(settings.role).name != settings.party.name:
            raise ContractError(f"the contract gives the {settings.role} another name than party.toml",
                                todo="people consented to a name: both must be the same")

    def check(self, contract: Contract) -> None:
        """The contract is ours, in force now, honours our policy and can be run. ContractError says what is not."""
        self.check_ours(contract)
        check_in_force(contract, self.clock.now())
        self.store.check_live(contract, self.clock.now())
        check_policy(contract, self.settings.role, self.settings.policy)
        flow.check_plan(contract)

    def learn(self, contract: Contract, record: bytes) -> None:
        """Keep the peer's proof that it revoked the contract, if it is one."""
        with suppress(ContractError):
            self.store.revoke(contract, record)

    def new_run(self) -> bytes:
        """A run id: 6 bytes of time in milliseconds, so that ids sort, and 10 random bytes."""
        milliseconds = int(self.clock.now().timestamp() * 1000)
        return milliseconds.to_bytes(6, "big") + self.entropy.bytes(10)

    def used(self, run: bytes) -> bool:
        """Whether a run with this id was here before: its folder stands, or the ledger has paid for it."""
        return self.runs.folder(run.hex()).exists() or self.ledger.knows(run.hex())

    def execute(self, contract: Contract, run: bytes, progress: Progress, connect: Callable[[], FrameLink], *,
                initiator: bool, journal: Journal | None = None) -> Finished:
        """One run from own tables to written reports.

        Contract and own files are checked before `connect` is called and before anything is written; but files so large
        that they are read in parts are read by who dials after its hello, so that both nodes do so at once. A run that
        fails later leaves its sealed audit log and nothing else, and the peer is told why in public words. An id serves
        one run: PeerViolationError when the peer chose one that was used before. With `journal` the run that it is of
        is taken up: gone through again from the journal, then continued. A run that loses its peer stays for that.
        """
        if journal is None and self.used(run):
            raise _repeated(initiator=initiator)
        self.check(contract)
        started = journal.start.started if journal else self.clock.now()
        with self._scratch() as scratch, Timed(progress) as timed:
            agreed, budget = flow.check_plan(contract).contract, self.settings.limits.bytes
            read: Callable[[], Parts] = partial(load_parts, self.settings, agreed, started, scratch, budget)
            # a bad file is found before anything is done
            if journal or not initiator or part_count(self.settings, budget) <= 1:
                timed.stage("reading", 1)
                read = _given(read())
            timed.stage("connecting", 1)
            link = connect()
            link.run, link.journal = run, journal
            link.guard, link.told = (lambda: self.store.check_not_revoked(contract)), timed.peer
            read = read if journal else _telling(read, link)
            timed.advance(1)
            start = Start(contract_hash(contract), initiator, started, self.interrupted.within(contract))
            try:
                setup, outcome = self._run(contract, run, read, scratch, link, timed, start)
                results = write_results(self.runs, setup, outcome, contract, started=started,
                                        ended=max(started, self.clock.now()),  # the clock may have been set back
                                        timings=timed.seconds, traffic=(link.bytes_sent, link.bytes_received),
                                        language=self.language, again=journal is not None)
                self._finish(link)
                return Finished(outcome.table, results, tuple(_notes(outcome)))
            except BaseException as error:
                if isinstance(error, PeerLostError) and link.journal is not None:
                    link.journal.close()
                    link.leave()
                    raise suspended(error, run, start) from error
                link.abort(error)
                if isinstance(error, ResumeError):
                    self.interrupted.end(run, self.keys.signing)
                if link.journal is not None and not link.journal.ended:  # else only the reports are missing
                    link.journal.remove()
                if link.journal is not None:
                    link.journal.close()
                if isinstance(error, PeerRevokedError):
                    self.learn(contract, error.record)
                raise
            finally:
                link.close()

    def _run(self, contract: Contract, run: bytes, read: Callable[[], Parts], scratch: DiskScratch,
             link: FrameLink, timed: Timed, start: Start) -> tuple[Setup, Outcome]:
        """The protocol and what it releases. The log is sealed however it ends, where the disk allows."""
        again, folder = link.journal is not None, self.runs.folder(run.hex())
        link.journal = link.journal or self.interrupted.create(run, start)  # first: a run that has a folder has one
        if not again and not self.runs.claim(run.hex()):
            raise _repeated(initiator=start.initiator)
        with AuditFile(folder, again=again) as sink:
            if not (folder / CONTRACT_NAME).exists():
                self.runs.write(run.hex(), CONTRACT_NAME, signed_json(contract).decode())
            setup = self._setup(contract, run, sink, scratch, link.journal)
            peer = certificate(contract, other(setup.role))
            introduced = IntroducedLink(link, setup.audit, hashlib.sha256(peer).hexdigest())
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
        folder = self.runs.folder(setup.run.hex())
        try:
            write_release(folder, table_bytes(outcome.table), outcome.receipt)
            setup.audit.record(Kind.RUN_ENDED)
        except BaseException as error:
            if not setup.audit.ended:
                remove_release(folder)
            if setup.audit.open:
                with suppress(CleanroomError):
                    setup.audit.fail(error, "release")
            raise

    def _finish(self, link: FrameLink) -> None:
        """The reports are there. The journal stays only for a peer that has not taken our last frames."""
        link.close()
        if link.journal is not None:
            if link.drain(LAST_FRAMES):
                link.journal.remove()
            link.journal.close()

    def _seal(self, setup: Setup) -> None:
        if setup.audit.ended and not (self.runs.folder(setup.run.hex()) / HEAD_NAME).exists():
            self.runs.seal(setup.run.hex(), setup.audit.head, setup.audit.root)

    def _scratch(self) -> DiskScratch:
        return DiskScratch(self.settings.folder / STATE_NAME, self.settings.limits.bytes, self.entropy)

    def _setup(self, contract: Contract, run: bytes, sink: AuditFile, scratch: DiskScratch,
               journal: Journal | None) -> Setup:
        plan = flow.check_plan(contract)
        terms = padding_terms(plan)
        proofs, past = KeptConsents(self.settings.folder, run.hex()), self._past(contract)
        ports = Ports(self.backend, self.entropy, OpenDPNoise(), self.clock, self.ledger, self.keys.signing, proofs,
                      past, scratch)
        previous = self.runs.last_head
        audit = AuditLog(sink, self.clock, self.keys.signing)
        if journal is not None:
            ports = recorded(ports, journal, self.ledger, proofs, past)
            audit = AuditLog(SyncedSink(sink, journal), ports.clock, self.keys.signing)
            previous = partial(_previous, journal, self.runs)
        audit.record(Kind.RUN_STARTED, run_id=run.hex(), contract_hash=contract_hash(contract).hex(),
                     contract_id=contract.id, role=self.settings.role, software=__version__,
                     backend=self.backend.name, rule_pack=CURRENT.sha256, previous_head=previous())
        return Setup(plan, contract_hash(contract), self.settings.role, run, Padding(terms.most, terms.scale), ports,
                     audit, self._caps(), started=ports.clock.now(), resumable=journal is not None)

    def _past(self, contract: Contract) -> KeptRuns:
        key = past_runs_key(self.settings.key_directory, self.entropy)
        return KeptRuns(self.settings.folder, key, contract.id, contract_hash(contract).hex(),
                        {role: signing_key(contract, role) for role in ROLES})

    def _caps(self) -> tuple[Cap, ...]:
        own = self.settings.partner
        return () if own is None else (Cap("partner.budget_epsilon", own.days, epsilon=float(own.budget_epsilon)),)


def _previous(journal: Journal, runs: RunFiles) -> str:
    return journal.answer(lambda: runs.last_head().encode()).decode()


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


def _holds(check: Callable[[Contract], None], contract: Contract) -> bool:
    try:
        check(contract)
    except Exception:  # whatever is wrong with one contract, the others stay usable
        return False
    return True
