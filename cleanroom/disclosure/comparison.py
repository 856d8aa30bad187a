"""Two ledgers of one contract: what each adopts from the other, and when they contradict each other.

Each party charges before it spends, and nothing is paid back, so a run that failed half-way stands in one ledger only,
or in both with different parts. Both sides therefore adopt the union, which is never less than either had.

What must not happen is that an entry disappears. Each side remembers which entries the other one has shown to hold:
those it listed in an earlier run, and the parts it must have charged before it sent what they pay for. A confirmed
entry that is missing from the list of its owner means that this ledger was rolled back, replaced or deleted. The run
stops on both sides: the owner sees the peer's marks on entries it does not have, the peer sees that they are gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Final

from cleanroom.errors import LedgerError, PeerLedgerError
from cleanroom.ports import Entry

RECONCILE: Final = ("the party with fewer entries looks for the reason, then takes the other's with `cleanroom ledger "
                    "export` there and `cleanroom ledger import` here")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Books:
    """A side's entries of a contract, and which of them the other side is known to hold as well."""

    entries: tuple[Entry, ...]
    confirmed: frozenset[Key]


def check_books(own: Books, theirs: Books) -> None:
    """Raise LedgerError when our ledger lacks entries that the peer saw in it, PeerLedgerError when the peer's does.

    The texts have the numbers of entries; they say nothing about people.
    """
    ours, peers = {entry.key for entry in own.entries}, {entry.key for entry in theirs.entries}
    if lost := theirs.confirmed - ours:
        raise LedgerError(_text("ours", len(ours), len(peers), lost), where="privacy ledger", todo=RECONCILE)
    if lost := own.confirmed - peers:
        raise PeerLedgerError(_text("the peer's", len(ours), len(peers), lost), where="privacy ledger", todo=RECONCILE)


def union(own: Iterable[Entry], theirs: Iterable[Entry]) -> tuple[Entry, ...]:
    """All entries of both, the larger amounts where both have one; sorted, so that both sides get the same."""
    found: dict[Key, Entry] = {}
    for entry in (*own, *theirs):
        old = found.get(entry.key, entry)
        found[entry.key] = Entry(*entry.key, max(old.epsilon, entry.epsilon), max(old.delta, entry.delta))
    return tuple(found[key] for key in sorted(found))


def missing(own: Sequence[Entry], theirs: Sequence[Entry]) -> tuple[Entry, ...]:
    """Those of theirs that we do not have, or only with a smaller amount."""
    ours = {entry.key: entry for entry in own}
    return tuple(entry for entry in theirs if (old := ours.get(entry.key)) is None
                 or entry.epsilon > old.epsilon or entry.delta > old.delta)


def chain(entries: Iterable[Entry]) -> bytes:
    """A hash chain over entries in their order, 32 bytes: both parties log it after each comparison."""
    head = hashlib.sha256(b"cleanroom-ledger/1").digest()
    for entry in entries:
        line = f"{entry.run} {entry.part} {entry.epsilon} {entry.delta}"
        head = hashlib.sha256(head + line.encode()).digest()
    return head


def _text(whose: str, ours: int, peers: int, lost: Set[Key]) -> str:
    return (f"the ledgers of this contract disagree: ours has {ours} entries, the peer's {peers}; {whose} lacks "
            f"{len(lost)} that it once had (run {min(lost)[0]}): it was rolled back, replaced or deleted")
