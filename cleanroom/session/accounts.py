"""The accounts of both sides: ledgers that fit together, and whether the run repeats an earlier one."""

from __future__ import annotations

from cleanroom import limits
from cleanroom.audit.events import Kind
from cleanroom.disclosure.accounting import Cost, spent
from cleanroom.disclosure.comparison import Books, chain, check_books, union
from cleanroom.errors import LedgerError, OvertakenError, PeerViolationError
from cleanroom.ports import Entry
from cleanroom.session.messages import Account
from cleanroom.session.setup import Setup


class Accounts:
    """Steps `account` of one side. `repeated`: the earlier run whose table is given again, or nothing."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._confirmed: frozenset[tuple[str, str]] = frozenset()
        self.repeated = ""

    def __repr__(self) -> str:
        return "Accounts"

    def begin(self) -> None:
        """Our hello is due, so the peer's account is not written yet. What it confirms in another run after this may be
        missing there without any loss."""
        self._confirmed = self._books().confirmed

    def own(self) -> Account:
        """What our ledger holds by now. The answering side has adopted the other's entries before it says so."""
        books = self._books()
        if len(books.entries) > limits.MAX_LEDGER_ENTRIES:
            raise LedgerError("this contract has more ledger entries than a run can compare", where="privacy ledger",
                              todo="agree on a new contract")
        return Account(books.entries, tuple(entry.key in books.confirmed for entry in books.entries),
                       tuple(bytes.fromhex(run) for run in self._setup.same))

    def received(self, message: Account) -> None:
        """Compare with the peer's and adopt what we lack. LedgerError or PeerLedgerError when an entry disappeared,
        OvertakenError when one of the accounts is older than a run that went on meanwhile."""
        setup, ours = self._setup, self._books()
        marked = frozenset(entry.key for entry, seen in zip(message.entries, message.confirmed, strict=True) if seen)
        self._check(Books(ours.entries, self._confirmed), Books(message.entries, marked))
        _check_claims(ours.entries, message.entries)
        contract = setup.plan.contract.id
        setup.ports.ledger.reconcile(contract, setup.partner, message.entries)
        together = union(ours.entries, message.entries)
        total: Cost = spent(setup.ports.ledger, contract)
        setup.audit.record(Kind.LEDGERS_COMPARED, own=len(ours.entries), peer=len(message.entries),
                           together=len(together), chain=chain(together).hex(), total_epsilon=total.epsilon_text,
                           total_delta=total.delta_text)
        both = set(setup.same) & {run.hex() for run in message.same}
        self.repeated = max(both, default="")  # ids sort by time

    def _check(self, ours: Books, theirs: Books) -> None:
        try:
            check_books(ours, theirs)
        except LedgerError:
            if not self._setup.overtaken():
                raise
            raise OvertakenError("another run of this contract was charged while this one was interrupted",
                                 todo="begin a new one with `cleanroom match`") from None

    def _books(self) -> Books:
        ledger, contract = self._setup.ports.ledger, self._setup.plan.contract.id
        return Books(tuple(ledger.entries(contract)), ledger.confirmed(contract))


def _check_claims(ours: tuple[Entry, ...], theirs: tuple[Entry, ...]) -> None:
    """Before anything is adopted: the ledger cannot be filled by claims. PeerViolationError otherwise.

    Both sides compute an amount from the same contract, so an honest one never differs.
    """
    held = {entry.key: entry for entry in ours}
    if any(held.get(entry.key, entry) != entry for entry in theirs):
        raise PeerViolationError("account: another amount for an entry that our ledger holds")
    if len(held.keys() | {entry.key for entry in theirs}) > limits.MAX_LEDGER_ENTRIES:
        raise PeerViolationError("account: more entries than two ledgers of one contract may have")
