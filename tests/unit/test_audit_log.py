import base64
import json

import pytest
from audit_kit import CONTRACT, KEYS, RUN, SIGNING, MemorySink, StepClock, fill, start_fields

from cleanroom import limits
from cleanroom.audit import merkle
from cleanroom.audit.events import Kind
from cleanroom.audit.head import open_head
from cleanroom.audit.log import AuditLog, parse_lines, split_lines
from cleanroom.errors import AuditError, DataError, MisuseError


class BrokenSink(MemorySink):
    """Fails on the third line."""

    def append(self, line: bytes) -> None:
        if len(self.lines) == 2:
            raise DataError("the disk is full")
        super().append(line)


def new_log(sink=None):
    return AuditLog(sink or MemorySink(), StepClock(), SIGNING["advertiser"])


@pytest.fixture
def finished():
    sink = MemorySink()
    log = new_log(sink)
    fill(log)
    return log, sink.lines


def test_each_event_is_one_numbered_timed_line(finished):
    _, lines = finished
    events = parse_lines(tuple(lines))
    assert [event.seq for event in events] == list(range(14))
    assert [event.time for event in events] == sorted({event.time for event in events})
    assert events[0].time == "2025-03-01T12:00:01.000000Z"


def test_the_root_is_the_merkle_root_of_the_lines(finished):
    log, lines = finished
    assert log.root == merkle.root([merkle.leaf_hash(line) for line in lines])


def test_the_head_is_signed_and_says_what_it_is_about(finished):
    log, lines = finished
    head = open_head(log.head(), KEYS)
    identity = (head.role, head.run_id, head.contract_hash, head.previous_head)
    assert identity == ("advertiser", RUN, CONTRACT, "")
    assert head.root == log.root
    assert head.leaves == tuple(map(merkle.leaf_hash, lines))


def test_the_head_is_an_in_toto_statement(finished):
    envelope = json.loads(finished[0].head())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    digest = {"rfc6962_sha256": finished[0].root.hex()}
    assert statement["subject"] == [{"name": "audit.jsonl", "digest": digest}]
    assert statement["predicate"]["tree_size"] == 14


def test_the_first_event_is_the_start():
    with pytest.raises(MisuseError, match="new"):
        new_log().record(Kind.PARAMETERS_CHECKED)


def test_a_run_starts_once():
    log = new_log()
    log.record(Kind.RUN_STARTED, **start_fields())
    with pytest.raises(MisuseError):
        log.record(Kind.RUN_STARTED, **start_fields())


def test_nothing_follows_the_end(finished):
    with pytest.raises(MisuseError, match="ended"):
        finished[0].record(Kind.PARAMETERS_CHECKED)


def test_a_running_log_is_not_sealed():
    log = new_log()
    with pytest.raises(MisuseError):
        log.head()
    log.record(Kind.RUN_STARTED, **start_fields())
    with pytest.raises(MisuseError):
        log.head()


def test_a_refused_event_leaves_the_log_usable():
    log = new_log()
    log.record(Kind.RUN_STARTED, **start_fields())
    with pytest.raises(MisuseError):
        log.record(Kind.SUMS_OPENED, opened="three")
    assert log.record(Kind.SUMS_OPENED, opened=3).seq == 1


def test_after_a_failed_write_the_log_is_dead():
    sink = BrokenSink()
    log = new_log(sink)
    log.record(Kind.RUN_STARTED, **start_fields())
    log.record(Kind.PARAMETERS_CHECKED)
    with pytest.raises(DataError):
        log.record(Kind.SUMS_OPENED, opened=3)
    assert (log.open, log.ended) == (False, False)
    sink.append = lambda line: None
    for call in (lambda: log.record(Kind.RUN_ENDED), log.head):
        with pytest.raises(MisuseError):
            call()


def test_a_failure_ends_the_log_with_its_public_text():
    sink = MemorySink()
    log = new_log(sink)
    log.record(Kind.RUN_STARTED, **start_fields())
    assert (log.open, log.ended) == (True, False)
    log.fail(ValueError("jane@example.com"), "match")
    assert (log.open, log.ended) == (False, True)
    assert b"jane" not in sink.lines[-1]
    assert open_head(log.head(), KEYS).root == log.root


def test_the_number_of_lines_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MAX_AUDIT_LINES", 1)
    log = new_log()
    log.record(Kind.RUN_STARTED, **start_fields())
    with pytest.raises(MisuseError):
        log.record(Kind.PARAMETERS_CHECKED)


def test_the_length_of_a_line_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MAX_AUDIT_LINE_BYTES", 100)
    with pytest.raises(MisuseError):
        new_log().record(Kind.RUN_STARTED, **start_fields())


def test_the_log_shows_nothing(finished):
    assert repr(finished[0]) == "AuditLog"


def test_a_torn_line_is_reported_or_refused():
    assert split_lines(b"a\nb\n", sealed=True).lines == (b"a", b"b")
    found = split_lines(b"a\nb\nc", sealed=False)
    assert (found.lines, found.torn) == ((b"a", b"b"), True)
    with pytest.raises(AuditError) as caught:
        split_lines(b"a\nb\nc", sealed=True)
    assert caught.value.where == "audit.jsonl line 3"


def test_a_malformed_line_in_the_middle_is_named(finished):
    _, lines = finished
    lines[4] = b""
    with pytest.raises(AuditError) as caught:
        parse_lines(tuple(lines))
    assert caught.value.where == "audit.jsonl line 5"


@pytest.mark.parametrize(("name", "bound"), [("MAX_AUDIT_BYTES", 3), ("MAX_AUDIT_LINES", 1)])
def test_an_oversized_log_is_refused(monkeypatch, name, bound):
    monkeypatch.setattr(limits, name, bound)
    with pytest.raises(AuditError):
        split_lines(b"a\nb\n", sealed=False)
