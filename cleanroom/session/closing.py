"""The second half of a run, the same on both sides: two openings, the table and the receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from cleanroom.audit.events import Kind
from cleanroom.audit.receipt import Receipt, Signed, read_table, table_bytes
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.model import Role, other
from cleanroom.disclosure import commitment, opening
from cleanroom.disclosure.accounting import NOTHING
from cleanroom.disclosure.run_rules import aggregate_only
from cleanroom.errors import AuditError, BudgetError, MisuseError, PeerViolationError
from cleanroom.ports import EarlierRun
from cleanroom.session.messages import Commitment, Message, Opening, ReceiptSignature
from cleanroom.session.setup import Setup
from cleanroom.table import ReleasedTable


class Stage:
    """One opening: our noised shares under a commitment, then the peer's."""

    def __init__(self, setup: Setup, name: commitment.Stage, shares: Sequence[int]) -> None:
        self._name, self._run, self._role = name, setup.run, setup.role
        self._shares = tuple(shares)
        self._blind = setup.ports.entropy.bytes(commitment.BLIND_BYTES)
        self._peer_commitment = b""

    def __repr__(self) -> str:
        return "Stage"

    def commit(self) -> Commitment:
        """The commitment to our shares."""
        return Commitment(commitment.commit(self._run, self._name, self._role, shares=self._shares, blind=self._blind))

    def committed(self, message: Commitment) -> None:
        """The peer's commitment."""
        self._peer_commitment = message.digest

    def open(self) -> Opening:
        """Our shares. Only the script decides when: after both commitments."""
        return Opening(self._shares, self._blind)

    def opened(self, message: Opening) -> list[int]:
        """Check the peer's shares against its commitment; the centred totals, noise of both sides included."""
        totals = opening.combine(self._shares, message.shares)
        commitment.check(self._peer_commitment, self._run, self._name, other(self._role), shares=message.shares,
                         blind=message.blind)
        return totals


