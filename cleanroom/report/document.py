"""The content of measurement.json: everything the HTML and CSV forms print, and nothing they do not.

JSON only: str, int, finite float, bool, None, list, dict. Totals of money are integer cents; money per person
is cents with two decimals. It is not signed, so rounded floats are allowed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Group, Plan
from cleanroom.measures.estimate import Estimate, Unit
from cleanroom.report.facts import KeyFacts, RunFacts, Spend, Texts, utc_text
from cleanroom.report.mode import mode
from cleanroom.report.released import categories, matched, released, suppression
from cleanroom.table import ReleasedTable

SCHEMA = "cleanroom-measurement/1"

# Decimals by unit; 0 makes an integer. A standard error keeps two more.
DECIMALS: Mapping[Unit, int] = {
    "people": 0, "share": 6, "cents": 0, "cents_per_person": 2, "cents_per_basket": 2, "baskets": 0,
    "units": 0, "per_person": 4, "ratio": 4,
}


def measurement_document(contract: Contract, plan: Plan, table: ReleasedTable, estimates: Sequence[Estimate],
                         facts: RunFacts) -> dict[str, Any]:
    """The measurement of one run as a JSON-compatible document, from the side described by `facts`."""
    hidden = frozenset(row.group for row in table.rows if row.suppressed)
    return {
        "schema": SCHEMA,
        **mode(contract),
        "contract": _contract(contract, facts),
        "effect": "incremental" if contract.campaign.assignment == "randomised" else "association",
        "matched": matched(plan, table, facts.admitted),
        "results": [_result(contract, estimate, hidden) for estimate in estimates],
        "categories": categories(plan, table),
        "released": released(plan, table),
        "suppression": suppression(table, contract.disclosure.threshold),
        "privacy": _privacy(facts),
        "own": _own(facts),
        "methodology": _methodology(contract),
        "runtime": _runtime(facts),
        "translations": {language: _translation(texts) for language, texts in facts.translations.items()},
        "evidence": {"run_id": facts.run_id, "contract_sha256": facts.contract_sha256,
                     "transcript_sha256": facts.transcript_sha256, "audit_root": facts.audit_root},
    }


def _contract(contract: Contract, facts: RunFacts) -> dict[str, Any]:
    calendar = contract.calendar
    return {
        "id": contract.id, "version": contract.version, "sha256": facts.contract_sha256,
        "title": contract.title,
        "parties": {role: contract.party(role).name for role in ROLES},
        "campaign": contract.campaign.model_dump(mode="json"),
        "calendar": calendar.model_dump(mode="json"),
        "dimensions": {dimension.name: list(dimension.values) for dimension in contract.dimensions},
        "statistics": [statistic.model_dump(mode="json") for statistic in contract.statistics],
        "metrics": list(contract.metrics),
    }


def _result(contract: Contract, estimate: Estimate, hidden: frozenset[Group]) -> dict[str, Any]:
    """One estimate. Fail closed: nothing is printed about a suppressed group, whatever the estimate says."""
    blocked = estimate.group in hidden or estimate.against in hidden
    value = None if blocked else _rounded(estimate.value, DECIMALS[estimate.unit])
    known = value is not None
    return {
        "metric": estimate.metric, "name": _honest(contract, estimate.name),
        "group": _labels(contract, estimate.group), "against": _labels(contract, estimate.against),
        "unit": estimate.unit, "value": value,
        "low": _rounded(estimate.low, DECIMALS[estimate.unit]) if known else None,
        "high": _rounded(estimate.high, DECIMALS[estimate.unit]) if known else None,
        "sampling_se": _rounded(estimate.sampling_se, DECIMALS[estimate.unit] + 2) if known else None,
        "noise_se": _rounded(estimate.noise_se, DECIMALS[estimate.unit] + 2) if known else None,
        "suppressed": blocked, "detail": estimate.detail,
        "numerator": _honest(contract, estimate.numerator),
        "denominator": _honest(contract, estimate.denominator),
        "note": "suppressed" if blocked else estimate.note or ("" if known else "not_finite"),
    }


def _honest(contract: Contract, text: str) -> str:
    """Only randomised arms can show an increment; other differences carry another name."""
    if contract.campaign.assignment == "randomised":
        return text
    return text.replace("iroas", "associated_roas").replace("incremental", "associated")


def _labels(contract: Contract, group: Group | None) -> dict[str, str] | None:
    if group is None:
        return None
    return dict(zip(contract.releases[group.release].axes, group.key, strict=True))


def _rounded(value: float | None, decimals: int) -> float | int | None:
    """None stays None, and so does anything that is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), decimals) + 0.0 if decimals else round(float(value))


