"""The story of a run, from a party's own tables to a signed table of totals. Read this file first.

    local data → consent gate → tokens → blinded matching → blinded sums → disclosure control → report and audit

Nothing here does I/O: tables come in, messages pass through a link, records go to ports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cleanroom.audit.events import Kind
from cleanroom.contract.check import check_shape
from cleanroom.contract.effective import effective
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import RunCost, check_budget
from cleanroom.disclosure.opening import check_range
from cleanroom.disclosure.padding import check_padding, most_rows, padding_terms
from cleanroom.disclosure.run_rules import deleted, evidenced
from cleanroom.errors import ContractError, MisuseError, PeerLostError, ResumeError
from cleanroom.measures.catalogue import check_metrics, compute
from cleanroom.measures.catalogue.base import Context
from cleanroom.measures.estimate import Estimate
from cleanroom.ports import Progress
from cleanroom.preparation import Own, Parts, Tables, place, prepare
from cleanroom.primitives.parameters import check_parameters, rows_per_sum
from cleanroom.session.converse import Greeted, Link, converse
from cleanroom.session.greeting import make_hello
from cleanroom.session.machine import Session
from cleanroom.session.setup import Setup
from cleanroom.session.side import RunSide
from cleanroom.table import ReleasedTable

__all__ = ["Outcome", "Own", "check_plan", "conclude", "place", "prepare", "run"]


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """A finished run: the table both sides signed, what follows from it, and this side's own counts."""

    table: ReleasedTable
    estimates: tuple[Estimate, ...]
    receipt: bytes
    transcript: bytes
    own: Own
    rows_sent: int  # with padding
    peer_rows: int  # with padding
    cost: RunCost  # nothing when an earlier table was given again
    repeats: str = ""  # the id of that earlier run


def check_plan(contract: Contract) -> Plan:
    """The plan of a contract that can be run at all: metrics, budget, padding and number ranges fit.

    It is made from the effective contract: the strictest values of the text and both policies. Raises ContractError
    with the numbers otherwise, and names the policies that made it so.
    """
    agreed, stricter = effective(contract)
    plan = Plan(agreed)
    try:
        check_shape(agreed, "")
        check_metrics(agreed)
        check_budget(agreed)
        check_padding(plan)
        check_range(plan)
        rows = most_rows(plan, padding_terms(plan).most, "retailer")  # all may be in one encrypted sum
        check_parameters(min(rows, rows_per_sum(plan.largest_denominator)), plan.largest_denominator)
    except ContractError as error:
        if not stricter:
            raise
        why = "; ".join(change.text() for change in stricter)
        raise ContractError(f"{error.what} ({why})", where=error.where, todo=error.todo) from error
    return plan


def run(setup: Setup, read: Callable[[], Tables | Parts], link: Link, progress: Progress, *,
        initiator: bool) -> Outcome:
    """One run, to the end. Whatever goes wrong is recorded in the audit log, with its step, and raised; but not
    the loss of the peer in a run that can be taken up again, and not while its log is ahead of it.

    `read` gives the party's own tables, whole, or in parts that each hold every row of their people. Whoever dials
    says hello before that, so that both nodes prepare their data at the same time.
    """
    session: Session | None = None
    side: RunSide | None = None
    try:
        if initiator:
            hello = make_hello(setup)
            setup, link = replace(setup, hello=hello), Greeted(link, hello)
        progress.stage("reading", 1)
        tables = read()
        progress.advance(1)
        progress.stage("gate", 1)
        side, own = prepare(setup, tables)
        setup.judge("X-06", evidenced(setup.audit.recorded), MisuseError)
        progress.advance(1)
        session = Session(side, progress, initiator=initiator)
        converse(session, link)
        return conclude(setup, side, session, own)
    except BaseException as error:
        if setup.resumable and (isinstance(error, PeerLostError | ResumeError) or setup.behind()):
            if side is not None:
                side.wipe()
            raise
        if setup.audit.open and side is not None and Kind.INTERMEDIATES_WIPED not in setup.audit.recorded:
            side.wipe()
            _record_wiping(setup, side)
        if setup.audit.open:
            setup.audit.fail(error, session.step_name if session else "gate")
        raise


def conclude(setup: Setup, side: RunSide, session: Session, own: Own) -> Outcome:
    """Metrics from the released table; what was wiped goes to the log."""
    table, repeated = side.closing.table, side.closing.repeated
    if table is None:
        raise MisuseError("a finished session has a table")
    _record_wiping(setup, side)
    setup.judge("X-07", deleted(setup.audit.recorded, wiped=side.wiped), MisuseError)
    rows, peer_rows = side.own_rows, side.peer_rows
    if repeated is not None:
        rows, peer_rows = sum(repeated.own_rows), sum(repeated.peer_rows)
    if repeated is None:
        own = replace(own, matched=side.matched)
    context = Context(setup.role, own.gate.admitted, peer_rows, own.coverage, own.cost_cents)
    return Outcome(table, compute(setup.plan, table, context), side.closing.envelope(), session.transcript, own,
                   rows, peer_rows, side.closing.cost, repeated.run if repeated else "")


def _record_wiping(setup: Setup, side: RunSide) -> None:
    setup.audit.record(Kind.INTERMEDIATES_WIPED, what=list(side.secrets),
                       limits=["copies_made_by_libraries", "freed_memory_not_overwritten",
                               *(["journal_kept_until_the_run_is_over"] if setup.resumable else [])])
