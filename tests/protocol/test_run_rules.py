"""X-01 … X-07, one table: what keeps a rule, and what breaks that one only, refused by its id in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kit import NOW, contract, make_setup, small_contract

from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.audit.events import Kind, parse_event
from cleanroom.consent.files import check_fresh
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.earlier import Close
from cleanroom.disclosure.padding import check_people
from cleanroom.disclosure.run_rules import aggregate_only, apart, deleted, evidenced, keyed
from cleanroom.disclosure.sketch import Difference
from cleanroom.errors import BudgetError, CleanroomError, DataError, MisuseError, PeerViolationError
from cleanroom.ports import Cap
from cleanroom.rules import rule
from cleanroom.session.setup import Setup
from cleanroom.table import ReleasedTable, Row

Case = Callable[[Setup], None]
ONE, TWO, ZERO = bytes([1]) * 32, bytes([2]) * 32, bytes(32)
AGREED = small_contract(threshold=50)
PLAN = Plan(AGREED)
CLOSE = Close("01" * 16, Difference(1, exact=True))
GOOD = tuple(Row(group, 60 + index, (index, 7)) for index, group in enumerate(PLAN.groups))
EVIDENCE = (Kind.RUN_STARTED, Kind.CONSENT_GATE, Kind.CONSENT_ROOT)


def fresh(**age: int) -> Case:
    return lambda _: check_fresh(NOW - timedelta(**age), NOW, "suppressions.csv")


def tokens(protocol: str, own: bytes, peer: bytes) -> Case:
    return lambda setup: setup.judge("X-02", keyed(protocol, own, peer), PeerViolationError)


def table(*rows: Row) -> Case:
    return lambda setup: setup.judge("X-03", aggregate_only(PLAN, ReleasedTable(rows)), MisuseError)


def near(overlap: str, close: Close | None) -> Case:
    return lambda setup: setup.judge("X-04", apart(overlap, close), DataError)


def period(runs: int) -> Case:
    """A third run within 30 days, of `runs` that the contract allows."""
    def case(setup: Setup) -> None:
        limited = contract(disclosure__runs_per_period=runs, disclosure__period_days=30)
        setup = replace(setup, plan=Plan(limited))
        for run in ("0a" * 16, "0b" * 16):
            setup.ports.ledger.charge(limited.id, run, "release", 0.1, 0.0, (8.0, 1e-4))
        setup.charge("transcript")
    return case


def spending(epsilon: float, **caps: float) -> Case:
    """A run after `epsilon` was spent; `most`: of all contracts with this partner."""
    def case(setup: Setup) -> None:
        own = (Cap("partner.budget_epsilon", 365, epsilon=caps["most"]),) if caps else ()
        setup = replace(setup, caps=own)
        other = "another-contract" if caps else AGREED.id
        setup.ports.ledger.charge(other, "0a" * 16, "release", epsilon, 0.0, (8.0, 1e-4), partner=setup.partner)
        setup.charge("transcript")
    return case


def evidence(*kinds: Kind) -> Case:
    return lambda setup: setup.judge("X-06", evidenced(kinds), MisuseError)


def deletion(*kinds: Kind, wiped: bool = True) -> Case:
    return lambda setup: setup.judge("X-07", deleted(kinds, wiped=wiped), MisuseError)


def swapped() -> tuple[Row, ...]:
    return (GOOD[1], GOOD[0], *GOOD[2:])


ACCEPTING: dict[str, list[Case]] = {
    "X-01": [fresh(hours=24), fresh(seconds=0), fresh(minutes=-5)],
    "X-02": [tokens("ecdh-x25519-v1", ONE, TWO)],
    "X-03": [table(*GOOD), table(replace(GOOD[0], people=None, sums=None), *GOOD[1:]),
             table(replace(GOOD[0], people=50, sums=(-5, 0)), *GOOD[1:])],
    "X-04": [near("refuse", None), near("warn", CLOSE), near("charge", CLOSE), period(3)],
    "X-05": [spending(4.0), spending(4.0, most=9)],
    "X-06": [evidence(*EVIDENCE)],
    "X-07": [deletion(*EVIDENCE, Kind.INTERMEDIATES_WIPED)],
}
REFUSING: dict[str, list[Case]] = {
    "X-01": [fresh(hours=24, seconds=1), fresh(days=400), fresh(minutes=-6)],
    "X-02": [tokens("plain-sha256", ONE, TWO), tokens("ecdh-x25519-v1", ONE, ONE), tokens("ecdh-x25519-v1", ONE, ZERO),
             tokens("ecdh-x25519-v1", ONE, TWO[:31])],
    "X-03": [table(*GOOD, GOOD[0]), table(*GOOD[1:]), table(*swapped()),
             table(replace(GOOD[0], people=49), *GOOD[1:]), table(replace(GOOD[0], people=None), *GOOD[1:]),
             table(replace(GOOD[0], sums=None), *GOOD[1:]), table(replace(GOOD[0], sums=(1,)), *GOOD[1:]),
             table(replace(GOOD[0], sums=(1, 2, 3)), *GOOD[1:]), table(replace(GOOD[0], sums=("person", 2)), *GOOD[1:]),
             table(replace(GOOD[0], people=60.5), *GOOD[1:])],
    "X-04": [near("refuse", CLOSE), near("refuse", replace(CLOSE, difference=Difference(2, exact=False))), period(2)],
    "X-05": [spending(7.9), spending(4.0, most=4.5)],
    "X-06": [evidence(), evidence(Kind.CONSENT_GATE), evidence(Kind.CONSENT_ROOT)],
    "X-07": [deletion(*EVIDENCE), deletion(Kind.INTERMEDIATES_WIPED, wiped=False)],
}


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_setup(AGREED, "retailer", ledger=SQLiteLedger(tmp_path / "ledger.sqlite"))


def verdicts(setup: Setup) -> list[tuple[str, str]]:
    events = [parse_event(line, number, "") for number, line in enumerate(setup.audit._sink.lines)]
    return [(event.fields["rule"], event.fields["verdict"]) for event in events if event.kind == Kind.RULE_CHECKED]


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in ACCEPTING.items() for case in cases])
def test_what_keeps_the_rule_passes(setup: Setup, name: str, case: Case) -> None:
    case(setup)
    assert all(verdict == "accepted" for _, verdict in verdicts(setup))


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in REFUSING.items() for case in cases])
def test_what_breaks_the_rule_is_refused_by_its_id_in_both_languages(setup: Setup, name: str, case: Case) -> None:
    with pytest.raises(CleanroomError) as caught:
        case(setup)
    text = str(caught.value)
    assert name in text
    assert rule(name).english in text
    assert rule(name).french in text
    assert name == "X-01" or verdicts(setup)[-1] == (name, "refused")  # X-01 ends before there is a log
    assert "\n" not in text


@pytest.mark.parametrize(("people", "allowed"), [(0, 5000), (5001, 5000), (29, 5000)])
def test_x04_sizes_have_one_error_and_one_public_text(people: int, allowed: int) -> None:
    """The verdict goes to the log where the run checks them (`flow`)."""
    with pytest.raises(DataError) as caught:
        check_people(Plan(contract(match__max_people_retailer=allowed)), "retailer", 30, people)
    assert caught.value.public == DataError.public


def test_a_period_passes(tmp_path: Path) -> None:
    """Entries older than the period count neither as runs nor for the partner; they stay in the contract's budget."""
    class Later:
        moment = datetime(2026, 1, 1, tzinfo=UTC)

        def now(self) -> datetime:
            return self.moment

    clock = Later()
    ledger = SQLiteLedger(tmp_path / "ledger.sqlite", clock)
    caps = (Cap("runs", 30, runs=1), Cap("partner", 30, epsilon=1.5))
    ledger.charge("c", "r1", "transcript", 1.0, 0.0, (8.0, 1.0), partner="p", caps=caps)
    clock.moment += timedelta(days=29)
    with pytest.raises(BudgetError):
        ledger.charge("c", "r2", "transcript", 1.0, 0.0, (8.0, 1.0), partner="p", caps=caps)
    clock.moment += timedelta(days=2)
    ledger.charge("c", "r2", "transcript", 1.0, 0.0, (8.0, 1.0), partner="p", ahead=0.5, caps=caps)
    with pytest.raises(BudgetError, match=r"ε 2\.1 in 30 days, 1\.5 is allowed"):
        ledger.charge("other", "r3", "transcript", 1.0, 0.0, (8.0, 1.0), partner="p", ahead=0.1, caps=caps)
    ledger.charge("other", "r3", "transcript", 1.0, 0.0, (8.0, 1.0), partner="somebody else", ahead=0.1, caps=caps)
    assert ledger.spent("c")[0] == 2.0


def test_an_amendment_does_not_reset_what_was_spent(tmp_path: Path) -> None:
    ledger = SQLiteLedger(tmp_path / "ledger.sqlite")
    first = make_setup(AGREED, "retailer", ledger=ledger)
    first.charge("transcript")
    first.charge("release")
    spent = ledger.spent(AGREED.id)
    amended = make_setup(small_contract(version=2, threshold=60), "retailer", ledger=ledger, run=bytes(16))
    assert amended.contract_hash != first.contract_hash
    amended.charge("transcript")
    assert ledger.spent(AGREED.id)[0] > spent[0]