def _privacy(facts: RunFacts) -> dict[str, Any]:
    return {
        "transcript": _spend(facts.transcript_cost), "release": _spend(facts.release_cost),
        "run": _spend(facts.cost), "cumulative": _spend(facts.cumulative), "budget": _spend(facts.budget),
        "left": _spend(facts.cumulative.left_of(facts.budget)),
        "statement": _items(facts.privacy), "sends": _items(facts.sends),
    }


def _translation(texts: Texts) -> dict[str, Any]:
    return {"refused": dict(texts.refused), "statement": _items(texts.privacy), "sends": _items(texts.sends)}


def _items(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"title": title, "text": text} for title, text in pairs]


def _spend(spend: Spend) -> dict[str, Any]:
    """(ε, δ), and the posterior an attacker with a 50 % prior can reach at most: e^ε / (1 + e^ε), up to δ."""
    return {"epsilon": spend.epsilon, "delta": spend.delta,
            "posterior": round(1 / (1 + math.exp(-min(float(spend.epsilon), 700.0))), 4)}


def _own(facts: RunFacts) -> dict[str, Any]:
    return {
        "role": facts.role, "admitted": facts.admitted,
        "refused": [{"rule": item.rule, "text": item.text, "count": item.count} for item in facts.refused],
        "excluded": dict(facts.excluded), "merged": dict(facts.merged),
        "keys": [_key(key) for key in facts.keys],
        "clipping": [{"statistic": item.statistic, "people": item.people, "share": _rounded(item.share, 6)}
                     for item in facts.clipping],
        "rows_sent": facts.rows_sent, "peer_rows": facts.peer_rows, "cost_cents": facts.cost_cents,
    }


def _key(key: KeyFacts) -> dict[str, Any]:
    return {
        "key": key.key, "valid": key.valid, "missing": key.missing, "invalid": key.invalid, "shared": key.shared,
        "reasons": dict(key.reasons), "shared_by": dict(key.shared_by),
        "forms": {reason: [{"form": form, "count": count} for form, count in found]
                  for reason, found in key.forms.items()},
        "matched": None if key.matched is None else {
            "people": _rounded(key.matched[0], 1), "low": _rounded(key.matched[0] - key.matched[1], 1),
            "high": _rounded(key.matched[0] + key.matched[1], 1)},
    }


def _methodology(contract: Contract) -> dict[str, Any]:
    """The IAB/MRC disclosure list as facts; the words are in `wording`."""
    return {
        "attribution": [release.attribution for release in contract.releases if release.attribution is not None],
        "protocol": contract.match.protocol, "keys": list(contract.match.keys),
        "normalisation": contract.match.normalisation, "window_days": contract.calendar.window_days,
        "period_days": contract.calendar.period_days, "time_zone": contract.calendar.time_zone,
        "lookback_days": contract.consent.lookback_days, "sales": contract.purchases.refunds,
        "currency": contract.campaign.currency, "assignment": contract.campaign.assignment,
        "assignment_note": contract.campaign.assignment_note, "interval_level": 0.95,
        "interval_parts": ["sampling", "noise"], "threshold": contract.disclosure.threshold,
        "purpose": contract.consent.purpose,
        **({"shared_values": contract.match.shared_values} if contract.match.shared_values else {}),
    }


def _runtime(facts: RunFacts) -> dict[str, Any]:
    return {
        "started": utc_text(facts.started), "ended": utc_text(facts.ended),
        "seconds": round(facts.seconds, 3),
        "software": facts.software, "backend": facts.backend,
        "stages": {name: _rounded(seconds, 3) for name, seconds in facts.timings.items()},
        "bytes_sent": facts.bytes_sent, "bytes_received": facts.bytes_received,
    }
