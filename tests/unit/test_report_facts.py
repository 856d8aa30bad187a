"""RunFacts and Spend refuse what cannot be true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from report_kit import facts

from cleanroom.errors import MisuseError
from cleanroom.report.facts import Spend, utc_text

PARIS = timezone(timedelta(hours=2))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "much", "NaN", "Infinity", "-1"])
def test_a_spend_is_a_finite_amount(text: str) -> None:
    with pytest.raises(MisuseError):
        Spend(text, "0")


def test_spends_add_up_exactly() -> None:
    assert Spend("0.1", "0.000001") + Spend("0.2", "0") == Spend("0.3", "0.000001")


def test_what_is_left_is_never_negative() -> None:
    assert Spend("7", "0").left_of(Spend("6", "0.00001")) == Spend("0", "0.00001")


def test_the_cost_of_a_run_is_both_parts() -> None:
    assert facts().cost == Spend("3", "0.000001")


@pytest.mark.parametrize("started", [NOON.replace(tzinfo=None), NOON.replace(tzinfo=PARIS)])
def test_times_are_in_utc(started: datetime) -> None:
    with pytest.raises(MisuseError):
        facts(started=started, ended=NOON + timedelta(days=1))


def test_a_run_does_not_end_before_it_starts() -> None:
    with pytest.raises(MisuseError):
        facts(started=NOON, ended=NOON - timedelta(seconds=1))


def test_times_are_written_in_utc() -> None:
    assert utc_text(datetime(2026, 5, 1, 11, 30, 5, 999, tzinfo=PARIS)) == "2026-05-01T09:30:05Z"
