"""The contract rules C-01 … C-11 as small functions; their texts are data in `cleanroom.rules`.

A function gives "" when the contract keeps the rule, else what breaks it: the setting and the bound, in signs that need
no translation. C-12 (signed by both, inside its validity) needs the time and stands in `sign.check_in_force`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from cleanroom import limits
from cleanroom.contract.check import ROLES, certificate, check_certificate
from cleanroom.contract.model import Contract, Role, other
from cleanroom.contract.protocols import PROTOCOLS, SALTED
from cleanroom.errors import ContractError
from cleanroom.rules import Verdict, rule

PURPOSE: Final = "exposure_to_purchase_measurement"
FORBIDDEN_USES: Final = ("activation", "lookalike", "enrichment", "individual_decisions")
EEA: Final = frozenset((
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"))

Check = Callable[[Contract], str]


def _roles(contract: Contract) -> str:
    legal = contract.legal
    for role in ROLES:
        if blank := _blank(legal.party(role), ("entity", "registration", "address", "contact", "dpo")):
            return f"legal.parties.{role}.{blank} = ∅"
    if blank := _blank(legal, ("arrangement_ref", "arrangement_sha256")):
        return f"legal.{blank} = ∅"
    has_processor = legal.role_model == "controller_processor"
    return "legal.processor ≠ legal.role_model" if has_processor == (legal.processor == "none") else ""


def _purpose(contract: Contract) -> str:
    if contract.consent.purpose != PURPOSE:
        return f"consent.purpose ≠ {PURPOSE}"
    missing = [use for use in FORBIDDEN_USES if use not in contract.legal.forbidden_uses]
    return f"legal.forbidden_uses ∌ {missing[0]}" if missing else ""


def _bases(contract: Contract) -> str:
    for role in ROLES:
        party = contract.legal.party(role)
        if party.basis == "legitimate_interest" and not party.assessment_sha256:
            return f"legal.parties.{role}.assessment_sha256 = ∅"
        tracked = party.tracker_data or contract.consent.tcf_vendors.of(role)
        if party.basis == "legitimate_interest" and tracked:
            return f"legal.parties.{role}.basis = legitimate_interest, tracker_data = true"
    return ""


def _proof(contract: Contract) -> str:
    proof = contract.legal.proof
    if proof.delay_days > limits.MAX_PROOF_DELAY_DAYS:
        return f"legal.proof.delay_days > {limits.MAX_PROOF_DELAY_DAYS}"
    if not proof.available:
        return "legal.proof.available = false"
    return "" if proof.audit_right else "legal.proof.audit_right = false"


def _notices(contract: Contract) -> str:
    for role in ROLES:
        own = [notice for notice in contract.consent.notices if notice.party == role]
        if not own:
            return f"consent.notices: {role} = ∅"
        if any(notice.partner != contract.party(other(role)).name for notice in own):
            return f"consent.notices: {role}, partner ≠ parties.{other(role)}.name"
        if any(notice.published > contract.not_before.date() for notice in own):
            return f"consent.notices: {role}, published > not_before"
    return ""


def _assessment(contract: Contract) -> str:
    dpia = contract.legal.dpia
    if blank := _blank(dpia, ("ref", "sha256")):
        return f"legal.dpia.{blank} = ∅"
    if dpia.completed > contract.not_before.date():
        return "legal.dpia.completed > not_before"
    if dpia.outcome == "high_residual_risk" and not dpia.prior_consultation.strip():
        return "legal.dpia.outcome = high_residual_risk, prior_consultation = ∅"
    transfer = contract.legal.pseudonymous_transfer
    return "legal.pseudonymous_transfer.dpia_ref = ∅" if transfer and not transfer.dpia_ref.strip() else ""


def _record(contract: Contract) -> str:
    blank = _blank(contract.legal.record, tuple(type(contract.legal.record).model_fields))
    return f"legal.record.{blank} = ∅" if blank else ""


def _retention(contract: Contract) -> str:
    kept = contract.legal.retention
    return _first_above((
        ("consent.lookback_days", contract.consent.lookback_days, limits.MAX_LOOKBACK_DAYS),
        ("legal.retention.data_days", kept.data_days, limits.MAX_DATA_DAYS),
        ("legal.retention.intermediates_hours", kept.intermediates_hours, limits.MAX_INTERMEDIATES_HOURS),
        ("legal.retention.outputs_days", kept.outputs_days, limits.MAX_OUTPUT_DAYS)))


def _transfers(contract: Contract) -> str:
    transfers = contract.legal.transfers
    for role in ROLES:
        if contract.legal.party(role).country not in transfers.countries:
            return f"legal.transfers.countries ∌ legal.parties.{role}.country"
    if set(transfers.countries) <= EEA:
        return ""
    if transfers.tool == "none" or not transfers.ref.strip():
        return "legal.transfers.countries ⊄ EEE/EEA, tool/ref = ∅"
    if not isinstance(transfers.valid_until, date) or transfers.valid_until < contract.not_after.date():
        return "legal.transfers.valid_until < not_after"
    return ""


def _protection(contract: Contract) -> str:
    terms, cap = contract.disclosure, Decimal(str(limits.MAX_EPSILON))
    if terms.threshold < limits.MIN_THRESHOLD:
        return f"disclosure.threshold < {limits.MIN_THRESHOLD}"
    spending = [("disclosure.budget_epsilon", terms.budget_epsilon, cap),
                ("match.epsilon", contract.match.epsilon, cap), *(
                    (f"releases.{index}.epsilon", each.epsilon, cap) for index, each in enumerate(contract.releases))]
    if above := _first_above((("disclosure.dominance_percent", terms.dominance_percent, limits.MAX_DOMINANCE_PERCENT),
                              *spending)):
        return above
    if contract.match.protocol not in PROTOCOLS:
        return f"match.protocol ∉ {{{', '.join(PROTOCOLS)}}}"
    if (contract.match.protocol == SALTED) != (contract.legal.pseudonymous_transfer is not None):
        missing = "=" if contract.match.protocol == SALTED else "≠"
        return f"match.protocol = {contract.match.protocol}, legal.pseudonymous_transfer {missing} ∅"
    return next((f"parties.{role}.certificate ≠ X.509, P-256, CA:FALSE" for role in ROLES
                 if not _is_certificate(contract, role)), "")


def _categories(contract: Contract) -> str:
    denied = contract.consent.denied_categories
    return next((f"statistics.{each.name}.category ∈ consent.denied_categories" for each in contract.statistics
                 if each.category and denied.denies(each.category)), "")


CHECKS: Final[Mapping[str, Check]] = MappingProxyType({
    "C-01": _roles, "C-02": _purpose, "C-03": _bases, "C-04": _proof, "C-05": _notices, "C-06": _assessment,
    "C-07": _record, "C-08": _retention, "C-09": _transfers, "C-10": _protection, "C-11": _categories})

# Parts of the file whose absence or wrong form breaks a rule; the longest fitting path counts.
_PARTS: Final[Mapping[tuple[str, ...], str]] = MappingProxyType({
    ("legal",): "C-01", ("legal", "forbidden_uses"): "C-02", ("legal", "proof"): "C-04", ("legal", "dpia"): "C-06",
    ("legal", "pseudonymous_transfer"): "C-10", ("legal", "pseudonymous_transfer", "dpia_ref"): "C-06",
    ("legal", "record"): "C-07", ("legal", "retention"): "C-08", ("legal", "transfers"): "C-09",
    ("consent", "purpose"): "C-02", ("consent", "notices"): "C-05", ("consent", "lookback_days"): "C-08",
    ("consent", "denied_categories"): "C-11", ("disclosure",): "C-10"})


def verdicts(contract: Contract) -> tuple[Verdict, ...]:
    """What each of C-01 … C-11 says about a contract, signed or not."""
    found = ((rule(name), check(contract)) for name, check in CHECKS.items())
    return tuple(Verdict(each, accepted=not detail, detail=detail) for each, detail in found)


def check_rules(contract: Contract, source: str = "") -> None:
    """Raise ContractError with the id and both texts of the first rule that the contract breaks."""
    broken = [verdict for verdict in verdicts(contract) if not verdict.accepted]
    if not broken:
        return
    first, names = broken[0], ", ".join(verdict.rule.id for verdict in broken)
    more = f" (broken in all: {names})" if len(broken) > 1 else ""
    error = ContractError(in_both_languages(first) + more, where=source, todo="mend the setting; see docs/contract.md")
    error.public = f"the contract breaks compliance rule {names}"
    raise error


def in_both_languages(verdict: Verdict) -> str:
    """Id, English text and detail, French text: one line."""
    return f"{verdict.reason('en')} / {verdict.rule.text('fr')}"


def rule_of_setting(path: Sequence[str | int]) -> str:
    """Id and texts of the rule that asks for a setting, or "" when none does."""
    parts = tuple(str(part) for part in path)
    for length in range(len(parts), 0, -1):
        if name := _PARTS.get(parts[:length]):
            return in_both_languages(Verdict(rule(name), accepted=False))
    return ""


def _blank(part: object, fields: Iterable[str]) -> str:
    return next((field for field in fields if not str(getattr(part, field)).strip()), "")


def _first_above(values: Iterable[tuple[str, int | Decimal, int | Decimal]]) -> str:
    return next((f"{setting} > {most:f}" if isinstance(most, Decimal) else f"{setting} > {most}"
                 for setting, value, most in values if value > most), "")


def _is_certificate(contract: Contract, role: Role) -> bool:
    try:
        check_certificate(certificate(contract, role), "")
    except ContractError:
        return False
    return True