class Closing:
    """Steps commit_people … receipt of one side.

    `shares[g][s]` is this side's share mod 2^44 of group g's sum number s; number 0 is the person count.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._shares: list[list[int]] = []
        self._most: list[int] = []
        self._people: list[int] = []
        self._survivors: list[bool] = []
        self._stages: dict[str, Stage] = {}
        self._receipt: Receipt | None = None
        self._audit_root = b""  # of our log up to the released table
        self._signed: dict[Role, Signed] = {}
        self.table: ReleasedTable | None = None
        self.cost = setup.cost  # nothing when an earlier table is given again
        self.repeated: EarlierRun | None = None

    def __repr__(self) -> str:
        return "Closing"

    def take_shares(self, shares: list[list[int]], most: list[int]) -> None:
        """All shares, and the most that each group can count. Noise is drawn now, and privacy charged before the first
        commitment."""
        self._setup.charge("release")
        self._shares, self._most = shares, most
        noise = opening.people_noise(self._setup.plan, self._setup.ports.noise)
        noised = opening.noised_shares([row[0] for row in shares], noise)
        self._stages["people"] = Stage(self._setup, "people", noised)

    def repeat(self, run: str) -> None:
        """The table of an earlier run of the same question on the same data of both: nothing is opened or charged."""
        earlier = self._setup.ports.past.finished(run)
        self.table, self.cost = read_table(earlier.table, self._setup.plan), NOTHING
        self.repeated = earlier
        self._setup.judge("X-05", "", BudgetError)  # the table was paid for
        digest = hashlib.sha256(earlier.table).hexdigest()
        self._setup.audit.record(Kind.TABLE_REPEATED, run_id=run, table_sha256=digest)
        self._setup.audit.record(Kind.SIZES_DECLARED, own=list(earlier.own_rows), peer=list(earlier.peer_rows))

    def send(self, step: str) -> Iterator[Message]:
        """The one message of a commit or open step."""
        action, name = step.split("_")
        stage = self._stages[name]
        yield stage.commit() if action == "commit" else stage.open()

    def receive(self, step: str, message: Message) -> bool:
        """The peer's commitment or opening. Each step has one message, so it is always complete."""
        stage = self._stages[step.split("_")[1]]
        if isinstance(message, Commitment):
            if step == "commit_people":
                self._setup.confirm("release")  # the peer has charged it
            stage.committed(message)
        elif isinstance(message, Opening) and step == "open_people":
            self._people_opened(stage.opened(message))
        elif isinstance(message, Opening):
            self._sums_opened(stage.opened(message))
        return True

    def _people_opened(self, people: list[int]) -> None:
        plan = self._setup.plan
        opening.check_people(plan, self._most, people)
        self._people = people
        self._survivors = opening.surviving(plan, people)
        self._setup.audit.record(Kind.COUNTS_OPENED, groups=len(people), suppressed=self._survivors.count(False))
        shares = [share for row, survives in zip(self._shares, self._survivors, strict=True) if survives
                  for share in row[1:]]
        self._shares = []  # the shares of suppressed groups are gone before anything else is sent
        noise = opening.sum_noise(plan, self._survivors, self._setup.ports.noise)
        self._stages["sums"] = Stage(self._setup, "sums", opening.noised_shares(shares, noise))

    def _sums_opened(self, sums: list[int]) -> None:
        self._setup.audit.record(Kind.SUMS_OPENED, opened=len(sums))
        self.table = opening.build_table(self._setup.plan, self._people, self._survivors, sums)

    def sign(self, transcript: bytes) -> ReceiptSignature:
        """Our signature over the receipt of this run and our log so far."""
        receipt, role = self._make_receipt(transcript), self._setup.role
        signature = receipt.sign(self._setup.ports.key, role, self._audit_root)
        self._signed[role] = Signed(self._audit_root, signature)
        self._setup.audit.record(Kind.RECEIPT_SIGNED, receipt_sha256=receipt.sha256)
        return ReceiptSignature(self._audit_root, signature)

    def signed(self, transcript: bytes, message: ReceiptSignature) -> None:
        """The peer's signature. PeerViolationError when it signed anything but the same run and table."""
        receipt, peer = self._make_receipt(transcript), other(self._setup.role)
        signed = Signed(message.audit_root, message.signature)
        try:
            receipt.check(signing_key(self._setup.plan.contract, peer), signed, peer)
        except AuditError as error:
            raise PeerViolationError("the peer signed another table or transcript") from error
        self._signed[peer] = signed
        self._setup.audit.record(Kind.RECEIPT_VERIFIED, receipt_sha256=receipt.sha256)

    def _make_receipt(self, transcript: bytes) -> Receipt:
        if self.table is None:
            raise MisuseError("a receipt needs a table")
        if self._receipt is None:
            self._setup.judge("X-03", aggregate_only(self._setup.plan, self.table), MisuseError)
            total = self.cost.total
            table_sha256 = hashlib.sha256(table_bytes(self.table)).hexdigest()
            salt = self._setup.ports.entropy.bytes(32).hex()
            self._setup.audit.record(Kind.TABLE_RELEASED, table_sha256=table_sha256, salt=salt)
            self._audit_root = self._setup.audit.root
            self._receipt = Receipt(self._setup.run.hex(), self._setup.contract_hash.hex(), transcript.hex(),
                                    table_sha256, total.epsilon_text, total.delta_text)
        return self._receipt

    def envelope(self) -> bytes:
        """receipt.json with both signed statements. MisuseError before both are here."""
        if self._receipt is None or not self._signed_by_both:
            raise MisuseError("a receipt needs both signatures")
        contract = self._setup.plan.contract
        return self._receipt.seal({role: signing_key(contract, role) for role in ROLES}, self._signed)

    @property
    def _signed_by_both(self) -> bool:
        return len(self._signed) == len(ROLES)

    @property
    def wiped(self) -> bool:
        """Whether shares and blinds are gone."""
        return not (self._shares or self._people or self._stages)

    def wipe(self) -> None:
        """Forget shares and blinds, and a table that was not signed by both."""
        self._shares, self._people = [], []
        self._stages.clear()
        if not self._signed_by_both:
            self.table = None
