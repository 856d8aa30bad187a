"""What must hold whatever happens: looked at when frames leave, and when all is over."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from tiny import Tiny, result_files, runs

from cleanroom.adapters.audit_files import read_evidence, read_log
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.ledger import Spend, SQLiteLedger
from cleanroom.adapters.run_files import REPORT_NAMES, read_last_head
from cleanroom.audit.events import Event, Kind
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.log import LOG_NAME
from cleanroom.audit.verify import Verified, compare_runs, verify_chain, verify_run
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.model import Role, other
from cleanroom.contract.parse import contract_hash
from cleanroom.session.script import SCRIPT
from cleanroom.v1.node_pb2 import Frame

PARTS = ("transcript", "release")
_NEEDS = {"blinded_cells": "transcript", "reblinded_cells": "transcript", "blinded_values": "transcript",
          "commit_people": "release", "open_people": "release", "commit_sums": "release", "open_sums": "release"}
# No fault is needed for these. The last: another run of the contract overtook an interrupted one, whose account is old.
_REFUSALS = ("BusyError", "BudgetError", "OvertakenError")


@dataclass
class Watch:
    """Looks at two parties from outside. Every method may raise AssertionError."""

    parties: Tiny
    sent: dict[tuple[Role, str, int], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contract = read_contract(self.parties.contract)
        self.keys = {role: signing_key(self.contract, role) for role in ROLES}

    def frame(self, sender: Role, run: bytes, frame: Frame) -> None:
        """A frame leaves a party: the same one as ever before in this place, and paid for."""
        if frame.WhichOneof("body") in {"signal", "resume", "abort"}:
            return
        digest = hashlib.sha256(frame.SerializeToString(deterministic=True)).digest()
        first = self.sent.setdefault((sender, run.hex(), frame.sequence), digest)
        assert first == digest, f"the {sender} sent two frames {frame.sequence} of run {run.hex()}"
        part = _NEEDS.get(SCRIPT[frame.step].name)
        if part is not None:
            folder = self.parties.party(sender) / "runs" / run.hex()
            logged = {event.fields["part"] for event in self._log(folder) if event.kind == Kind.PRIVACY_CHARGED}
            charged = {each.part for each in self._charges(sender) if each.run == run.hex()}
            assert part in logged & charged, f"{SCRIPT[frame.step].name} left before its charge was recorded"

    def to_resume(self, role: Role) -> list[str]:
        """Runs of a party that have a journal."""
        folder = self.parties.party(role) / "state" / "journal"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def check(self, *, harmless: bool, failing: frozenset[Role]) -> None:
        """All is over. `harmless`: every run must have ended well. `failing`: whose disk, clock or peer failed."""
        for role in ROLES:
            self._check_party(role)
        for run in sorted({folder.name for role in ROLES for folder in runs(self.parties.party(role))}):
            found = {role: self._outcome(role, run, reported=role not in failing) for role in ROLES}
            self._check_outcomes(run, found, harmless=harmless, failing=failing)

    def _check_party(self, role: Role) -> None:
        """One charge of each part of a run at most, logs in one chain, nothing left behind."""
        party = self.parties.party(role)
        own = [(each.run, each.part) for each in self._charges(role)]
        assert len(own) == len(set(own)), "charged twice"
        sealed = [self._verified(folder) for folder in runs(party) if (folder / HEAD_NAME).exists()]
        if sealed:
            verify_chain(sealed, read_last_head(party / "runs"))
        assert self.to_resume(role) == [], "a journal is left"
        left = [str(path.relative_to(party)) for path in party.rglob("*")
                if path.name.startswith(("scratch-", ".new-")) or path.parent.name == "journal.partial"]
        assert left == [], f"left behind: {left}"

    def _check_outcomes(self, run: str, found: dict[Role, str], *, harmless: bool, failing: frozenset[Role]) -> None:
        text = f"run {run}: {found}"
        ended = [role for role in ROLES if found[role] == "run_ended"]
        for role in ended:
            self._check_paid(role, run)
        if len(ended) == len(ROLES):
            folders = [self.parties.party(role) / "runs" / run for role in ROLES]
            compare_runs(*(self._verified(folder) for folder in folders))
            assert len({(folder / "table.json").read_bytes() for folder in folders}) == 1, text
            return
        begun = any(each.run == run for role in ROLES for each in self._charges(role))  # else only hellos were said
        assert not harmless or not begun or any(reason in text for reason in _REFUSALS), f"lost: {text}"
        if ended:
            assert other(ended[0]) in failing, f"one side only: {text}"

    def _check_paid(self, role: Role, run: str) -> None:
        folder = self.parties.party(role) / "runs" / run
        repeated = any(event.kind == Kind.TABLE_REPEATED for event in self._log(folder))
        parts = [each.part for each in self._charges(role) if each.run == run]
        assert parts == ([] if repeated else list(PARTS)), parts

    def _outcome(self, role: Role, run: str, *, reported: bool) -> str:
        """How a run ended for a party: an event, or `unfinished` for a log that has no end, or `absent`."""
        folder = self.parties.party(role) / "runs" / run
        if not (folder / LOG_NAME).exists():
            assert result_files(folder) == []
            return "absent"
        if not (folder / HEAD_NAME).exists():
            assert all(event.kind != Kind.RUN_ENDED for event in self._log(folder)), "an end that is not sealed"
            assert result_files(folder) == []
            return "unfinished"
        found = self._verified(folder)
        if found.outcome == Kind.RUN_ENDED:
            missing = [name for name in REPORT_NAMES if not (folder / name).exists()]
            assert not reported or missing == [], missing
            return found.outcome
        assert result_files(folder) == []
        return f"{found.outcome} {found.log[-1].fields['error']}"

    def _charges(self, role: Role) -> list[Spend]:
        ledger = SQLiteLedger(self.parties.party(role) / "state" / "ledger.sqlite")
        return [each for each in ledger.history(self.contract.id) if each.origin == "own"]

    def _verified(self, folder: Path) -> Verified:
        return verify_run(read_evidence(folder, contract_hash(self.contract).hex()), self.keys)

    @staticmethod
    def _log(folder: Path) -> tuple[Event, ...]:
        return read_log(folder)[0]
