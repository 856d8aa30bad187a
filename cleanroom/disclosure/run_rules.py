"""The run rules X-02, X-03, X-06 and X-07 as small functions, and what X-04 says about close populations.

Each gives "" when the run keeps the rule, else what breaks it: no value of a person. X-01 is applied by the readers
(`consent.files`), X-04's sizes in `disclosure.padding`, its runs in a period and X-05 by the ledger. `Setup.judge`
records every verdict in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final

from cleanroom.audit.events import Kind
from cleanroom.contract.plan import Plan
from cleanroom.contract.protocols import PROTOCOLS
from cleanroom.disclosure.earlier import Close
from cleanroom.table import ReleasedTable, Row

NONCE_BYTES: Final = 32


def keyed(protocol: str, own_nonce: bytes, peer_nonce: bytes) -> str:
    """X-02: tokens are keyed, and by both parties for this run alone. That the peer is the pinned one, TLS decides."""
    if protocol not in PROTOCOLS:
        return f"match.protocol ∉ {{{', '.join(PROTOCOLS)}}}"
    if len(own_nonce) != NONCE_BYTES or len(peer_nonce) != NONCE_BYTES or not any(peer_nonce):
        return "nonce = ∅"
    return "nonce = nonce" if own_nonce == peer_nonce else ""


def aggregate_only(plan: Plan, table: ReleasedTable) -> str:
    """X-03: the table has the groups of the contract and no others, whole sums where a group reached the threshold, and
    nothing where it did not."""
    if tuple(row.group for row in table.rows) != tuple(plan.groups):
        return "groups ≠ releases"
    for number, row in enumerate(table.rows, 1):
        if detail := _opened(plan, row):
            return f"group {number}: {detail}"
    return ""


def _opened(plan: Plan, row: Row) -> str:
    """What is wrong with one row of the table."""
    if row.people is None or row.sums is None:
        return "" if row.people is None and row.sums is None else "suppressed in part"
    if any(type(value) is not int for value in (row.people, *row.sums)):
        return "∉ ℤ"
    release = row.group.release
    if row.people < plan.contract.disclosure.threshold * plan.denominator(release):
        return "people < disclosure.threshold"
    return "" if len(row.sums) == len(plan.statistics_of(release)) else "sums ≠ statistics"


def apart(overlap: str, close: Close | None) -> str:
    """X-04: the people are not nearly those of an earlier run, where the contract refuses that."""
    if close is None or overlap != "refuse":
        return ""
    few = f"{'' if close.difference.exact else '≥ '}{close.difference.people}"
    return f"run {close.run}: |A △ B| = {few} < disclosure.threshold"


def evidenced(recorded: Iterable[Kind]) -> str:
    """X-06: the gate's counts and the root of the consents are in the log before the first message."""
    return _missing(set(recorded), {Kind.CONSENT_GATE, Kind.CONSENT_ROOT})


def deleted(recorded: Iterable[Kind], *, wiped: bool) -> str:
    """X-07: what the run held about single people was overwritten, and the log says so."""
    return _missing(set(recorded), {Kind.INTERMEDIATES_WIPED}) or ("" if wiped else "intermediates ≠ ∅")


def _missing(recorded: Set[Kind], wanted: Set[Kind]) -> str:
    absent = sorted(wanted - recorded)
    return f"{absent[0]} ∉ audit.jsonl" if absent else ""
