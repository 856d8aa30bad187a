"""Offline verification of a run's evidence: public keys and the files of one folder, nothing else.

The keys are the caller's: a folder that brings its own keys proves only that it fits together.
`verify_run` takes numbered steps that raise AuditError naming the first bad item, and gives a summary:

1. the head is signed by one of the two parties, its root follows from its line hashes, and it is about this
   contract;
2. every line of the log is the one whose hash the head lists, in that place, and there are no others;
3. every line is an event of the closed list, numbered in order, the first a start that agrees with the head,
   the last an ending;
4. a run that ended has a table and a receipt signed by both; a run that failed may have neither;
5. the receipt is of this run and contract, the table is the one it names, and the log says so of both; the log up
   to the table is the one whose root its owner signed for the peer; the privacy charged adds up to the receipt's.

An owner can still write a new log and sign everything of its own anew. The peer's copy of the receipt then has another
root: `compare_runs` and `compare_receipt` find it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cleanroom import limits
from cleanroom.audit import merkle
from cleanroom.audit.events import ENDINGS, Event, Kind
from cleanroom.audit.head import HEAD_NAME, IDENTITY, Head, open_head
from cleanroom.audit.log import LOG_NAME, Lines, line_name, parse_lines, split_lines
from cleanroom.audit.receipt import RECEIPT_NAME, TABLE_NAME, OpenedReceipt, Receipt, open_receipt
from cleanroom.contract.model import Role
from cleanroom.errors import AuditError, MisuseError
from cleanroom.primitives.canonical import parse_json

CONTRACT_NAME = "contract.json"


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """Contents of one party's folder of one run; `receipt` and `table` are None where there is no file.

    `contract_hash` is the SHA-256 of the canonical contract of that folder, 64 hex digits.
    """

    log: bytes
    head: bytes
    receipt: bytes | None
    table: bytes | None
    contract_hash: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What holds once `verify_run` returned. Times are UTC by the clock of the log's owner.

    `role` signed the head; both parties signed `receipt`, which is None for a run that failed. `audit_roots` is what
    each signed about its own log in the receipt; empty without one. `log` is the owner's, with its exact counts.
    """

    role: Role
    run_id: str
    contract_id: str
    contract_hash: str
    software: str
    root: str
    previous_head: str
    sealed_after: str
    events: int
    started: datetime
    ended: datetime
    outcome: Kind
    receipt: Receipt | None
    audit_roots: Mapping[Role, str]
    signed_by: tuple[Role, ...]
    log: tuple[Event, ...] = field(repr=False)


def verify_run(evidence: Evidence, keys: Mapping[Role, bytes]) -> Verified:
    """Check one party's folder against the raw Ed25519 public keys of both parties (steps 1 to 5 above)."""
    if set(keys) != {"advertiser", "retailer"} or len(set(keys.values())) != 2:
        raise MisuseError("verification needs two different public keys, one of each party")
    head = open_head(evidence.head, keys)
    if head.contract_hash != evidence.contract_hash:
        raise AuditError("the log is about another contract than this one", where=CONTRACT_NAME)
    events = _check_events(_check_lines(evidence.log, head.leaves), head)
    opened = _check_presence(evidence, events[-1], keys)
    receipt = opened.receipt if opened else None
    if opened is not None and evidence.table is not None:
        _check_release(opened.receipt, evidence.table, events, head)
        _check_root(opened, events, head)
        _check_charges(opened.receipt, events)
    return Verified(
        role=head.role, run_id=head.run_id, contract_id=events[0].fields["contract_id"],
        contract_hash=head.contract_hash, software=events[0].fields["software"], root=head.root.hex(),
        previous_head=head.previous_head, sealed_after=head.sealed_after, events=len(events), started=events[0].moment,
        ended=events[-1].moment, outcome=events[-1].kind, receipt=receipt,
        audit_roots=opened.audit_roots if opened else {},
        signed_by=(head.role,) if receipt is None else tuple(sorted(keys)), log=events)


def compare_runs(first: Verified, second: Verified) -> None:
    """Return when two verified folders are the two sides of one run, else AuditError names what differs."""
    if first.role == second.role:
        raise AuditError(f"both folders are the {first.role}'s")
    for name in ("run_id", "contract_id", "contract_hash"):
        if getattr(first, name) != getattr(second, name):
            raise AuditError(f"the folders differ in {name}", where=HEAD_NAME)
    for side, peer in ((first, second), (second, first)):
        if side.receipt is None and peer.receipt is not None:
            raise AuditError(f"only the {peer.role} has a receipt", where=RECEIPT_NAME)
    _compare(first.receipt, first.audit_roots, second.receipt, second.audit_roots)


