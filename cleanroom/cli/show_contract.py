"""A contract in words, for a lawyer, in English or French."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

from cleanroom.cli.show_words import VALUES, WORDS
from cleanroom.contract.check import ROLES
from cleanroom.contract.effective import effective
from cleanroom.contract.keys import DEFAULT_SHARED
from cleanroom.contract.legal_lines import LINES
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash
from cleanroom.contract.plan import Plan
from cleanroom.contract.rules import verdicts
from cleanroom.contract.windows import window_of
from cleanroom.disclosure.accounting import budget_of, run_cost
from cleanroom.disclosure.padding import padding_terms
from cleanroom.report.mode import notice as notice_in
from cleanroom.rules import Language


def contract_text(contract: Contract, language: Language = "en") -> str:
    """Several paragraphs of plain text: parties, measurement, privacy, legal part, rules."""
    parts = (_head, _campaign, _privacy, _policies, _consent, _legal, _rules)
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part(contract, language))))


def _head(contract: Contract, language: Language) -> Iterator[str]:
    words = WORDS[language]
    signed = ", ".join(words[entry.role] for entry in contract.signatures) or words["nobody"]
    if told := notice_in(contract, language):
        yield told
    yield contract.title
    yield words["contract"].format(id=contract.id, version=contract.version, first=f"{contract.not_before:%Y-%m-%d}",
                                   last=f"{contract.not_after:%Y-%m-%d}", signed=signed)
    yield words["hash"].format(hash=contract_hash(contract).hex())
    for role in ROLES:
        party = contract.party(role)
        yield f"{words[role]}{words['colon']} {party.name} ({party.contact})"


def _campaign(contract: Contract, language: Language) -> Iterator[str]:
    words, plan = WORDS[language], Plan(contract)
    first, _ = window_of(contract.calendar, 0)
    _, last = window_of(contract.calendar, plan.periods - 1)
    yield words["purpose"].format(purpose=contract.consent.purpose)
    yield words["keys_salted" if plan.salted else "keys"].format(
        keys=words["then"].join(contract.match.keys), profile=contract.match.normalisation,
        shared=words[contract.match.shared_values or DEFAULT_SHARED])
    yield words["campaign"].format(names=", ".join(contract.campaign.names),
                                   channels=", ".join(contract.campaign.channels),
                                   assignment=words[contract.campaign.assignment])
    yield words["calendar"].format(first=contract.calendar.exposures_from, until=contract.calendar.exposures_until,
                                   start=first, end=last, zone=contract.calendar.time_zone)


def _privacy(contract: Contract, language: Language) -> Iterator[str]:
    words, plan, budget = WORDS[language], Plan(contract), budget_of(contract)
    cost = run_cost(plan)
    yield words["opened"].format(threshold=contract.disclosure.threshold)
    for index, release in enumerate(contract.releases):
        by = f"{' × '.join(release.dimensions) or words['everyone']}" if release.attribution is None else (
            words["credited"].format(rule=words[release.attribution]))
        opened = (contract.statistics[number] for number in plan.statistics_of(index))
        sums = (words["sum"].format(name=each.name, cap=f"{each.cap:,}".replace(",", words["thousand"]))
                for each in opened)
        yield f"  {by}: " + ", ".join([words["people"], *sums])
    yield words["dominance"].format(rest=100 - contract.disclosure.dominance_percent)
    if contract.disclosure.runs_per_period is not None:
        yield words["runs"].format(runs=contract.disclosure.runs_per_period, days=contract.disclosure.period_days)
    yield words["overlap"].format(what=words[f"overlap_{contract.disclosure.overlap or 'warn'}"])
    yield words["repeats"] if contract.disclosure.repeats == "replay" else words["runs_again"]
    yield words["cost"].format(
        epsilon=cost.total.epsilon_text, delta=cost.total.delta_text, match=cost.transcript.epsilon_text,
        release=cost.release.epsilon_text, budget=budget.epsilon_text, budget_delta=budget.delta_text)
    yield words["padding"].format(most=padding_terms(plan).most, cells=len(plan.cells))
    yield words["semi_honest_salted" if plan.salted else "semi_honest"]


def _policies(contract: Contract, language: Language) -> Iterator[str]:
    changes = effective(contract)[1]
    if changes:
        yield WORDS[language]["policies"]
        yield from (f"  {change.text(language)}" for change in changes)


def _consent(contract: Contract, language: Language) -> Iterator[str]:
    words, consent = WORDS[language], contract.consent
    yield words["consent"].format(days=consent.lookback_days, age=consent.minimum_age)
    for notice in consent.notices:
        yield "  " + words["notice"].format(role=words[notice.party], id=notice.id, published=notice.published,
                                            language=notice.language, partner=notice.partner, sha256=notice.sha256)
    for kind, labels in consent.denied_categories.model_dump().items():
        yield "  " + words["denied"].format(kind=words[kind], labels=", ".join(labels) or words["none"])


def _legal(contract: Contract, language: Language) -> Iterator[str]:
    words = WORDS[language]
    yield words["legal"]
    for line in LINES:
        value = reduce(getattr, line.path.split("."), contract.legal)
        label = line.french if language == "fr" else line.english
        yield f"  {label}{words['colon']} {_value(value, language)}"


def _rules(contract: Contract, language: Language) -> Iterator[str]:
    words = WORDS[language]
    yield words["rules"]
    for verdict in verdicts(contract):
        yield f"  {words['kept'] if verdict.accepted else words['broken']}  {verdict.reason(language)}"


def _value(value: Any, language: Language) -> str:
    words = WORDS[language]
    if isinstance(value, bool):
        return words["yes"] if value else words["no"]
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return VALUES[language].get(text, text) or words["none"]
