from datetime import UTC, datetime, timedelta, timezone

import pytest
from audit_kit import StepClock, start_fields

from cleanroom import errors
from cleanroom.audit.events import FIELDS, Event, Kind, failure, parse_event, time_text
from cleanroom.errors import AuditError, MisuseError

TIME = "2025-03-01T12:00:00.000001Z"
D = "0f" * 32
GOOD = {
    Kind.RUN_STARTED: start_fields(),
    Kind.RUN_APPROVED: {"user": 1000, "at": "2026-01-15T09:30:00.000000Z"},
    Kind.CONSENT_GATE: {"admitted": 5, "refused": {"R-01": 0}},
    Kind.CONSENT_ROOT: {"root": D, "count": 5},
    Kind.RULE_CHECKED: {"rule": "X-04", "verdict": "warned"},
    Kind.LEDGERS_COMPARED: {"own": 2, "peer": 1, "together": 2, "chain": D, "total_epsilon": "1", "total_delta": "0"},
    Kind.TABLE_REPEATED: {"run_id": "0f" * 16, "table_sha256": D},
    Kind.SIZES_DECLARED: {"own": [1, 2], "peer": (3,)},
    Kind.PRIVACY_CHARGED: {"part": "match", "epsilon": "0.5", "delta": "0", "total_epsilon": "1",
                           "total_delta": "0.000001"},
    Kind.PEER_IDENTIFIED: {"certificate_sha256": D, "software": "0.1.0", "protocol": 3},
    Kind.PARAMETERS_CHECKED: {},
    Kind.COUNTS_OPENED: {"groups": 4, "suppressed": 0},
    Kind.SUMS_OPENED: {"opened": 3},
    Kind.TABLE_RELEASED: {"table_sha256": D, "salt": D},
    Kind.RECEIPT_SIGNED: {"receipt_sha256": D},
    Kind.RECEIPT_VERIFIED: {"receipt_sha256": D},
    Kind.INTERMEDIATES_WIPED: {"what": ["scalar"], "limits": ["interpreter_copies"]},
    Kind.RUN_ENDED: {},
    Kind.RUN_FAILED: {"error": "DataError", "stage": "match", "public": errors.DataError.public},
}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_written_and_read_back(kind):
    event = Event(3, TIME, kind, GOOD[kind])
    again = parse_event(event.line, 3, "x")
    assert again.line == event.line
    assert again.kind is kind
    assert b"\n" not in event.line


@pytest.mark.parametrize("kind", Kind)
def test_an_extra_or_missing_field_is_refused(kind):
    with pytest.raises(MisuseError, match="exactly"):
        Event(0, TIME, kind, {**GOOD[kind], "note": "x"})
    for name in FIELDS[kind]:
        with pytest.raises(MisuseError, match="exactly"):
            Event(0, TIME, kind, {k: v for k, v in GOOD[kind].items() if k != name})


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in Kind for name in FIELDS[kind]])
@pytest.mark.parametrize("value", [None, 1.5, -1, True, b"x", "Jane Doe", "jane@example.com", {"jane": 1}, [],
                                   ["Jane Doe"], 2**53])
def test_no_field_takes_free_text_or_a_foreign_type(kind, name, value):
    with pytest.raises(MisuseError, match=name):
        Event(0, TIME, kind, {**GOOD[kind], name: value})


def test_a_refused_value_is_not_repeated_in_the_error():
    with pytest.raises(MisuseError) as caught:
        Event(0, TIME, Kind.PEER_IDENTIFIED, {"certificate_sha256": "jane@example.com", "software": "0.1.0",
                                               "protocol": 3})
    assert "jane" not in str(caught.value)


@pytest.mark.parametrize(("seq", "time", "kind"), [
    (-1, TIME, Kind.RUN_ENDED), (True, TIME, Kind.RUN_ENDED), (0, "2025-03-01", Kind.RUN_ENDED),
    (0, TIME, "unheard_of"), (0, TIME[:-1] + "+00:00", Kind.RUN_ENDED),
])
def test_unknown_kinds_and_bad_envelopes_are_refused(seq, time, kind):
    with pytest.raises(MisuseError):
        Event(seq, time, kind, {})


def test_an_event_cannot_be_changed_through_the_mapping_it_was_made_from():
    fields = {"opened": 3}
    event = Event(0, TIME, Kind.SUMS_OPENED, fields)
    fields["opened"] = 4
    assert event.fields["opened"] == 3


def test_time_is_utc_with_microseconds():
    moment = datetime(2025, 3, 1, 14, 0, 0, 1, tzinfo=timezone(timedelta(hours=2)))
    assert time_text(moment) == TIME
    assert Event(0, TIME, Kind.RUN_ENDED, {}).moment == datetime(2025, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
    with pytest.raises(MisuseError):
        time_text(StepClock().now().replace(tzinfo=None))


GOOD_LINE = Event(0, TIME, Kind.SUMS_OPENED, {"opened": 3}).line


@pytest.mark.parametrize("line", [
    b"", b"{}", b"[]", b"null", GOOD_LINE + b" ", GOOD_LINE.replace(b'"opened":3', b'"opened": 3'),
    GOOD_LINE.replace(b"3", b"-3"), GOOD_LINE.replace(b"opened", b"closed"),
    GOOD_LINE.replace(b"sums", b"sum"),
    GOOD_LINE.replace(b"-03-01", b"-13-01"), GOOD_LINE.replace(b'{"opened":3}', b"[]"),
    GOOD_LINE.replace(b'"seq":0', b'"seq":1'), GOOD_LINE.replace(b'"seq":0', b'"seq":false'),
    GOOD_LINE.replace(b'"sums_opened"', b"7"), GOOD_LINE.replace(b'"sums_opened"', b"[]"),
    GOOD_LINE.replace(b'{"opened":3}', b'["opened"]'), GOOD_LINE.replace(b'{"opened":3}', b"null"),
])
def test_malformed_lines_are_refused_and_name_the_place(line):
    with pytest.raises(AuditError) as caught:
        parse_event(line, 0, "audit.jsonl line 1")
    assert caught.value.where == "audit.jsonl line 1"


@pytest.mark.parametrize(("error", "name", "public"), [
    (errors.BudgetError("jane@example.com"), "BudgetError", errors.BudgetError.public),
    (ValueError("jane@example.com"), "ValueError", errors.MisuseError.public),
    (KeyboardInterrupt(), "KeyboardInterrupt", errors.MisuseError.public),
])
def test_a_failure_is_reduced_to_class_and_public_text(error, name, public):
    fields = failure(error, "match")
    assert fields == {"error": name, "stage": "match", "public": public}
    Event(0, TIME, Kind.RUN_FAILED, fields)


def test_a_failure_with_a_foreign_class_or_text_can_still_be_recorded():
    odd = type("_Odd", (errors.DataError,), {"public": "jane@example.com"})
    Event(0, TIME, Kind.RUN_FAILED, failure(odd("x"), "match"))
    assert "jane" not in str(failure(odd("x"), "match"))
