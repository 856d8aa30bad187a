"""Does a report follow from the evidence? Everything in it that the contract, the signed table and the log decide is
computed again and compared.

Not decided by them, so not compared: the privacy spent by other runs, exclusions and clipping of the own data, the
written statements and translations, the cost of the campaign by the own files, and the runtime.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import TemplateError

from cleanroom.audit.events import Event, Kind
from cleanroom.audit.receipt import Receipt, read_table
from cleanroom.audit.verify import Verified
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.errors import AuditError
from cleanroom.measures.catalogue import Context, compute
from cleanroom.report.document import measurement_document
from cleanroom.report.facts import Refused, RunFacts, Spend

WHOLE: Final = ("schema", "contract", "effect", "matched", "results", "categories", "released", "suppression",
                "methodology", "evidence")
OWN: Final = ("role", "admitted", "rows_sent", "peer_rows")
PRIVACY: Final = ("transcript", "release", "run")
_NOTHING: Final = Spend("0", "0")


def check_measurement(contract: Contract, found: Verified, table: bytes, data: bytes, where: str) -> dict[str, Any]:
    """The document in measurement.json, once all that follows from table, contract and log is what it says.

    `table` is the content of table.json, verified. AuditError names the first place that differs.
    """
    document = _parse(data, where)
    try:
        place = _difference(_covered(_expected(contract, found, table, _cost(document))), _covered(document), "")
    except (LookupError, TypeError, AttributeError):  # a section of another shape
        raise AuditError("not a measurement document", where=where) from None
    if place:
        raise AuditError(f"{place} does not follow from the signed table, the contract and the log", where=where)
    return document


def check_rendered(render: Callable[[Mapping[str, Any]], str], document: Mapping[str, Any], data: bytes,
                   where: str) -> None:
    """Return when `data` is exactly what `render` makes of the document, else AuditError names the first line."""
    try:
        expected = render(document).encode()
    except (LookupError, TypeError, ValueError, AttributeError, TemplateError):  # a part of it is malformed
        raise AuditError("the measurement beside it cannot be rendered", where=where) from None
    if expected == data:
        return
    lines, wanted = data.split(b"\n"), expected.split(b"\n")
    same = next((i for i, pair in enumerate(zip(lines, wanted, strict=False)) if pair[0] != pair[1]),
                min(len(lines), len(wanted)))
    raise AuditError("not what the measurement beside it gives", where=f"{where} line {same + 1}")


def measurement_text(document: Mapping[str, Any]) -> str:
    """The content of measurement.json."""
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _parse(data: bytes, where: str) -> dict[str, Any]:
    try:
        document = json.loads(data.decode())
        same = isinstance(document, dict) and measurement_text(document).encode() == data
    except (ValueError, RecursionError):
        same = False
    if not same:  # a key twice, or another spelling, can show two readers two documents
        raise AuditError("not a measurement as it was written", where=where)
    return dict(document)


def _cost(document: Mapping[str, Any]) -> int | None:
    """The owner's own cost of the campaign: nothing signed decides it, but what is divided by it."""
    cost = document["own"]["cost_cents"]
    if cost is not None and (type(cost) is not int or cost < 0):
        raise TypeError("not a cost")
    return cost


def _expected(contract: Contract, found: Verified, table: bytes, cost: int | None) -> dict[str, Any]:
    """The document that the evidence gives, with nothing in the parts that it does not decide."""
    plan, receipt = Plan(contract), found.receipt
    if receipt is None:
        raise AuditError("a run without a receipt has no measurement")
    released, facts = read_table(table, plan), _facts(found, receipt)
    estimates = compute(plan, released, Context(found.role, facts.admitted, facts.peer_rows,
                                                       cost_cents=cost))
    return dict(json.loads(measurement_text(measurement_document(contract, plan, released, estimates, facts))))


def _facts(found: Verified, receipt: Receipt) -> RunFacts:
    gate, sizes = _one(found, Kind.CONSENT_GATE).fields, _one(found, Kind.SIZES_DECLARED).fields
    costs = {event.fields["part"]: Spend(event.fields["epsilon"], event.fields["delta"]) for event in found.log
             if event.kind == Kind.PRIVACY_CHARGED}
    return RunFacts(
        run_id=found.run_id, role=found.role, started=found.started, ended=max(found.started, found.ended),
        software=found.software, backend="", contract_sha256=found.contract_hash,
        transcript_sha256=receipt.transcript_sha256, audit_root=found.root, admitted=gate["admitted"],
        rows_sent=sum(sizes["own"]), peer_rows=sum(sizes["peer"]), bytes_sent=0, bytes_received=0,
        transcript_cost=costs.get("transcript", _NOTHING), release_cost=costs.get("release", _NOTHING),
        cumulative=_NOTHING, budget=_NOTHING,
        refused=tuple(Refused(rule, "", count) for rule, count in gate["refused"].items() if count))


def _one(found: Verified, kind: Kind) -> Event:
    events = [event for event in found.log if event.kind == kind]
    if len(events) != 1:
        raise AuditError(f"{len(events)} events {kind} instead of one: the report cannot be checked")
    return events[0]


def _covered(document: Mapping[str, Any]) -> dict[str, Any]:
    own = document["own"]
    return {
        **{name: document[name] for name in WHOLE},
        "mode": document.get("mode"),
        # Coverage is of the owner's own files: nothing signed decides it.
        "results": [result for result in document["results"] if result["metric"] != "coverage"],
        "own": {**{name: own[name] for name in OWN},
                "refused": {item["rule"]: item["count"] for item in own["refused"]}},
        "privacy": {name: document["privacy"][name] for name in PRIVACY},
    }


def _difference(expected: object, found: object, path: str) -> str:
    """Where two JSON values first differ (`results.3.value`), or nothing."""
    pairs: list[tuple[str, object, object]]
    if isinstance(expected, dict) and isinstance(found, dict):
        absent = object()
        pairs = [(str(key), expected.get(key, absent), found.get(key, absent)) for key in {**expected, **found}]
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = [(str(number), *pair) for number, pair in enumerate(zip(expected, found, strict=True), 1)]
    else:
        return "" if type(expected) is type(found) and expected == found else path
    places = (_difference(left, right, f"{path}.{name}" if path else name) for name, left, right in pairs)
    return next((place for place in places if place), "")
