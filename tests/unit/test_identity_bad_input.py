"""What stands in real files: every bad value has a stated result, and shows its form at most."""

from __future__ import annotations

import pandas as pd
import pytest

from cleanroom.errors import MisuseError
from cleanroom.identity.masks import shape
from cleanroom.identity.matching import match_keys
from cleanroom.identity.normalising import normalised
from cleanroom.identity.profiles import PROFILES
from cleanroom.identity.profiles.base import Reason

FR = PROFILES["cleanroom-fr-1"].normalisers


@pytest.mark.parametrize(("kind", "raw", "reason"), [
    ("email", "a\x00@x.fr", Reason.HIDDEN), ("phone", "06\x0012345678", Reason.FORM),
    ("loyalty", "40063\x0081333931", Reason.FORM), ("email", "x" * 10_000, Reason.TOO_LONG),
    ("phone", "6" * 10_000, Reason.TOO_LONG), ("loyalty", "4" * 10_000, Reason.TOO_LONG),
    ("email_sha256", "a" * 10_000, Reason.FORM), ("email_sha256", "jean@free.fr", Reason.FORM),
    ("email", "\u202emoc.elgoog@nadj", Reason.HIDDEN), ("email", "jean@gmаil.com", Reason.MIXED_SCRIPTS),
    ("email", "=cmd|'/c calc'!A1", Reason.SPACE), ("phone", "00", Reason.NO_COUNTRY),
    ("phone", "44 20 7946 0958", Reason.NO_COUNTRY), ("phone", "=HYPERLINK(1)", Reason.FORM),
    ("phone", "3.36E+11", Reason.FORM), ("loyalty", "4.00638E+12", Reason.FORM),
])
def test_a_bad_value_has_its_reason(kind, raw, reason):
    assert FR[kind](raw) is reason


def test_look_alikes_are_other_people():
    """A name all in Cyrillic is an address of its own; it never meets the Latin one."""
    assert FR["email"]("раура@free.fr") != FR["email"]("paypa@free.fr")


@pytest.mark.parametrize("kind", sorted(FR))
def test_ten_megabytes_are_refused_at_once(kind):
    """A regular expression that goes back and forth would take hours."""
    for field in ("a" * 10_000_000, "a." * 5_000_000 + "@", " " * 9_999_999 + "x"):
        assert isinstance(FR[kind](*([field] * (4 if kind == "postal" else 1))), Reason)


def test_refused_values_are_counted_by_reason_with_their_forms():
    frame = pd.DataFrame({"person": list("abcde"),
                          "email": ["jean.dupont at free.fr", "Léa@", "x" * 300, "", "ok@free.fr"]})
    counts = match_keys(frame, ["email"]).counts["email"]
    assert counts.reasons == {"inner_space": 1, "domain": 1, "too_long": 1}
    assert counts.shapes["inner_space"] == (("aaaa.aaaaaa aa aaaa.aa", 1),)
    assert counts.shapes["domain"] == (("Axa@", 1),)
    assert counts.shapes["too_long"] == (("a" * 32 + "… (300)", 1),)
    assert (counts.valid, counts.missing, counts.invalid) == (1, 1, 3)


def test_a_form_holds_no_letter_or_digit_of_the_value():
    assert shape(["Zoé 07\u0007\u202e中!"]) == "Aax 99??x!"
    assert shape(["jean", "dupont"]) == "aaaa | aaaaaa"


def test_counts_show_no_values_in_their_repr():
    frame = pd.DataFrame({"person": ["a"], "email": ["secret at x.fr"]})
    counts = match_keys(frame, ["email"]).counts["email"]
    assert "aaaa" not in repr(counts)
    assert "secret" not in repr(normalised(frame, "email", PROFILES["cleanroom-fr-1"]))


def test_a_postal_key_needs_all_its_columns():
    frame = pd.DataFrame({"person": ["a", "b"], "given_name": ["Zoé", "Léa"], "family_name": ["Roux", ""],
                          "address": ["3 rue X", "4 rue X"], "postcode": ["75001", "75001"]})
    counts = match_keys(frame, ["postal"]).counts["postal"]
    assert (counts.valid, counts.missing) == (1, 1)
    assert match_keys(frame.drop(columns="address"), ["postal"]).counts["postal"].missing == 2


def test_who_has_an_address_meets_who_has_its_hash():
    addresses = pd.DataFrame({"person": ["a", "b"], "email": ["Jane.Doe@gmail.com", "no address"]})
    hashes = pd.DataFrame({"person": ["r"], "email_sha256": [
        "1C76D0CFD96A2C4CB8E6A2FB5B2EE9F9AC6B1B15A8E0E9B3C0E5F3B0C1D2E3F4"]})
    mine = match_keys(addresses, ["email_sha256"], "uid2-1")
    assert mine.counts["email_sha256"].reasons == {"inner_space": 1}
    known = pd.DataFrame({"person": ["r"], "email_sha256": [mine.values.tolist()[0][0].decode().upper()]})
    assert match_keys(known, ["email_sha256"], "google-1").values.tolist() == mine.values.tolist()
    assert match_keys(hashes, ["email_sha256"]).values.tolist() != mine.values.tolist()


def test_a_key_type_without_a_rule_is_a_bug_of_ours():
    with pytest.raises(MisuseError):
        match_keys(pd.DataFrame({"person": ["a"], "loyalty": ["1234"]}), ["loyalty"], "meta-1")


def test_values_that_are_no_text_are_missing():
    frame = pd.DataFrame({"person": ["a", "b", "c"], "email": [None, 3.5, float("nan")]})
    assert match_keys(frame, ["email"]).counts["email"].missing == 3
