"""Normalisation profile cleanroom-1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.identity.profiles import PROFILES
from cleanroom.identity.profiles.base import Reason

NORMALISERS = PROFILES["cleanroom-1"].normalisers


def normalise(kind, raw):
    """The text, or None when it is refused."""
    found = NORMALISERS[kind](raw)
    return None if isinstance(found, Reason) else found


@pytest.mark.parametrize(("raw", "expected"), [
    ("john@example.org", "john@example.org"),
    ("  John.Doe@Example.ORG\t", "john.doe@example.org"),
    ("\u3000ＪＯＨＮ＠ＥＸＡＭＰＬＥ．ＯＲＧ\u00a0", "john@example.org"),
    ("x+tag@example.org", "x+tag@example.org"),
    ("é@München.de", "é@xn--mnchen-3ya.de"),
    ("a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de"),
    ("E\u0301@x.de", "é@x.de"),
])
def test_email_takes_one_form(raw, expected):
    assert normalise("email", raw) == expected


@pytest.mark.parametrize("raw", [
    "", "   ", "@example.org", "john@", "john", "john@example", "a@@b.c", "a@b@c.d", "a b@example.org",
    "a@exa mple.org", "a\u200b@example.org", "a\x00@example.org", "a\x7f@example.org", "a@b..c", "a@.b.c", "a@b.c.",
    "a@-b.de", "a@b-.de", "a@b_c.de", "a@[192.0.2.1]", "a@" + "b" * 64 + ".de", "a" * 250 + "@b.de", "a@faß.de",
    "é@a@münchen.de", "é@münchen", "é b@münchen.de", "é" * 250 + "@b.de",
])
def test_what_is_no_email_is_refused(raw):
    assert normalise("email", raw) is None


def test_the_longest_email_has_254_characters():
    longest = "a" * 242 + "@example.org"
    assert normalise("email", longest) == longest
    assert normalise("email", "a" + longest) is None


@pytest.mark.parametrize(("raw", "expected"), [
    ("+33 6 12-34.56/78", "+33612345678"), ("0033612345678", "+33612345678"), ("+1 (202) 555-0143", "+12025550143"),
    ("＋33612345678", "+33612345678"),
    ("0612345678", None), ("33612345678", None), ("+33 (0)6 12 34 56 78", None), ("+1234567", None),
    ("+1234567890123456", None), ("+0612345678", None), ("+33x612345678", None), ("+٣٣٦١٢٣٤٥٦٧٨", None), ("", None),
])
def test_phone_is_e164(raw, expected):
    assert normalise("phone", raw) == expected


@pytest.mark.parametrize(("raw", "expected"), [
    (" ab12-34 cd ", "AB1234CD"), ("1234", "1234"), ("a" * 32, "A" * 32),
    ("123", None), ("a" * 33, None), ("12_34", None), ("é1234", None), ("", None), ("1" * 300, None),
])
def test_loyalty_is_upper_case_letters_and_digits(raw, expected):
    assert normalise("loyalty", raw) == expected


@given(st.sampled_from(sorted(NORMALISERS)), st.text(max_size=40) | st.emails() | st.from_regex(r"\+?[\d ().-]{6,20}"))
def test_normalising_twice_changes_nothing(key_type, raw):
    once = normalise(key_type, raw)
    assert once is None or normalise(key_type, once) == once


@given(st.text(max_size=20), st.text(max_size=20))
def test_an_accepted_email_is_clean(local, domain):
    found = normalise("email", f"{local}@{domain}")
    if found is not None:
        name, _, host = found.rpartition("@")
        assert name
        assert "@" not in name
        assert host.isascii()
        assert "." in host
        assert len(found) <= 254
        assert found == found.lower()
        assert not any(character.isspace() for character in found)
