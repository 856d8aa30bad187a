"""Every number of every metric on real and on synthetic files, against pandas, through the whole protocol.

Without noise each is the reference, with noise the reference is in the interval, and the page shows it.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import full_contracts
import kit
import pytest
from duplex import run_flow
from files_reference import Source
from pandas_reference import Reference
from reference_numbers import Numbers
from test_catalogue_reference import Quiet

from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.adapters.demo_settings import ADVERTISER, RETAILER
from cleanroom.adapters.party import load_party
from cleanroom.adapters.progress import Silent
from cleanroom.adapters.readers import load_tables
from cleanroom.adapters.synth.generate import write_synth
from cleanroom.adapters.synth.parameters import Parameters
from cleanroom.adapters.synth.settings import NAMES
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.flow import Outcome
from cleanroom.measures.catalogue import Context, compute
from cleanroom.measures.estimate import Estimate
from cleanroom.report.document import measurement_document
from cleanroom.report.facts import RunFacts, Spend
from cleanroom.report.html import render_html
from cleanroom.report.voice import Voice
from cleanroom.report.wording import NUMBERS, words

JOURNEY_NAMES = {
    "advertiser": {"person": "crm_id"}, "retailer": {"person": "household"}, "advertiser.people": {"email": "e_mail",
    "segment": "mailings_before"}, "advertiser.exposures": {"channel": "medium", "campaign": "operation",
    "day": "sent_on"}, "advertiser.arms": {"arm": "test_group", "day": "assigned_on"}, "retailer.members": {"email":
    "mail"}, "retailer.purchases": {"day": "sold_at", "basket": "ticket", "quantity": "units",
    "category": "department"}}
SYNTH_NAMES = {
    "advertiser": {"person": "crm_id"}, "retailer": {"person": "member"},
    "advertiser.people": {"email": "e_mail", "phone": "mobile", "loyalty": "shop_card", "segment": "relation"},
    "retailer.members": {"email": "mail", "phone": "phone_number", "loyalty": "card"},
    "advertiser.exposures": {"channel": "medium", "campaign": "operation", "day": "seen_at"},
    "advertiser.arms": {"arm": "test_group", "day": "assigned_on"},
    "retailer.purchases": {"day": "sold_at", "basket": "ticket", "quantity": "units", "category": "department"}}
KINDS = ["journey", "synth"]
THRESHOLD = full_contracts.THRESHOLD


@dataclass
class Case:
    """One pair of parties with its contract, the product's tables and the reference."""

    agreed: Contract
    tables: dict
    reference: Reference

    def numbers(self, role: str, outcome: Outcome) -> Numbers:
        cost = self.agreed.campaign.cost_cents or (cost_of(self.reference) if role == "advertiser" else 0)
        return Numbers(self.reference, role, {"admitted": outcome.own.gate.admitted, "peer": outcome.peer_rows,
                                              "cost": cost})

    def run(self, **options: object) -> dict[str, Outcome]:
        arithmetic = choose_arithmetic(2)
        with arithmetic.executor:
            return run_flow(self.agreed, self.tables, backend=arithmetic.backend, **options)

    def labels(self, estimate: Estimate) -> dict[str, str] | None:
        if estimate.group is None:
            return None
        return dict(zip(self.agreed.releases[estimate.group.release].axes, estimate.group.key, strict=True))

    def pairs(self, role: str, outcome: Outcome, found: tuple[Estimate, ...]) -> list[tuple[Estimate, float | None]]:
        """Each estimate with its value in the reference."""
        numbers = self.numbers(role, outcome)
        return [(each, numbers.expected(each.metric, each.name, self.labels(each), each.detail)) for each in found]


def cost_of(reference: Reference) -> int:
    """Cents, from exposures with a cost in units of the currency."""
    if "cost" not in reference.exposures:
        return 0
    return round(sum(reference.exposures["cost"]) * 100)


def case(agreed: Contract, folder: Path, names: dict, parties: dict[str, str]) -> Case:
    tables = {role: load_tables(load_party(folder / role), agreed, datetime.now(UTC))
              for role in ("advertiser", "retailer")}
    source = Source(folder / "advertiser", folder / "retailer", names, parties)
    terms = json.loads(agreed.model_dump_json(exclude_none=True, exclude={"signatures"}))
    return Case(agreed, tables, Reference(source, terms))


def named(of: dict[str, str]) -> dict[str, str]:
    return {f"parties__{role}__name": name for role, name in of.items()}


def synth_case(folder: Path, rows: int) -> Case:
    out = folder / "synth"
    write_synth(out, Parameters(rows, seed=4, overlap=0.8, lift=0.5, conversion=0.4, refused=0.05), Silent())
    terms = tomllib.loads((out / "terms.toml").read_text("utf-8"))
    legal = {"consent": {**terms["consent"], "lookback_days": 396}, "legal": terms["legal"]}
    return case(full_contracts.synth(**named(NAMES), **legal), out, SYNTH_NAMES, dict(NAMES))