def compare_receipt(found: Verified, peers: OpenedReceipt) -> None:
    """Return when the peer's copy of the receipt says what this verified folder says, else AuditError.

    The copy shows what the owner of the folder signed about its log at the time, and nothing else of the peer.
    """
    if found.receipt is None:
        raise AuditError("the other party has a receipt of this run", where=RECEIPT_NAME)
    _compare(found.receipt, found.audit_roots, peers.receipt, peers.audit_roots)


def _compare(first: Receipt | None, first_roots: Mapping[Role, str], second: Receipt | None,
             second_roots: Mapping[Role, str]) -> None:
    if first != second:  # the table's hash is part of it
        raise AuditError("the two receipts are not the same", where=RECEIPT_NAME)
    for role, root in first_roots.items():
        if second_roots[role] != root:
            raise AuditError(f"the {role} signed two different logs of this run: one was written afterwards",
                             where=RECEIPT_NAME)


def verify_repeats(runs: Sequence[Verified]) -> None:
    """Return when every run that repeats an earlier one of `runs` has its table and sizes, else AuditError.

    A run that is named and not there is an error only where `runs` begin with the party's first.
    """
    known = {run.run_id: run for run in runs}
    whole = any(not run.sealed_after for run in runs)
    for run in runs:
        for event in run.log:
            if event.kind == Kind.TABLE_REPEATED:
                _check_repeat(run, known.get(event.fields["run_id"]), whole=whole)


def _check_repeat(run: Verified, earlier: Verified | None, *, whole: bool) -> None:
    where = f"run {run.run_id}"
    if earlier is None:
        if whole:
            raise AuditError("the run whose table it repeats is missing", where=where)
        return
    if earlier.receipt is None or run.receipt is None or earlier.ended > run.started:
        raise AuditError("the run whose table it repeats had not finished", where=where)
    same = (earlier.contract_hash, earlier.role, earlier.receipt.table_sha256, _sizes(earlier))
    if same != (run.contract_hash, run.role, run.receipt.table_sha256, _sizes(run)):
        raise AuditError(f"its table or sizes are not those of run {earlier.run_id}, which it repeats", where=where)


def _sizes(run: Verified) -> list[Mapping[str, object]]:
    return [event.fields for event in run.log if event.kind == Kind.SIZES_DECLARED]


def verify_chain(runs: Sequence[Verified], last_head: str = "") -> None:
    """Return when all runs of one party, in any order, are linked without a gap, else AuditError names the loose end.

    Each head names the root sealed before it, so there is one line of runs, also where they overlapped. The oldest may
    continue runs that are not given. `last_head` is the root sealed last, if it is known: without it the newest runs
    may be missing.
    """
    roots, followed = {run.root for run in runs}, dict[str, Verified]()
    ordered = sorted(runs, key=lambda run: run.ended)
    loose = [run for run in ordered if run.sealed_after not in roots]
    for run in ordered:
        if run.role != ordered[0].role:
            raise AuditError(f"the {run.role}'s, among runs of the {ordered[0].role}", where=f"run {run.run_id}")
        if run.sealed_after not in roots | {loose[0].sealed_after}:
            raise AuditError("the run that it continues is missing: it was removed, or its log rewritten",
                             where=f"run {run.run_id}")
        if (other := followed.setdefault(run.sealed_after, run)) is not run:
            raise AuditError(f"continues the same run as run {other.run_id}: one of them was sealed again, or the "
                             "machine stopped while it sealed", where=f"run {run.run_id}")
    if last_head and last_head not in roots:
        raise AuditError("the newest run is missing: it was removed, or its log rewritten")


def _check_lines(log: bytes, leaves: tuple[bytes, ...]) -> Lines:
    """Step 2. Compares hashes before anything is parsed, so that the first changed line is the one named."""
    found = split_lines(log, sealed=False)
    hashes = [merkle.leaf_hash(line) for line in found.lines]
    for seq, expected in enumerate(leaves):
        if seq == len(hashes):
            raise AuditError("the last line is torn" if found.torn else "the line is missing",
                             where=line_name(seq))
        if hashes[seq] != expected:
            raise AuditError(_difference(hashes, leaves, seq), where=line_name(seq))
    if len(hashes) > len(leaves) or found.torn:
        raise AuditError("the line was added after the log was sealed", where=line_name(len(leaves)))
    return found


