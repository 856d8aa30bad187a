"""Each rule of the gate: what it refuses, and in which order people are counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from consent_kit import CONTRACT, NOW, event, retailer
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.consent.gate import gate
from cleanroom.consent.rules import ORDER, person_rules
from cleanroom.rules import CURRENT


def refused_by(*events, **tables):
    report = gate(CONTRACT, retailer(*events, **tables), NOW).report
    assert report.admitted + sum(report.refused.values()) == report.considered == 1
    return next((rule for rule, count in report.refused.items() if count), None)


def test_a_good_event_lets_the_person_in():
    assert refused_by(event()) is None


@pytest.mark.parametrize("change", [
    {"status": "maybe"}, {"status": ""}, {"status": "Given"}, {"status": "unknown"}, {"legal_basis": "contract"},
    {"legal_basis": ""}, {"scope": "household"}, {"scope": ""}, {"purpose": ""}, {"record_id": " "},
    {"event_time": ""}, {"event_time": "yesterday"}, {"event_time": "2024-05-01T10:00:00"},
    {"event_time": "2024-05-01"}, {"event_time": "2024-02-30T10:00:00Z"}, {"event_time": "2025-06-01T00:00:01Z"},
    {"event_time": "2025-06-01T01:59:00+01:00"}, {"expires_at": "never"}, {"expires_at": "2026-01-01T00:00:00"},
    {"event_time": "2024-05-01T10:00:00+99:00"},
])
def test_r15_unreadable_is_refused(change):
    assert refused_by(event(**change)) == "R-15"


def test_r15_nobody_without_a_record():
    assert refused_by(event("somebody else")) == "R-15"
    assert refused_by() == "R-15"


@pytest.mark.parametrize("purpose", ["marketing_email", "exposure_to_purchase_measuremen"])
def test_r15_an_unreadable_event_of_any_purpose_poisons_the_record(purpose):
    assert refused_by(event(), event(purpose=purpose, status="?")) == "R-15"


@pytest.mark.parametrize("events", [
    [event(purpose="marketing_email")],
    [event(purpose="Exposure_to_purchase_measurement")],
    [event(status="refused")],
    [event(legal_basis="legitimate_interest")],
    [event(), event(legal_basis="legitimate_interest", event_time="2024-06-01T00:00:00Z")],
])
def test_r01_not_given_for_this_purpose(events):
    assert refused_by(*events) == "R-01"


@pytest.mark.parametrize("status", ["withdrawn", "refused", "expired", "invalidated"])
def test_r05_the_last_event_wins(status):
    later = event(status=status, event_time="2024-06-01T00:00:00Z")
    assert refused_by(event(), later) == "R-05"
    assert refused_by(later, event()) == "R-05"
    assert refused_by(later, event(event_time="2024-07-01T00:00:00Z")) is None


def test_r05_times_are_compared_as_instants():
    withdrawn = event(status="withdrawn", event_time="2024-05-01T11:30:00+02:00")  # 09:30 UTC, before the good one
    assert refused_by(event(), withdrawn) is None


@pytest.mark.parametrize("status", ["withdrawn", "refused"])
def test_r05_withdrawal_wins_ties(status):
    assert refused_by(event(status=status), event()) == "R-05"
    assert refused_by(event(), event(status=status)) == "R-05"


def test_r05_account_beats_device():
    device = event(status="withdrawn", scope="device", event_time="2024-09-01T00:00:00Z")
    assert refused_by(event(), device) is None
    account = event(status="withdrawn", event_time="2024-01-01T00:00:00Z")
    assert refused_by(account, event(scope="device")) == "R-05"
    assert refused_by(event(scope="device"), device) == "R-05"


def test_r05_expiry_is_the_moment_it_stops():
    assert refused_by(event(expires_at="2025-06-01T00:00:00Z")) == "R-05"
    assert refused_by(event(expires_at="2025-06-01T00:00:01Z")) is None


def test_r05_a_withdrawal_of_another_purpose_changes_nothing():
    assert refused_by(event(), event(purpose="marketing_email", status="withdrawn",
                                     event_time="2024-06-01T00:00:00Z")) is None


@pytest.mark.parametrize(("recipients", "rule"), [
    ("Brand", None), ("Somebody| Brand ", None), ("", "R-02"), ("Brand and friends", "R-02"), ("brand", "R-02"),
    ("Shop", "R-02"), ("Somebody", "R-02"),
])
def test_r02_the_partner_is_named(recipients, rule):
    assert refused_by(event(recipients=recipients)) == rule


def test_r02_looks_at_the_present_event():
    assert refused_by(event(), event(recipients="Somebody", event_time="2024-06-01T00:00:00Z")) == "R-02"


def test_r06_the_suppression_list():
    assert refused_by(event(), suppressed=("x", "p", "p")) == "R-06"


@pytest.mark.parametrize("column", ["objection_marketing_at", "objection_general_at", "erased_at"])
@pytest.mark.parametrize("value", ["2024-01-01T00:00:00Z", "some day"])
def test_r06_any_objection_counts(column, value):
    assert refused_by(event(), event(purpose="marketing_email", **{column: value})) == "R-06"


def test_one_person_counts_once_at_the_first_rule():
    bad = event(status="refused", recipients="Somebody", objection_general_at="yes")
    assert refused_by(bad, suppressed=("p",)) == "R-01"
    assert tuple(rule.id for rule in person_rules(CURRENT)) == ORDER


HISTORY = st.lists(st.tuples(st.sampled_from(["given", "refused", "withdrawn"]), st.sampled_from(["device", "account"]),
                             st.integers(0, 3), st.integers(-2, 2)), min_size=1, max_size=6)


@given(HISTORY)
def test_the_present_state_agrees_with_a_plain_reading(history):
    def line(item):
        status, scope, hour, zone = item
        moment = datetime(2024, 5, 1, hour, tzinfo=UTC).astimezone(timezone(timedelta(hours=zone)))
        return event(status=status, scope=scope, event_time=moment.isoformat())

    status = max(history, key=lambda item: (item[1] == "account", item[2], item[0] != "given"))[0]
    assert (refused_by(*map(line, history)) is None) == (status == "given")