@pytest.fixture(scope="module")
def cases(real_parties: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    parties = {"advertiser": ADVERTISER, "retailer": RETAILER}
    return {"journey": case(full_contracts.journey(**named(parties)), real_parties, JOURNEY_NAMES, parties),
            "synth": synth_case(tmp_path_factory.mktemp("synth"), 2_500)}


@pytest.fixture(scope="module")
def exact(cases: dict[str, Case]) -> dict[str, dict[str, Outcome]]:
    return {kind: found.run(**kit.EXACT) for kind, found in cases.items()}


def without_noise(found: Case, role: str, outcome: Outcome) -> tuple[Estimate, ...]:
    own = outcome.own
    return compute(Quiet(found.agreed), outcome.table, Context(role, own.gate.admitted, outcome.peer_rows, own.coverage,
                                                               own.cost_cents))


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_noise_every_number_of_every_metric_is_the_reference(cases, exact, kind, role) -> None:
    check_exact(cases[kind], role, exact[kind][role])


def check_exact(found: Case, role: str, outcome: Outcome) -> None:
    pairs = found.pairs(role, outcome, without_noise(found, role, outcome))
    assert {each.metric for each, _ in pairs} == set(found.agreed.metrics)
    hidden = {row.group for row in outcome.table.rows if row.suppressed}
    assert hidden == {row.group for row in outcome.table.rows if people_of(found, row) < THRESHOLD}
    for each, expected in pairs:
        if each.note == "suppressed":
            assert each.group is None or each.group in hidden or each.against in hidden or needs_many(each)
        elif expected is None or each.value is None:
            assert (expected, each.value) == (None, None) or each.note == "too_noisy", each
        else:
            assert each.value == pytest.approx(expected, rel=1e-9, abs=1e-6), each


def people_of(found: Case, row) -> float:
    labels, of = found.labels(row), found.reference
    method = found.agreed.releases[row.group.release].attribution
    return of.count(labels) if method is None else of.credited_people(method, labels["channel"])


def needs_many(each: Estimate) -> bool:
    """Metrics that need every group of a release, and have nothing when one is withheld."""
    return each.metric in {"attribution", "ropo", "vopo"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_reference_is_not_empty(cases, kind) -> None:
    found = cases[kind].reference
    assert len(found.people) > 1_000
    assert found.sum({}, "sales") > 10**6
    assert (found.people["periods"] == "1+2").sum() > 20
    assert found.sum({}, "sales", within="lookback") if kind == "journey" else True


def generous(agreed: Contract) -> Contract:
    """More ε than any contract may have, unchecked on purpose."""
    releases = tuple(release.model_copy(update={"epsilon": Decimal(500)}) for release in agreed.releases)
    terms = agreed.disclosure.model_copy(update={"budget_epsilon": Decimal(100_000)})
    return agreed.model_copy(update={"releases": releases, "disclosure": terms})


@pytest.mark.parametrize("kind", KINDS)
def test_with_noise_the_reference_is_in_the_interval(cases, kind) -> None:
    """All parts of the protocol with seeded noise; only padding, which changes no sum, is left out.

    ε is large, so that noise does not hide the small sample: intervals are narrow, and nearly every number has one.
    """
    found = replace(cases[kind], agreed=generous(cases[kind].agreed))
    outcomes = found.run(noise=kit.SeededNoise(11), padding=kit.NO_PADDING)
    pairs = [(each, expected) for each, expected in found.pairs("advertiser", outcomes["advertiser"],
                                                                outcomes["advertiser"].estimates)
             if each.value is not None and expected is not None and not each.name.startswith("match_rate")]
    tolerance = 1e-9
    inside = [each.low - tolerance <= expected <= each.high + tolerance for each, expected in pairs]
    assert {each.metric for each, _ in pairs} == set(found.agreed.metrics)
    assert len(inside) > 80
    assert sum(inside) / len(inside) >= 0.93


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_shows_every_number(cases, exact, kind, language) -> None:
    found, outcome = cases[kind], exact[kind]["advertiser"]
    spend, moment, own = Spend("1", "0"), datetime(2026, 6, 1, tzinfo=UTC), outcome.own
    facts = RunFacts("00" * 16, "advertiser", moment, moment, "0", "test", "0" * 64, "0" * 64, "0" * 64,
                     own.gate.admitted, outcome.rows_sent, outcome.peer_rows, 1, 1, spend, spend, spend, spend,
                     cost_cents=own.cost_cents)
    document = measurement_document(found.agreed, Plan(found.agreed), outcome.table,
                                    without_noise(found, "advertiser", outcome), facts)
    page = render_html(document, language).replace("&#39;", "'").replace("&gt;", ">")
    voice = Voice(document, words(language), NUMBERS[language], language)
    shown = [each for each in document["results"] if each["value"] is not None]
    assert len(shown) > 60
    assert [each for each in shown if voice.value(each, "value") not in page] == []
    assert "NaN" not in page


@pytest.mark.soak
def test_a_larger_synthetic_pair(tmp_path: Path) -> None:
    found = synth_case(tmp_path, 40_000)
    outcomes = found.run(**kit.EXACT)
    for role, outcome in outcomes.items():
        check_exact(found, role, outcome)
