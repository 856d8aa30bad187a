"""The content of compliance.json: everything the page, the JSON-LD and the record print, and nothing they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from typing import Any, Final

from cleanroom.audit.events import Kind
from cleanroom.audit.verify import Verified
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.effective import effective
from cleanroom.contract.legal_lines import LINES
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.contract.windows import window_of
from cleanroom.errors import AuditError
from cleanroom.primitives.dsse import key_id
from cleanroom.report.compliance import assessment, outcomes
from cleanroom.report.compliance.checks import LIMITS, verdicts_of_report
from cleanroom.report.compliance.counts import Count, bucket, exact
from cleanroom.report.facts import utc_text
from cleanroom.report.mode import mode

SCHEMA: Final = "cleanroom-compliance/1"
Counted = Callable[[int], Count]


def compliance_document(contract: Contract, found: Verified, measurement: Mapping[str, Any], *,
                        shared: bool = False) -> dict[str, Any]:
    """The compliance report of a verified run as a JSON-compatible document.

    `contract` is the one that both signed, `measurement` the run's, checked against the same evidence. `shared` puts
    counts of the owner's people into buckets. AuditError when the run released nothing, or under rules of another
    version of the program.
    """
    if found.receipt is None:
        raise AuditError("a run without a receipt has no compliance report")
    agreed, stricter = effective(contract)
    count: Counted = bucket if shared else exact
    document: dict[str, Any] = {
        "schema": SCHEMA, "form": "shared" if shared else "owner", **mode(contract),
        "run": {"id": found.run_id, "role": found.role, "started": utc_text(found.started),
                "ended": utc_text(found.ended), "software": found.software},
        "contract": _contract(contract),
        "policies": [{"en": change.text("en"), "fr": change.text("fr")} for change in stricter],
        "campaign": _campaign(agreed),
        "legal": [{"path": line.path, "rule": line.rule, "value": _plain(line.path, contract)} for line in LINES],
        "notices": [notice.model_dump(mode="json") for notice in contract.consent.notices],
        "denied_categories": contract.consent.denied_categories.model_dump(mode="json"),
        "people": _people(found, count),
        "released": assessment.released(agreed, measurement),
        "privacy": _privacy(measurement),
        "assessment": assessment.criteria(agreed, measurement),
        "limits": list(LIMITS),
        "evidence": _evidence(contract, found, count),
    }
    pack = outcomes.pack_of(found)
    found_verdicts = (*outcomes.of_contract(contract), *outcomes.of_run(found),
                      *verdicts_of_report(document, measurement))
    document["rules"] = {"pack": pack.name, "items": outcomes.items(pack, found_verdicts, found, measurement, count)}
    return document


def broken(document: Mapping[str, Any]) -> list[str]:
    """Ids of the rules that the run or its report breaks."""
    return [item["id"] for item in document["rules"]["items"] if not item["kept"]]


def _contract(contract: Contract) -> dict[str, Any]:
    return {
        "id": contract.id, "version": contract.version, "title": contract.title,
        "not_before": utc_text(contract.not_before), "not_after": utc_text(contract.not_after),
        "purpose": contract.consent.purpose,
        "parties": {role: contract.party(role).name for role in ROLES},
        "keys": list(contract.match.keys), "protocol": contract.match.protocol,
        "minimum_age": contract.consent.minimum_age, "lookback_days": contract.consent.lookback_days,
        "inactive_days": contract.consent.inactive_days,
    }


def _campaign(contract: Contract) -> dict[str, Any]:
    start, _ = window_of(contract.calendar, 0)
    _, end = window_of(contract.calendar, Plan(contract).periods - 1)
    return {"names": list(contract.campaign.names), "channels": list(contract.campaign.channels),
            "exposures_from": contract.calendar.exposures_from.isoformat(),
            "exposures_until": contract.calendar.exposures_until.isoformat(),
            "purchases_from": start.isoformat(), "purchases_before": end.isoformat(),
            "time_zone": contract.calendar.time_zone}


def _plain(path: str, contract: Contract) -> str | bool | int | list[str]:
    """The value of one legal line; a day as 2026-03-01, "" for none."""
    value: Any = reduce(getattr, path.split("."), contract.legal)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _people(found: Verified, count: Counted) -> dict[str, Any]:
    gate = _one(found, Kind.CONSENT_GATE)
    refused = sum(gate["refused"].values())
    return {"considered": count(gate["admitted"] + refused), "admitted": count(gate["admitted"]),
            "refused": count(refused)}


def _privacy(measurement: Mapping[str, Any]) -> dict[str, Any]:
    privacy, translated = measurement["privacy"], measurement["translations"].get("fr", {})
    return {**{part: privacy[part] for part in ("transcript", "release", "run", "cumulative", "budget", "left")},
            "statement": {"en": _texts(privacy["statement"]), "fr": _texts(translated.get("statement", []))},
            "sends": {"en": _texts(privacy["sends"]), "fr": _texts(translated.get("sends", []))}}


def _texts(items: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [dict(item) for item in items]


def _evidence(contract: Contract, found: Verified, count: Counted) -> dict[str, Any]:
    consents, receipt = _one(found, Kind.CONSENT_ROOT), found.receipt
    return {
        "log_root": found.root, "log_lines": found.events, "previous_head": found.previous_head,
        "consent_root": consents["root"], "consent_records": count(consents["count"]),
        "contract_sha256": found.contract_hash, "rule_pack_sha256": _one(found, Kind.RUN_STARTED)["rule_pack"],
        "receipt_sha256": receipt.sha256 if receipt else "", "table_sha256": receipt.table_sha256 if receipt else "",
        "transcript_sha256": receipt.transcript_sha256 if receipt else "",
        "signed_by": list(found.signed_by), "audit_roots": dict(found.audit_roots),
        "signing_keys": {role: key_id(signing_key(contract, role)) for role in ROLES},
    }


def _one(found: Verified, kind: Kind) -> Mapping[str, Any]:
    events = [event.fields for event in found.log if event.kind == kind]
    if len(events) != 1:
        raise AuditError(f"{len(events)} events {kind} instead of one: there is no compliance report of such a log")
    return events[0]


