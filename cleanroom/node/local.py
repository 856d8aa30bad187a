"""One party's node as an object: its settings, keys, ledger, contracts, and how it executes a run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cleanroom import __version__, flow
from cleanroom.adapters.audit_files import AuditFile, remove_release, write_release
from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.adapters.consent_files import KeptConsents
from cleanroom.adapters.contract_files import load_contracts
from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.key_files import PartyKeys, load_keys
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.noise import OpenDPNoise
from cleanroom.adapters.parts import load_parts, part_count
from cleanroom.adapters.party import PartySettings, load_party
from cleanroom.adapters.past_runs import KeptRuns, past_runs_key
from cleanroom.adapters.private_files import make_private_folder
from cleanroom.adapters.progress import Timed
from cleanroom.adapters.run_files import STATE_NAME, RunFiles
from cleanroom.adapters.scratch import DiskScratch, sweep
from cleanroom.adapters.system import SystemClock, SystemEntropy
from cleanroom.audit.events import Kind
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
    PeerRevokedError,
    PeerViolationError,
    SettingsError,
)
from cleanroom.flow import Outcome
from cleanroom.match.dummies import Padding
from cleanroom.node.introduced import IntroducedLink
from cleanroom.node.link import FrameLink
from cleanroom.node.results import Results, write_results
from cleanroom.ports import Cap, Progress
from cleanroom.preparation import Parts
from cleanroom.primitives.backend import Backend
from cleanroom.rules import CURRENT
from cleanroom.session.setup import Ports, Setup
from cleanroom.table import ReleasedTable


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

    def refusals(self) -> list[tuple[str, Exception]]:
        """Files of the party's folder of contracts that are not acted on at this moment: the contract, and why."""
        found, errors = load_contracts(self.settings.folder)
        refused = ((f"{each.id} version {each.version}", self._refusal(each)) for each in found.values())
        return [*(("", error) for error in errors), *((name, error) for name, error in refused if error is not None)]

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
                initiator: bool) -> Finished:
        """One run from own tables to written reports.

        Contract and own files are checked before `connect` is called and before anything is written; but files so large
        that they are read in parts are read by who dials after its hello, so that both nodes do so at once. A run that
        fails later leaves its sealed audit log and nothing else, and the peer is told why in public words. An id serves
        one run: PeerViolationError when the peer chose one that was used before.
        """
        if self.used(run):
            raise _repeated(initiator=initiator)
        self.check(contract)
        started = self.clock.now()
        with self._scratch(run) as scratch, Timed(progress) as timed:
            agreed, budget = flow.check_plan(contract).contract, self.settings.limits.bytes
            read: Callable[[], Parts] = partial(load_parts, self.settings, agreed, started, scratch, budget)
            if not initiator or part_count(self.settings, budget) <= 1:  # a bad file is found before anything is done
                timed.stage("reading", 1)
                read = _given(read())
            timed.stage("connecting", 1)
            link = connect()
            link.guard = lambda: self.store.check_not_revoked(contract)
            timed.advance(1)
            try:
                setup, outcome = self._run(contract, run, read, scratch, link, timed, initiator=initiator)
                results = write_results(self.runs, setup, outcome, contract, started=started, ended=self.clock.now(),
                                        timings=timed.seconds, traffic=(link.bytes_sent, link.bytes_received),
                                        language=self.language)
                return Finished(outcome.table, results, tuple(_notes(outcome)))
            except BaseException as error:
                link.abort(error)
                if isinstance(error, PeerRevokedError):
                    self.learn(contract, error.record)
                raise
            finally:
                link.close()

    def _run(self, contract: Contract, run: bytes, read: Callable[[], Parts], scratch: DiskScratch,
             link: FrameLink, timed: Timed, *, initiator: bool) -> tuple[Setup, Outcome]:
        """The protocol and what it releases. The log is sealed however it ends, where the disk allows."""
        if not self.runs.claim(run.hex()):
            raise _repeated(initiator=initiator)
        with AuditFile(self.runs.folder(run.hex())) as sink:
            self.runs.write(run.hex(), CONTRACT_NAME, signed_json(contract).decode())
            setup = self._setup(contract, run, AuditLog(sink, self.clock, self.keys.signing), scratch)
            peer = certificate(contract, other(setup.role))
            introduced = IntroducedLink(link, setup.audit, hashlib.sha256(peer).hexdigest())
            try:
                outcome = flow.run(setup, read, introduced, timed, initiator=initiator)
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

    def _seal(self, setup: Setup) -> None:
        if setup.audit.ended:
            self.runs.seal(setup.run.hex(), setup.audit.head, setup.audit.root)

    def _scratch(self, run: bytes) -> DiskScratch:
        return DiskScratch(self.settings.folder / STATE_NAME, run.hex(), self.settings.limits.bytes, self.entropy)

    def _setup(self, contract: Contract, run: bytes, audit: AuditLog, scratch: DiskScratch) -> Setup:
        plan = flow.check_plan(contract)
        terms = padding_terms(plan)
        audit.record(Kind.RUN_STARTED, run_id=run.hex(), contract_hash=contract_hash(contract).hex(),
                     contract_id=contract.id, role=self.settings.role, software=__version__,
                     backend=self.backend.name, rule_pack=CURRENT.sha256, previous_head=self.runs.last_head())
        ports = Ports(self.backend, self.entropy, OpenDPNoise(), self.clock, self.ledger, self.keys.signing,
                      KeptConsents(self.settings.folder, run.hex()), self._past(contract), scratch)
        return Setup(plan, contract_hash(contract), self.settings.role, run, Padding(terms.most, terms.scale), ports,
                     audit, self._caps(), started=self.clock.now())

    def _past(self, contract: Contract) -> KeptRuns:
        key = past_runs_key(self.settings.key_directory, self.entropy)
        return KeptRuns(self.settings.folder, key, contract.id, contract_hash(contract).hex(),
                        {role: signing_key(contract, role) for role in ROLES})

    def _caps(self) -> tuple[Cap, ...]:
        own = self.settings.partner
        return () if own is None else (Cap("partner.budget_epsilon", own.days, epsilon=float(own.budget_epsilon)),)


def _given(parts: Parts) -> Callable[[], Parts]:
    return lambda: parts


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
