"""A verified run and its compliance report, made in memory."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import contract_kit
import report_kit

from cleanroom.audit.events import Event, Kind, time_text
from cleanroom.audit.receipt import Receipt
from cleanroom.audit.verify import Verified
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import Cost
from cleanroom.disclosure.statement import privacy_statement
from cleanroom.disclosure.statement_fr import privacy_statement_fr
from cleanroom.report.compliance.document import compliance_document
from cleanroom.report.facts import Texts
from cleanroom.rules import CURRENT

START = datetime(2026, 5, 1, 9, tzinfo=UTC)
RUN = "run-00000001"
REFUSED = {"R-15": 27, "R-01": 1278, "R-05": 39, "R-02": 12, "R-06": 9, "R-03": 0, "R-04": 9, "R-07": 5, "R-12": 7,
           "R-09": 0, "R-10": 0, "R-14": 0}
SPENT = Cost(Decimal(3), Decimal("0.000001"))
SENDS = (("Blinded rows", "Their number."),)
SENDS_FR = (("Lignes aveuglées", "Leur nombre."),)


def agreed(**changes: Any) -> Contract:
    """The contract of the report's tests with real keys, so that it keeps every rule."""
    parties = {role: contract_kit.party(role) for role in ("advertiser", "retailer")}
    return Contract.model_validate({**report_kit.contract().model_dump(mode="json"), "parties": parties, **changes})


AGREED = agreed()


def events(role: str = "retailer", of: Contract = AGREED, without: tuple[Kind, ...] = (),
           order: tuple[Kind, ...] | None = None) -> tuple[Event, ...]:
    """The log of a good run; `without` some kinds, or in another order."""
    fields: dict[Kind, dict[str, Any]] = {
        Kind.RUN_STARTED: {"run_id": RUN, "contract_hash": contract_hash(of).hex(), "contract_id": of.id, "role": role,
                           "software": "0.1.0", "backend": "openssl", "rule_pack": CURRENT.sha256, "previous_head": ""},
        Kind.CONSENT_GATE: {"admitted": 2500, "refused": REFUSED},
        Kind.CONSENT_ROOT: {"root": "47" * 32, "count": 2500},
        Kind.PARAMETERS_CHECKED: {},
        Kind.PEER_IDENTIFIED: {"certificate_sha256": "ee" * 32, "software": "0.1.0", "protocol": 3},
        Kind.SIZES_DECLARED: {"own": [2900], "peer": [3100]},
        Kind.PRIVACY_CHARGED: {"part": "release", "epsilon": "3", "delta": "0.000001", "total_epsilon": "3",
                               "total_delta": "0.000001"},
        Kind.TABLE_RELEASED: {"table_sha256": "7a" * 32, "salt": "5a" * 32},
        Kind.INTERMEDIATES_WIPED: {"what": ["scalar"], "limits": ["library_copies"]},
        Kind.RUN_ENDED: {},
    }
    kinds = [kind for kind in order or fields if kind not in without]
    return tuple(Event(seq, time_text(START + timedelta(seconds=seq)), kind, fields[kind])
                 for seq, kind in enumerate(kinds))


def verified(role: str = "retailer", of: Contract = AGREED, **changes: Any) -> Verified:
    """What `verify_run` gives for it."""
    log = events(role, of, **changes)
    digest = contract_hash(of).hex()
    return Verified(
        role=role, run_id=RUN, contract_id=of.id, contract_hash=digest, software="0.1.0", root="c0" * 32,
        previous_head="", sealed_after="", events=len(log), started=log[0].moment, ended=log[-1].moment,
        outcome=Kind.RUN_ENDED,
        receipt=Receipt(RUN, digest, "51" * 32, "7a" * 32, "3", "0.000001"),
        audit_roots={"advertiser": "a1" * 32, "retailer": "b2" * 32}, signed_by=("advertiser", "retailer"), log=log)


def measured(of: Contract = AGREED, **changes: Any) -> dict[str, Any]:
    """The measurement of the run, as it is read from its file."""
    plan = Plan(of)
    told, french = (tuple((fact.title, fact.text) for fact in statement(plan, SPENT))
                    for statement in (privacy_statement, privacy_statement_fr))
    found = report_kit.document(of=of, privacy=told, sends=SENDS, translations={"fr": Texts({}, SENDS_FR, french)},
                                excluded={"no_key": 0, "purchases_of_denied_categories": 4,
                                          "visits_outside_lookback": 3, "purchases_outside_lookback": 90}, **changes)
    return dict(json.loads(json.dumps(found)))


def report(*, shared: bool = False, of: Contract = AGREED, role: str = "retailer", **changes: Any) -> dict[str, Any]:
    """The compliance report; `changes` go to the measurement."""
    return compliance_document(of, verified(role, of), measured(of, role=role, **changes), shared=shared)
