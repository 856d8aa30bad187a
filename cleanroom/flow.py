"""The story of a run, from a party's own tables to a signed table of totals. Read this file first.

    local data → consent gate → tokens → blinded matching → blinded sums → disclosure control → report and audit

Nothing here does I/O: tables come in, messages pass through a link, records go to ports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from cleanroom import limits
from cleanroom.audit.events import Kind
from cleanroom.consent.devices import tie_devices
from cleanroom.consent.evidence import SECRET_BYTES, commit
from cleanroom.consent.gate import Admitted, GateReport, gate
from cleanroom.contract.check import check_shape
from cleanroom.contract.effective import effective
from cleanroom.contract.keys import KeyType
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import RunCost, check_budget, merging
from cleanroom.disclosure.earlier import Close, closest, memory_of
from cleanroom.disclosure.opening import check_range
from cleanroom.disclosure.padding import check_padding, check_people, padding_rows, padding_terms
from cleanroom.disclosure.run_rules import apart, deleted, evidenced
from cleanroom.errors import ContractError, DataError, MisuseError
from cleanroom.identity.matching import KeyCounts, MatchKeys
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.match.diagnostics import KeyMatches
from cleanroom.match.tokens import KeyValues
from cleanroom.measures.catalogue import check_metrics, compute
from cleanroom.measures.catalogue.base import Context
from cleanroom.measures.cells import assign_cells, exposure_days
from cleanroom.measures.columns import ClippingReport, column_matrix
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.merging import merge_values
from cleanroom.measures.own import exposure_coverage, media_cost, sales_coverage
from cleanroom.ports import Noise, Progress
from cleanroom.primitives.parameters import check_parameters
from cleanroom.rules import CURRENT
from cleanroom.session.advertiser import AdvertiserSide
from cleanroom.session.converse import Link, converse
from cleanroom.session.machine import Session
from cleanroom.session.retailer import RetailerSide
from cleanroom.session.setup import Setup
from cleanroom.table import ReleasedTable


@dataclass(frozen=True, slots=True, repr=False)
class Own:
    """What a party learns about its own data on the way; exact, and for its own report only."""

    gate: GateReport
    excluded: Mapping[str, int]
    clipping: ClippingReport | None
    sent: int  # people whose tokens take part
    close: Close | None = None  # an earlier run of nearly the same people
    coverage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    merged: Mapping[str, int] = field(default_factory=dict)  # people whose path or set of channels became `other`
    cost_cents: int | None = None  # of the campaign, by the advertiser's exposures
    keys: Mapping[KeyType, KeyCounts] = field(default_factory=dict)  # by key type, in the contract's order
    matched: tuple[KeyMatches, ...] = ()  # by key type; the advertiser's side only, and no better than its padding


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
        check_parameters(_most_rows(plan), plan.largest_denominator)
    except ContractError as error:
        if not stricter:
            raise
        why = "; ".join(change.text() for change in stricter)
        raise ContractError(f"{error.what} ({why})", where=error.where, todo=error.todo) from error
    return plan


def _most_rows(plan: Plan) -> int:
    """The retailer's padded rows at the largest size the contract allows: all may be in one encrypted sum."""
    most = padding_terms(plan).most
    return plan.contract.match.max_people_retailer + padding_rows(plan, most) + most


def run(setup: Setup, tables: AdvertiserTables | RetailerTables, link: Link, progress: Progress, *,
        initiator: bool) -> Outcome:
    """One run, to the end. Whatever goes wrong is recorded in the audit log, with its step, and raised."""
    session: Session | None = None
    side: AdvertiserSide | RetailerSide | None = None
    try:
        progress.stage("gate", 1)
        side, own = prepare(setup, tables)
        setup.judge("X-06", evidenced(setup.audit.recorded), MisuseError)
        progress.advance(1)
        session = Session(side, progress, initiator=initiator)
        converse(session, link)
        return conclude(setup, side, session, own)
    except BaseException as error:
        if setup.audit.open and side is not None and Kind.INTERMEDIATES_WIPED not in setup.audit.recorded:
            side.wipe()
            _record_wiping(setup)
        if setup.audit.open:
            setup.audit.fail(error, session.step_name if session else "gate")
        raise


def prepare(setup: Setup, tables: AdvertiserTables | RetailerTables) -> tuple[AdvertiserSide | RetailerSide, Own]:
    """Consent gate, keys, cells or columns: everything a side needs before the first message."""
    if tables.role != setup.role:
        raise MisuseError("the tables are those of the other role")
    now, plan = setup.ports.clock.now(), setup.plan
    setup.judge("X-01", "", DataError)  # tables exist only after the readers found the suppression list fresh
    if isinstance(tables, AdvertiserTables):
        cost = media_cost(plan.contract, tables.exposures)
        tables, untied = tie_devices(plan.contract, tables, now)
        side, own = _prepare_advertiser(setup, gate(plan.contract, tables, now))
        coverage = exposure_coverage(plan.contract, tables.people, tables.exposures)
        return side, replace(own, excluded={**own.excluded, **untied}, coverage=coverage, cost_cents=cost)
    shop, own = _prepare_retailer(setup, gate(plan.contract, tables, now))
    return shop, replace(own, coverage=sales_coverage(plan, tables.purchases))


@dataclass(frozen=True, slots=True, repr=False)
class Placement:
    """The advertiser's people who take part: (n, K) keys, (n,) cells, and who was left out why (exact counts)."""

    keys: KeyValues
    cells: npt.NDArray[np.int64]
    excluded: Mapping[str, int]
    merged: Mapping[str, int]


