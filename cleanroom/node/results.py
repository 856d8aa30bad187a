"""Writes what a finished run leaves: measurement, report and table of results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cleanroom import __version__
from cleanroom.adapters.audit_files import read_evidence
from cleanroom.adapters.run_files import (
    COMPLIANCE_NAME,
    COMPLIANCE_PAGE_NAME,
    LINKED_NAME,
    MEASUREMENT_NAME,
    RECORD_NAME,
    REPORT_NAME,
    RESULTS_NAME,
    RunFiles,
)
from cleanroom.audit.verify import verify_run
from cleanroom.consent.gate import GateReport
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.model import Contract
from cleanroom.disclosure.accounting import Cost, budget_of, spent
from cleanroom.disclosure.fact import Fact
from cleanroom.disclosure.statement import privacy_statement
from cleanroom.disclosure.statement_fr import privacy_statement_fr
from cleanroom.flow import Outcome
from cleanroom.node.sends import sends_of
from cleanroom.report.compliance.checks import refuse
from cleanroom.report.compliance.document import compliance_document
from cleanroom.report.compliance.linked import render_linked
from cleanroom.report.compliance.page import render_compliance
from cleanroom.report.compliance.record import render_record
from cleanroom.report.document import measurement_document
from cleanroom.report.facts import KeyFacts, Refused, RunFacts, Spend, Texts
from cleanroom.report.html import render_html
from cleanroom.report.recheck import measurement_text
from cleanroom.report.tables import render_csv
from cleanroom.rules import rule
from cleanroom.session.setup import Setup


@dataclass(frozen=True, slots=True)
class Results:
    """Where the files are, and the document they were made from."""

    measurement: Path
    report: Path
    results: Path
    compliance: Path
    document: Mapping[str, object]


def write_results(runs: RunFiles, setup: Setup, outcome: Outcome, contract: Contract, *, started: datetime,
                  ended: datetime, timings: Mapping[str, float], traffic: tuple[int, int],
                  language: str = "en", again: bool = False) -> Results:
    """Render all, then write all: a failure to render, or a report that breaks a rule, leaves nothing.

    `contract` is the one that both signed; the run's evidence is on disk and sealed. `again`: the run was taken up, and
    reports of its first end may be there.
    """
    document = measurement_document(setup.plan.contract, setup.plan, outcome.table, outcome.estimates,
                                    _facts(setup, outcome, started, ended, timings, traffic))
    text, run = measurement_text(document), setup.run.hex()
    files = {MEASUREMENT_NAME: text, **_compliance(runs.folder(run), contract, setup, json.loads(text), language),
             REPORT_NAME: render_html(document, language), RESULTS_NAME: render_csv(document)}
    write = runs.rewrite if again else runs.write
    paths = {name: write(run, name, content) for name, content in files.items()}
    return Results(paths[MEASUREMENT_NAME], paths[REPORT_NAME], paths[RESULTS_NAME], paths[COMPLIANCE_PAGE_NAME],
                   document)


def _compliance(folder: Path, contract: Contract, setup: Setup, measurement: Mapping[str, object],
                language: str) -> dict[str, str]:
    """The compliance report in all its forms, from the evidence as a stranger would verify it."""
    keys = {role: signing_key(contract, role) for role in ROLES}
    found = verify_run(read_evidence(folder, setup.contract_hash.hex()), keys)
    document = compliance_document(contract, found, measurement)
    refuse(document)
    return {COMPLIANCE_NAME: measurement_text(document), COMPLIANCE_PAGE_NAME: render_compliance(document, language),
            LINKED_NAME: render_linked(document), RECORD_NAME: render_record(document)}


def _facts(setup: Setup, outcome: Outcome, started: datetime, ended: datetime, timings: Mapping[str, float],
           traffic: tuple[int, int]) -> RunFacts:
    own, cost = outcome.own, outcome.cost
    refused = tuple(Refused(name, rule(name).english, count) for name, count in own.gate.refused.items() if count)
    total = spent(setup.ports.ledger, setup.plan.contract.id)
    french = Texts({name: rule(name).french for name, count in own.gate.refused.items() if count},
                   sends_of(setup.plan, setup.role, "fr"), _pairs(privacy_statement_fr(setup.plan, total, cost)))
    return RunFacts(
        run_id=setup.run.hex(), role=setup.role, started=started, ended=ended, software=__version__,
        backend=setup.ports.backend.name, contract_sha256=setup.contract_hash.hex(),
        transcript_sha256=outcome.transcript.hex(), audit_root=setup.audit.root.hex(), admitted=own.gate.admitted,
        rows_sent=outcome.rows_sent, peer_rows=outcome.peer_rows, bytes_sent=traffic[0], bytes_received=traffic[1],
        transcript_cost=_spend(cost.transcript), release_cost=_spend(cost.release), cumulative=_spend(total),
        budget=_spend(budget_of(setup.plan.contract)), refused=refused,
        merged=dict(own.merged), cost_cents=own.cost_cents, excluded={**own.excluded, **_dropped(own.gate)},
        keys=_keys(outcome),
        clipping=own.clipping.statistics if own.clipping else (), timings=dict(timings),
        sends=sends_of(setup.plan, setup.role, "en"),
        privacy=_pairs(privacy_statement(setup.plan, total, cost)), translations={"fr": french})


def _keys(outcome: Outcome) -> tuple[KeyFacts, ...]:
    own = outcome.own
    matched: list[tuple[float, float] | None] = [(each.people, each.half_width) for each in own.matched]
    return tuple(KeyFacts(key, counts.valid, counts.missing, counts.invalid, counts.duplicate, counts.reasons,
                          counts.shapes, counts.shared, found)
                 for (key, counts), found in zip(own.keys.items(), matched or [None] * len(own.keys), strict=True))


def _dropped(gate: GateReport) -> dict[str, int]:
    reasons = {"R-08": "of_denied_categories", "R-11": "outside_lookback"}
    return {f"{table}_{reasons[name]}": count for name, tables in gate.dropped.items()
            for table, count in tables.items()}


def _spend(cost: Cost) -> Spend:
    return Spend(cost.epsilon_text, cost.delta_text)


def _pairs(statement: tuple[Fact, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((fact.title, fact.text) for fact in statement)
