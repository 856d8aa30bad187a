"""TC strings: the published vectors, every kind of broken string, and a round trip of anything a writer can write."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tcf_kit import CREATED, core, disclosed, number, ranges, tc_string, vendors, written

from cleanroom.consent.tcf import TcfError, decode
from cleanroom.consent.tcf_decision import refusals

DOCUMENT = json.loads((Path(__file__).parent.parent / "vectors" / "tcf_vectors.json").read_text("utf-8"))
VECTORS = [*DOCUMENT["vectors"], *DOCUMENT["negative"]]
READABLE = [vector for vector in VECTORS if vector["decoded"]]


def name(vector):
    return vector["name"]


@pytest.mark.parametrize("vector", READABLE, ids=name)
def test_fields_are_those_of_the_vectors(vector):
    found, said = decode(vector["tc_string"]), vector["decoded"]
    assert found.created == datetime.fromisoformat(said["created"])
    assert found.updated == datetime.fromisoformat(said["last_updated"])
    assert (found.policy, found.vendor_list) == (said["tcf_policy_version"], said["vendor_list_version"])
    assert found.service_specific == said["is_service_specific"]
    assert sorted(found.features) == said["special_feature_opt_ins"]
    assert (sorted(found.purposes), sorted(found.interests)) == (said["purposes_consent"], said["purposes_li"])
    assert pairs(found.consents) == said["vendor_consent"]
    assert pairs(found.vendor_interests) == said["vendor_li"]
    assert (found.disclosed and pairs(found.disclosed)) == said["disclosed_vendors"]
    assert list(found.segments) == said["segment_types"]
    assert sorted((r.purpose, r.kind, pairs(r.vendors)) for r in found.restrictions) == sorted(
        (r["purpose_id"], r["restriction_type"], r["vendor_ids"]) for r in said["publisher_restrictions"])


def pairs(found):
    return [list(pair) for pair in found.as_ranges()]


@pytest.mark.parametrize("vector", VECTORS, ids=name)
def test_decisions_are_those_of_the_vectors(vector):
    expected = vector["expected_decision_vendor_755_purposes_1_7_9_consent_only"]
    assert decision(vector["tc_string"]) == expected


def decision(text, vendor=755):
    try:
        return "reject" if list(refusals(decode(text), (vendor,))) else "accept"
    except TcfError:
        return "reject"


GOOD = tc_string()
CORE = written(core())
BROKEN = {
    "empty": "", "dot": ".", "segment missing": CORE + ".", "only segments": "." + disclosed(),
    "padding": GOOD + "=", "space": GOOD + " ", "plus": GOOD.replace(GOOD[3], "+", 1), "newline": GOOD + "\n",
    "not ascii": GOOD[:-1] + "é", "version 1": tc_string(version=1), "version 3": tc_string(version=3),
    "cut": CORE[:18], "one letter less": written(core(consents=()), pad=6)[:-1], "too long": "C" * 20_000,
    "more zeros": CORE + "AAAA." + disclosed(), "a bit behind": CORE + "B." + disclosed(),
    "unknown segment": f"{CORE}.{disclosed(kind=4)}", "segment type 0": f"{CORE}.{disclosed(kind=0)}",
    "repeated segment": f"{CORE}.{disclosed()}.{disclosed()}", "cut segment": f"{CORE}.{disclosed()[:-2]}",
    "updated before created": tc_string(updated=datetime(2020, 1, 1, tzinfo=UTC)),
    "language": tc_string(language="E["), "country": tc_string(country="_R"),
    "range backwards": tc_string(consent_section=number(900, 16) + "1" + ranges([(800, 755)])),
    "range of zero": tc_string(consent_section=number(900, 16) + "1" + ranges([(0, 755)])),
    "ranges overlap": tc_string(consent_section=number(900, 16) + "1" + ranges([(700, 760), (755, 800)])),
    "beyond the highest": tc_string(consent_section=number(700, 16) + "1" + ranges([(755, 755)])),
    "restriction type 3": tc_string(restrictions=((7, 3, ((755, 755),)),)),
    "restriction of purpose 0": tc_string(restrictions=((0, 1, ((755, 755),)),)),
    "publisher segment cut": f"{CORE}.{written(number(3, 3) + '0' * 48 + number(40, 6))}",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_strings_are_refused(kind):
    with pytest.raises(TcfError) as refused:
        decode(BROKEN[kind])
    assert len(str(refused.value)) < 80  # nothing of the string


def test_a_range_of_all_vendors_stays_a_range():
    assert decode(tc_string(consents=((1, 65_535),))).consents.ranges == ((1, 65_535),)


@pytest.mark.parametrize("cut", range(len(GOOD)))
def test_a_beginning_is_accepted_only_where_zeros_of_the_encoding_are_gone(cut):
    """Or a whole segment: before the cut-over of TCF 2.3 the core stands alone."""
    assert decision(GOOD[:cut]) == "reject" or set(GOOD[cut:].split(".")[0]) <= {"A"}


NUMBERS = st.lists(st.integers(1, 24), unique=True)
RANGES = st.lists(st.integers(1, 65_535), unique=True, max_size=12).map(
    lambda ids: tuple(zip(sorted(ids)[::2], sorted(ids)[1::2], strict=False)))
RESTRICTIONS = st.lists(st.tuples(st.integers(1, 24), st.integers(0, 2), RANGES), max_size=4)


@given(NUMBERS, NUMBERS, RANGES, RANGES, RESTRICTIONS, st.sampled_from([8, 24]))
def test_what_was_written_is_read(purposes, interests, consents, shown, restrictions, pad):
    text = written(core(purposes=purposes, interests=interests, consents=consents, restrictions=restrictions), pad=pad)
    found = decode(f"{text}.{disclosed(shown)}")
    assert (found.purposes, found.interests) == (set(purposes), set(interests))
    assert (found.consents.ranges, found.disclosed.ranges) == (consents, shown)
    assert [(r.purpose, r.kind, r.vendors.ranges) for r in found.restrictions] == restrictions


@given(st.lists(st.integers(1, 300), unique=True, min_size=1), st.integers(1, 310))
def test_a_bit_field_and_ranges_are_the_same_set(ids, vendor):
    entries = tuple((i, i) for i in sorted(ids))
    by_bits = decode(tc_string(consent_section=vendors(entries, field=True)))
    by_ranges = decode(tc_string(consent_section=vendors(entries)))
    assert (vendor in by_bits.consents) == (vendor in by_ranges.consents) == (vendor in ids)


def independent(text):
    """Whether purposes 1, 7, 9 and vendor 755 have consent, straight from the bit positions of the specification."""
    bits = "".join(format("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(c), "06b")
                   for c in text.split(".")[0])
    return bits[:6] == "000010" and all(bits[152 + p - 1] == "1" for p in (1, 7, 9))


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("ABCQgwz019-_."))
def test_no_changed_letter_makes_a_refusal_an_acceptance(place, letter):
    """Any accepted change of a good string still holds the three consents at their bit positions."""
    changed = GOOD[:place] + letter + GOOD[place + 1:]
    if decision(changed) == "accept":
        assert independent(changed)


FUZZ = st.one_of(st.text(max_size=300), st.text(alphabet="ABCDEFGHQUgwxyz0189-_.", max_size=300),
                 st.tuples(st.sampled_from([v["tc_string"] for v in VECTORS]), st.integers(0, 300),
                           st.binary(max_size=4)).map(lambda t: t[0][:t[1]] + t[2].hex() + t[0][t[1] + len(t[2]):]))


@given(FUZZ)
def test_any_text_is_decoded_or_refused(text):
    if decision(text) == "accept":
        assert independent(text)


def test_created_is_the_moment_written():
    assert decode(GOOD).created == CREATED