def place(plan: Plan, tables: AdvertiserTables, keys: MatchKeys, noise: Noise | None = None) -> Placement:
    """Put each person of `keys` into the cell of their arm, segment, exposures and first-exposure period.

    A run passes its `noise`, which decides on merging; without it the counts are exact, for a check of own data.
    """
    arms = tables.arms.merge(tables.people.filter(items=["person", "segment"]), on="person", how="inner",
                             validate="one_to_one")
    dated, left_out = exposure_days(plan.contract, arms, tables.exposures)
    dated, merged = merge_values(plan, dated, noise)
    cells, unplaced = assign_cells(plan, dated)
    where = keys.persons.get_indexer(pd.Index(dated["person"]))
    usable = (where >= 0) & (cells >= 0)
    excluded = {"no_arm_row": len(tables.people) - len(arms), **left_out, **unplaced}
    return Placement(keys.values[where[usable]], cells[usable], excluded, merged)


def _prepare_advertiser(setup: Setup, admitted: Admitted[AdvertiserTables]) -> tuple[AdvertiserSide, Own]:
    keys, excluded = _keys(setup, admitted)
    placed = place(setup.plan, admitted.tables, keys, setup.ports.noise)
    asked = place(setup.plan, admitted.tables, keys) if merging(setup.plan.contract) else placed  # without noise
    setup, close = _check_people(setup, placed.keys, asked.keys, asked.cells[:, None])
    own = Own(admitted.report, {**excluded, **placed.excluded}, None, len(placed.cells), close, merged=placed.merged,
              keys=keys.counts)
    return AdvertiserSide(setup, placed.keys, placed.cells), own


def _prepare_retailer(setup: Setup, admitted: Admitted[RetailerTables]) -> tuple[RetailerSide, Own]:
    keys, excluded = _keys(setup, admitted)
    tables = admitted.tables
    matrix, clipping = column_matrix(setup.plan, keys.persons, tables.purchases, members=tables.members,
                                     visits=tables.visits)
    if setup.plan.contract.purchases.refunds == "gross":
        excluded["refund_lines"] = clipping.refund_lines
    setup, close = _check_people(setup, keys.values, keys.values, matrix)
    own = Own(admitted.report, excluded, clipping, len(keys), close, keys=keys.counts)
    return RetailerSide(setup, keys.values, matrix), own


def _keys(setup: Setup, admitted: Admitted[AdvertiserTables] | Admitted[RetailerTables]) \
        -> tuple[MatchKeys, dict[str, int]]:
    setup.audit.record(Kind.CONSENT_GATE, admitted=admitted.report.admitted, refused=dict(admitted.report.refused))
    root = commit(admitted.records, setup.run.hex(), setup.ports.entropy.bytes(SECRET_BYTES), setup.ports.proofs)
    setup.audit.record(Kind.CONSENT_ROOT, root=root.hex(), count=len(admitted.records))
    keys = admitted.match_keys(setup.plan.contract.match)
    excluded = {"no_key": keys.without_key}
    for key_type, count in keys.counts.items():
        excluded |= {f"{key_type}_invalid": count.invalid, f"{key_type}_shared": count.duplicate}
    return keys, excluded


def _check_people(setup: Setup, keys: KeyValues, asked: KeyValues, payload: npt.NDArray[np.int64]) \
        -> tuple[Setup, Close | None]:
    """X-04, on this side: enough people, and not nearly those of an earlier run. With it comes what is remembered."""
    terms, past, most = setup.plan.contract.disclosure, setup.ports.past, setup.padding.most
    try:
        check_people(setup.plan, setup.role, most, len(keys))
    except DataError:
        setup.audit.record(Kind.RULE_CHECKED, rule="X-04", verdict="refused")
        raise
    memory = memory_of(past.key, (setup.contract_hash, bytes.fromhex(CURRENT.sha256)), setup.plan.contract.id,
                       terms.threshold, keys, asked, payload)
    close, overlap = closest(memory, past.sketches(), terms.threshold), terms.overlap or "warn"
    setup.judge("X-04", apart(overlap, close), DataError, warned=overlap == "warn" and close is not None)
    same = past.same(memory.question)[-limits.MAX_SAME_RUNS:] if terms.repeats != "run" else ()
    setup.audit.record(Kind.PARAMETERS_CHECKED)
    return replace(setup, memory=memory, same=tuple(same)), close


def conclude(setup: Setup, side: AdvertiserSide | RetailerSide, session: Session, own: Own) -> Outcome:
    """Metrics from the released table; what was wiped goes to the log."""
    table, repeated = side.closing.table, side.closing.repeated
    if table is None:
        raise MisuseError("a finished session has a table")
    _record_wiping(setup)
    setup.judge("X-07", deleted(setup.audit.recorded, wiped=side.wiped), MisuseError)
    rows, peer_rows = side.own_rows, side.peer_rows
    if repeated is not None:
        rows, peer_rows = sum(repeated.own_rows), sum(repeated.peer_rows)
    if isinstance(side, AdvertiserSide) and repeated is None:
        own = replace(own, matched=side.matched)
    context = Context(setup.role, own.gate.admitted, peer_rows, own.coverage, own.cost_cents)
    return Outcome(table, compute(setup.plan, table, context), side.closing.envelope(), session.transcript, own,
                   rows, peer_rows, side.closing.cost, repeated.run if repeated else "")


def _record_wiping(setup: Setup) -> None:
    setup.audit.record(Kind.INTERMEDIATES_WIPED,
                       what=["scalar", "lattice_secret", "points", "row_order", "shares", "keys"],
                       limits=["copies_made_by_libraries", "freed_memory_not_overwritten"])
