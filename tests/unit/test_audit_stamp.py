"""Time stamps against a real authority, run locally."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from tsa_kit import Authority

from cleanroom.audit.stamp import check_imprint, read_authorities, request, verify_stamp
from cleanroom.errors import AuditError

HEAD = b'{"payload":"a signed head"}'
BEFORE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "good")


@pytest.fixture(scope="module")
def answer(authority, tmp_path_factory):
    return answered(authority, tmp_path_factory.mktemp("answers"))


def answered(authority, folder, head=HEAD):
    (folder / "request.tsq").write_bytes(request(head))
    return authority.answer(folder / "request.tsq", folder / "answer.tsr").read_bytes()


def trusted(authority):
    return read_authorities(authority.root.read_bytes(), "root.pem")


def test_a_stamp_is_verified_against_its_authority(authority, answer):
    stamp = verify_stamp(answer, HEAD, trusted(authority), BEFORE, "answer")
    assert stamp.authority == "CN=Test Authority"
    assert abs(stamp.time - datetime.now(UTC)) < timedelta(hours=1)
    assert check_imprint(answer, HEAD, "answer") == stamp.time


def test_a_request_is_the_same_each_time_and_tells_only_the_hash():
    assert request(HEAD) == request(HEAD)
    assert len(request(HEAD)) < 80
    assert HEAD not in request(HEAD)


def test_a_stamp_of_another_head_is_refused(authority, answer):
    with pytest.raises(AuditError, match="about another log"):
        verify_stamp(answer, HEAD + b" ", trusted(authority), BEFORE, "answer")


def test_a_stamp_of_an_authority_that_is_not_trusted_is_refused(answer, tmp_path):
    other = Authority(tmp_path / "other", "Other")
    with pytest.raises(AuditError, match="no authority named"):
        verify_stamp(answer, HEAD, trusted(other), BEFORE, "answer")


def test_a_stamp_before_the_end_of_the_run_is_refused(authority, answer):
    late = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(AuditError, match="older than the end"):
        verify_stamp(answer, HEAD, trusted(authority), late, "answer")


@pytest.mark.parametrize("data", [b"", b"\x30\x03\x02\x01\x00", b"not a stamp", b"\x30\x05\x30\x03\x02\x01\x02"])
def test_what_is_no_granted_answer_is_refused(data):
    with pytest.raises(AuditError):
        check_imprint(data, HEAD, "answer")


def test_no_changed_byte_of_what_is_signed_goes_through(authority, answer):
    """200 random bytes: each change is refused, or leaves time and authority as they are (bytes nobody signs)."""
    good, chance = verify_stamp(answer, HEAD, trusted(authority), BEFORE, "answer"), random.Random(3161)
    for _ in range(200):
        changed = bytearray(answer)
        changed[chance.randrange(len(answer))] ^= 1 << chance.randrange(8)
        try:
            assert verify_stamp(bytes(changed), HEAD, trusted(authority), BEFORE, "answer") == good
        except AuditError:
            continue


def test_a_file_without_a_certificate_is_refused():
    with pytest.raises(AuditError, match="no certificate"):
        read_authorities(b"nothing", "ca.pem")


def test_authorities_may_be_several(authority):
    twice = authority.root.read_bytes() * 2
    assert all(isinstance(each, x509.Certificate) for each in read_authorities(twice, "ca.pem"))