def _difference(hashes: Sequence[bytes], leaves: Sequence[bytes], seq: int) -> str:
    """What probably happened at the first line whose hash is not the expected one."""
    if hashes[seq] in leaves[:seq]:
        return "an earlier line is repeated here"
    if hashes[seq] in leaves:
        return "a later line stands here: lines were dropped or reordered"
    if leaves[seq] in hashes[seq + 1:]:
        return "the line was inserted"
    return "the line was changed"


def _check_events(found: Lines, head: Head) -> tuple[Event, ...]:
    """Step 3."""
    events = parse_lines(found.lines)
    if not events or events[0].kind != Kind.RUN_STARTED:
        raise AuditError("the log does not begin with run_started", where=line_name(0))
    for name in IDENTITY:
        if events[0].fields[name] != getattr(head, name):
            raise AuditError(f"{name} is not the one in the signed head", where=line_name(0))
    for event in events[1:]:
        if event.kind == Kind.RUN_STARTED or events[event.seq - 1].kind in ENDINGS:
            raise AuditError("a second run begins inside the log", where=line_name(event.seq))
    if events[-1].kind not in ENDINGS:
        raise AuditError("the log stops without run_ended or run_failed", where=line_name(len(events) - 1))
    return events


def _check_presence(evidence: Evidence, last: Event, keys: Mapping[Role, bytes]) -> OpenedReceipt | None:
    """Step 4."""
    receipt, table = evidence.receipt, evidence.table
    if receipt is None and (table is not None or last.kind == Kind.RUN_ENDED):
        raise AuditError("missing: nothing is released without both signatures", where=RECEIPT_NAME)
    if receipt is None:
        return None
    if table is None:
        raise AuditError("missing, although there is a receipt", where=TABLE_NAME)
    return open_receipt(receipt, keys)


def _check_release(receipt: Receipt, table: bytes, events: Sequence[Event], head: Head) -> None:
    """Step 5."""
    if (receipt.run_id, receipt.contract_hash) != (head.run_id, head.contract_hash):
        raise AuditError("the receipt is of another run or contract than the log", where=RECEIPT_NAME)
    parse_json(table, where=TABLE_NAME, limit=limits.MAX_EVIDENCE_BYTES, error=AuditError, canonical=True)
    if hashlib.sha256(table).hexdigest() != receipt.table_sha256:
        raise AuditError("not the table that both parties signed", where=TABLE_NAME)
    _check_logged(events, Kind.TABLE_RELEASED, "table_sha256", receipt.table_sha256)
    _check_logged(events, Kind.RECEIPT_SIGNED, "receipt_sha256", receipt.sha256)
    _check_logged(events, Kind.RECEIPT_VERIFIED, "receipt_sha256", receipt.sha256)
    for event in events:
        if event.kind == Kind.TABLE_REPEATED and event.fields["table_sha256"] != receipt.table_sha256:
            raise AuditError("the table that is repeated is not the signed one", where=line_name(event.seq))


def _check_root(opened: OpenedReceipt, events: Sequence[Event], head: Head) -> None:
    """The rest of step 5. The one line `table_released` is the last that its owner signed for the peer."""
    last = next(event.seq for event in events if event.kind == Kind.TABLE_RELEASED)
    if merkle.root(head.leaves[:last + 1]).hex() != opened.audit_roots[head.role]:
        raise AuditError(f"lines 1 to {last + 1} are not those that the {head.role} signed in {RECEIPT_NAME}",
                         where=LOG_NAME)


def _check_charges(receipt: Receipt, events: Sequence[Event]) -> None:
    charges = [event.fields for event in events if event.kind == Kind.PRIVACY_CHARGED]
    for name in ("epsilon", "delta"):
        if sum(Decimal(fields[name]) for fields in charges) != Decimal(getattr(receipt, name)):
            raise AuditError(f"the {name} charged in the log is not that of the receipt", where=LOG_NAME)


def _check_logged(events: Sequence[Event], kind: Kind, field: str, digest: str) -> None:
    logged = [event for event in events if event.kind == kind]
    if len(logged) != 1:
        raise AuditError(f"{len(logged)} events {kind} instead of one", where=LOG_NAME)
    if logged[0].fields[field] != digest:
        raise AuditError(f"{kind} names another {field}", where=line_name(logged[0].seq))
