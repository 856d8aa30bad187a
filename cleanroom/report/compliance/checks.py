"""P-01 … P-07 over a finished report: each gives "" when it is kept, else the place that breaks it.

`document` is the compliance document without its rules, `measurement` the run's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from cleanroom.contract.legal_lines import LINES
from cleanroom.contract.rules import in_both_languages
from cleanroom.errors import DataError
from cleanroom.report.compliance.assessment import amounts, noise_in_caps
from cleanroom.rules import Verdict, rule
from cleanroom.rules.report import STATEMENT

Part = Mapping[str, Any]
Check = Callable[[Part, Part], str]
CRITERIA: Final = ("singling_out", "linkability", "inference")
LIMITS: Final = ("matched", "noise", "subtraction", "records", "inputs", "software", "traces", "personal", "advice")
# Lines that may be empty without breaking a rule of their own: C-01 … C-09 judge the others by their content.
_OPTIONAL: Final = frozenset(line.path for line in LINES if line.usual == "")


def verdicts_of_report(document: Part, measurement: Part) -> tuple[Verdict, ...]:
    """What each of P-01 … P-07 says."""
    found = ((rule(name), check(document, measurement)) for name, check in CHECKS.items())
    return tuple(Verdict(each, accepted=not detail, detail=detail) for each, detail in found)


def refuse(document: Part) -> None:
    """Raise DataError with the id and both texts of the first rule P that is broken: such a report is not written."""
    for item in document["rules"]["items"]:
        if item["where"] == "report" and not item["kept"]:
            verdict = Verdict(rule(item["id"]), accepted=False, detail=item["detail"])
            raise DataError(in_both_languages(verdict), where="compliance report",
                            todo="nothing was written: please report this")


def _cells(document: Part, measurement: Part) -> str:
    """P-01. What a total less its other cells tells is compared with what the cell itself would have told."""
    least = document["released"]["threshold"]
    for index, release in enumerate(measurement["released"]):
        for row, group in enumerate(release["groups"]):
            place = f"released.{index}.groups.{row}"
            if group["suppressed"] and (group["people"] is not None or group["sums"] is not None):
                return f"{place} ≠ ∅"
            if not group["suppressed"] and group["people"]["value"] < least:
                return f"{place}.people < {least}"
    told = next((number for number, result in enumerate(measurement["results"])
                 if result["suppressed"] and result["value"] is not None), None)
    return f"results.{told} ≠ ∅" if told is not None else _given_back(measurement)


def _given_back(measurement: Part) -> str:
    """Cells of one release have one noise, so a total less the others holds more of it: unless there is none."""
    for index, release in enumerate(measurement["released"]):
        groups = release["groups"]
        if any(group["suppressed"] for group in groups):
            for row, group in enumerate(groups):
                if not group["suppressed"] and not group["people"]["noise_sd"] > 0:
                    return f"released.{index}.groups.{row}.people.noise_sd = 0"
    return ""


def _dominance(document: Part, measurement: Part) -> str:
    """P-02. An amount of which one person may be all must still hide the rest of the percentage of that person."""
    rest = (100 - document["released"]["dominance_percent"]) / 100
    return next((f"{place}.noise < {rest:g} × cap" for place, number in amounts(measurement)
                 if noise_in_caps(number) < rest), "")


def _criteria(document: Part, _measurement: Part) -> str:
    """P-03."""
    found = {item["id"]: item for item in document["assessment"]}
    for name in CRITERIA:
        if name not in found:
            return f"assessment ∌ {name}"
        if empty := next((key for key, value in found[name].items() if value is None or value == ""), ""):
            return f"assessment.{name}.{empty} = ∅"
    return ""


def _statement(document: Part, measurement: Part) -> str:
    """P-04. Every topic, in both languages; and what the run spent is what the measurement says."""
    for language, topics in STATEMENT.items():
        told = {item["title"]: item["text"] for item in document["privacy"]["statement"][language]}
        for topic in topics:
            if not told.get(topic, "").strip():
                return f"privacy.statement.{language} ∌ {topic}"
    for part in ("run", "cumulative", "budget"):
        if document["privacy"][part] != measurement["privacy"][part]:
            return f"privacy.{part} ≠ measurement.privacy.{part}"
    return ""


def _legal(document: Part, _measurement: Part) -> str:
    """P-05."""
    told = {item["path"]: item["value"] for item in document["legal"]}
    for line in LINES:
        if line.path not in told:
            return f"legal ∌ {line.path}"
        if told[line.path] in ("", []) and line.path not in _OPTIONAL:
            return f"legal.{line.path} = ∅"
    return "" if document["notices"] else "notices = ∅"


def _evidence(document: Part, _measurement: Part) -> str:
    """P-06. The evidence itself was verified before the report was made; here is that all of it is named."""
    evidence = document["evidence"]
    if sorted(evidence["signed_by"]) != ["advertiser", "retailer"]:
        return "evidence.signed_by ≠ {advertiser, retailer}"
    return next((f"evidence.{place} = ∅" for place, value in _hashes(evidence) if len(value) != 64), "")


def _hashes(evidence: Part) -> Iterator[tuple[str, str]]:
    for name in ("log_root", "consent_root", "contract_sha256", "rule_pack_sha256", "receipt_sha256", "table_sha256",
                 "transcript_sha256"):
        yield name, evidence[name]
    for part in ("audit_roots", "signing_keys"):
        for role in ("advertiser", "retailer"):
            yield f"{part}.{role}", evidence[part].get(role, "")


def _limits(document: Part, _measurement: Part) -> str:
    """P-07."""
    return next((f"limits ∌ {name}" for name in LIMITS if name not in document["limits"]), "")


CHECKS: Final[Mapping[str, Check]] = MappingProxyType({
    "P-01": _cells, "P-02": _dominance, "P-03": _criteria, "P-04": _statement, "P-05": _legal, "P-06": _evidence,
    "P-07": _limits})
