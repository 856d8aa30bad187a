"""Laws of every normalisation profile, on any text at all."""

from __future__ import annotations

import pandas as pd
import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleanroom.identity.matching import match_keys
from cleanroom.identity.normalising import REASONS, normalised
from cleanroom.identity.profiles import PROFILES
from cleanroom.identity.profiles.base import Reason
from cleanroom.identity.profiles.cards import check_sum
from cleanroom.identity.profiles.numbering import phone
from cleanroom.identity.profiles.postal import SEPARATOR

RULES = sorted((name, kind) for name, profile in PROFILES.items() for kind in profile.normalisers if kind != "postal")
ADDRESSES = st.emails() | st.from_regex(r"\A[A-Za-z.+]{1,12}@(gmail|googlemail|outlook|free)\.(com|fr)\Z")
FRENCH = st.from_regex(r"\A(0|\+33 ?|0033)[1-9]( ?[0-9]{2}){4}\Z")
NUMBERS = st.from_regex(r"\A(\+|00)?[0-9 ().-]{6,20}\Z") | FRENCH
OVERSEAS = {"262", "263", "269", "639", "692", "693", "590", "690", "691", "594", "694", "596", "696", "697"}
WRITTEN = st.from_regex(r"\A(\+|00)[1-9]([ .()-]?[0-9]){6,14}\Z") | FRENCH
WORDS = st.sampled_from(("de", "la", "D'", "Av.", "bd", "12bis", "14", "St", "Gal", "Apt", "BAT", "B", "é", "Œ", "L",
                         "M", "Mme", "Rue", "ND", "0", "T", "ter", "(de", "la)", "11", "Novembre", "GR"))
ODD = (" Plain@Example.ORG ", "a.b@gmail.com", "\u212a@x.fr", "x@y.z\n", "ſ@x.fr", "a" * 250 + "@b.fr", "", "  ",
       "+t@live.fr", "İ@x.fr", "a@XN--MNCHEN-3YA.de")
ANY = st.text(max_size=40) | st.text(st.characters(max_codepoint=0x24F), max_size=30)
LINES = ANY | st.lists(WORDS, max_size=8).map(" ".join)


@pytest.mark.parametrize(("name", "kind"), RULES)
@settings(deadline=None, max_examples=120)
@given(raw=ANY | ADDRESSES | NUMBERS)
@example(raw="\u0000")
@example(raw="\ud800@x.fr")
@example(raw="a" * 10_000)
@example(raw="")
@example(raw="\u0130@x.fr")
def test_it_never_fails_and_twice_changes_nothing(name, kind, raw):
    normalise = PROFILES[name].normalisers[kind]
    once = normalise(raw)
    if isinstance(once, Reason):
        return
    assert normalise(once) == once
    assert 0 < len(once) <= 254
    assert once == once.strip()
    assert "\x00" not in once


@settings(deadline=None, max_examples=400)
@given(given_name=LINES, family_name=LINES, address=LINES, postcode=st.from_regex(r"\A[0-9]{5}\Z") | ANY)
def test_a_postal_key_is_one_text_for_its_own_parts(given_name, family_name, address, postcode):
    postal = PROFILES["cleanroom-fr-1"].normalisers["postal"]
    once = postal(given_name, family_name, address, postcode)
    if isinstance(once, Reason):
        return
    assert once.isascii()
    assert once == once.upper()
    parts = once.split(SEPARATOR)
    assert len(parts) == 4
    assert all(parts)
    assert postal(*parts) == once


@settings(deadline=None, max_examples=300)
@given(WRITTEN)
def test_the_short_way_to_a_number_is_that_of_the_library(raw):
    """A number of France or with its country is read as the library reads it; overseas numbers get their code."""
    found = phone(raw)
    number = _library("+" + raw[2:] if raw.startswith("00") else raw)
    if number is None:
        assert isinstance(found, Reason)
    elif str(number.national_number)[:3] not in OVERSEAS or number.country_code != 33:
        text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert found == (text if phonenumbers.is_valid_number(number) else Reason.NUMBER_PLAN)


def _library(raw):
    try:
        return phonenumbers.parse(raw, "FR")
    except phonenumbers.NumberParseException:
        return None


@pytest.mark.parametrize("kind", [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
def test_the_example_numbers_of_every_country_are_numbers(kind):
    numbers = [phonenumbers.example_number_for_type(region, kind) for region in phonenumbers.SUPPORTED_REGIONS]
    for number in filter(None, numbers):
        text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        assert phone(written) == phone(text.replace("+", "00")) == text


@settings(deadline=None)
@given(st.text("0123456789", min_size=8, max_size=19))
def test_one_digit_in_ten_makes_a_card(digits):
    card = PROFILES["cleanroom-fr-1"].normalisers["loyalty"]
    sums = {check_sum(digits[:-1] + last) % 10 for last in "0123456789"}
    assert len(sums) == 10
    accepted = [last for last in "0123456789" if isinstance(card(digits[:-1] + last), str)]
    assert len(accepted) <= 1


@settings(deadline=None, max_examples=60)
@given(st.lists(ANY | ADDRESSES | NUMBERS, min_size=1, max_size=8), st.sampled_from(sorted(PROFILES)))
def test_nothing_refused_is_ever_hashed(texts, name):
    """What goes to the hash is exactly what a rule accepted, once."""
    frame = pd.DataFrame({"person": [str(i) for i in range(len(texts))], "email": texts, "phone": texts})
    keys = match_keys(frame, ("email", "phone"), name)
    for position, kind in enumerate(("email", "phone")):
        accepted = [found for text in texts if isinstance(found := PROFILES[name].normalisers[kind](text), str)]
        sent = [row[position].decode() for row in keys.values.tolist() if row[position] is not None]
        assert sorted(sent) == sorted(value for value in accepted if accepted.count(value) == 1)
        counts = keys.counts[kind]
        assert counts.valid + counts.missing + counts.invalid + counts.duplicate == len(texts)
        assert sum(counts.reasons.values()) == counts.invalid


@settings(deadline=None, max_examples=150)
@given(st.lists(ANY | ADDRESSES | st.sampled_from(ODD), max_size=8))
@pytest.mark.parametrize("name", sorted(PROFILES))
def test_addresses_read_in_bulk_are_what_the_rule_says(name, texts):
    rule = PROFILES[name].normalisers["email"]
    column = normalised(pd.DataFrame({"person": range(len(texts)), "email": pd.Series(texts, dtype="object")}), "email",
                        PROFILES[name])
    for text, value, code in zip(texts, column.values.to_pylist(), column.refused.tolist(), strict=True):
        found = None if not text or text.isspace() else rule(text)
        assert value == (found.encode() if isinstance(found, str) else None)
        assert code == (REASONS.index(found) + 1 if isinstance(found, Reason) else 0)
