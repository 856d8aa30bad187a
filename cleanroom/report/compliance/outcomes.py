"""What each rule of the pack came to in one run: kept or broken, with the counts of those it refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from cleanroom.audit.events import Kind
from cleanroom.audit.verify import Verified
from cleanroom.contract.model import Contract
from cleanroom.contract.rules import verdicts
from cleanroom.errors import AuditError
from cleanroom.report.compliance.counts import Count
from cleanroom.rules import PACKS, Pack, Verdict, rule

# Rules about rows that are dropped, and how the measurement names their counts: `<table>_<reason>`.
DROPPED: Final = MappingProxyType({"R-08": "of_denied_categories", "R-11": "outside_lookback"})
# What the log of a run shows when it kept a rule. The others stop a run before it writes a log.
SHOWN: Final[Mapping[str, Kind]] = MappingProxyType({
    "X-02": Kind.PEER_IDENTIFIED, "X-03": Kind.TABLE_RELEASED, "X-04": Kind.SIZES_DECLARED,
    "X-05": Kind.PRIVACY_CHARGED, "X-06": Kind.CONSENT_ROOT, "X-07": Kind.INTERMEDIATES_WIPED})

JUDGED: Final = "rule_checked"  # an event that holds a verdict of the run


def pack_of(found: Verified) -> Pack:
    """The pack that the run applied. AuditError when this version of the program does not have it."""
    wanted = found.log[0].fields["rule_pack"]
    pack = next((each for each in PACKS.values() if each.sha256 == wanted), None)
    if pack is None:
        raise AuditError("the run applied a rule pack that this version of the program does not have",
                         todo="use the version that wrote it")
    return pack


def of_contract(contract: Contract) -> tuple[Verdict, ...]:
    """C-01 … C-11 as they judge the contract; C-12 holds because the signatures were verified before."""
    return (*verdicts(contract), Verdict(rule("C-12"), accepted=True))


def of_run(found: Verified) -> tuple[Verdict, ...]:
    """X-02 … X-07 as the log shows them: the event is there, and the consent root before anything about people.

    Where the run itself judged a rule, its verdict counts instead.
    """
    kinds, judged = [event.kind for event in found.log], _judged(found)
    made = []
    for name, kind in SHOWN.items():
        detail = f"{kind.value} ∉ audit.jsonl" if kind not in kinds else ""
        if name == "X-06" and Kind.SIZES_DECLARED in kinds and kind not in kinds[:kinds.index(Kind.SIZES_DECLARED)]:
            detail = detail or "consent_root > sizes_declared"
        if name in judged:
            detail = "" if judged[name] != "refused" else "refused"
        made.append(Verdict(rule(name), accepted=not detail, detail=detail))
    return tuple(made)


def _judged(found: Verified) -> dict[str, str]:
    """Verdicts that the run wrote into its log: `accepted`, `warned` or `refused`, by rule."""
    return {event.fields["rule"]: event.fields["verdict"] for event in found.log if event.kind == JUDGED}


def items(pack: Pack, found_verdicts: Iterable[Verdict], found: Verified, measurement: Mapping[str, Any],
          count: Callable[[int], Count]) -> list[dict[str, Any]]:
    """One entry a rule of the pack, in its order.

    `refused`: own people that the rule left out, `dropped`: rows; None where the rule is not about them. `warned`: the
    run went on with a warning. A rule without a verdict stops a run, so a run that released a table kept it.
    """
    judged, warned = {verdict.rule.id: verdict for verdict in found_verdicts}, _judged(found)
    people = next(event.fields["refused"] for event in found.log if event.kind == Kind.CONSENT_GATE)
    made = []
    for each in pack.rules:
        verdict = judged.get(each.id, Verdict(each, accepted=True))
        dropped = _dropped(each.id, measurement)
        made.append({
            "id": each.id, "where": each.where, "severity": each.severity, "source": each.source,
            "effective_from": each.effective_from.isoformat(), "en": each.english, "fr": each.french,
            "kept": verdict.accepted, "warned": warned.get(each.id) == "warned", "detail": verdict.detail,
            "refused": count(people[each.id]) if each.id in people else None,
            "dropped": None if dropped is None else count(dropped)})
    return made


def _dropped(name: str, measurement: Mapping[str, Any]) -> int | None:
    if name not in DROPPED:
        return None
    return sum(int(number) for label, number in measurement["own"]["excluded"].items() if label.endswith(DROPPED[name]))
