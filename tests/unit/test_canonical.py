import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom import limits
from cleanroom.errors import AuditError, DataError, MisuseError
from cleanroom.primitives.canonical import canonical_json, parse_json

INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(st.none() | st.booleans() | INTEGERS | TEXT,
                      lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
                      max_leaves=12)


def parse(data: bytes, **options):
    return parse_json(data, where="x.json", limit=1000, **options)


def test_keys_are_sorted_as_in_rfc_8785_section_3_2_3():
    value = {"€": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew", "1": "One",
             "\U0001f600": "Emoji", "\x80": "Control", "ö": "Latin"}
    order = ["Carriage Return", "One", "Control", "Latin", "Euro Sign", "Emoji", "Hebrew"]
    assert list(json.loads(canonical_json(value)).values()) == order


def test_strings_are_escaped_as_in_rfc_8785_section_3_2_2():
    assert canonical_json("€$\x0f\nA'B\"\\\\\"/") == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()


def test_tuples_and_mappings_are_written_like_lists_and_dicts():
    assert canonical_json(({"b": 1, "a": (True, None)},)) == b'[{"a":[true,null],"b":1}]'


@pytest.mark.parametrize("value", [1.0, [0.5], float("nan"), b"x", {1: 2}, 2**53, -(2**53), "\ud800",
                                   {"\ud800": 1}, Decimal(1), {1, 2}, object()])
def test_values_without_an_exact_form_are_refused(value):
    with pytest.raises(MisuseError):
        canonical_json(value)


def test_depth_is_bounded():
    value = 0
    for _ in range(limits.MAX_JSON_DEPTH - 1):
        value = [value]
    canonical_json(value)
    with pytest.raises(MisuseError, match="nested"):
        canonical_json([value])


@given(VALUES)
def test_what_is_written_is_read_back(value):
    data = canonical_json(value)
    assert parse_json(data, where="x", limit=10**6, canonical=True) == value
    assert json.loads(data) == value


@pytest.mark.parametrize("text", [
    '{"a":1,"a":1}', '[{"b":{"a":1,"a":2}}]', "NaN", "Infinity", "-Infinity", "1.0", "1e3",
    "9007199254740992",
    '"\\ud800"', '{"\\udfff":0}', "", "{", "[1,]", "01", "\ufeff1", "1 2", "'a'",
    "[" * 900, "9" * 990,
])
def test_bad_json_is_refused_and_names_the_place(text):
    with pytest.raises(DataError) as caught:
        parse(text.encode())
    assert caught.value.where == "x.json"


def test_bad_utf8_deep_nesting_and_size_are_refused():
    with pytest.raises(DataError):
        parse(b'"\xff"')
    with pytest.raises(DataError):
        parse_json(b"[" * 200_000, where="x", limit=10**6)
    with pytest.raises(DataError, match="larger"):
        parse(b" " * 1001)


def test_the_error_never_repeats_the_content_and_has_the_class_asked_for():
    with pytest.raises(AuditError) as caught:
        parse(b'{"secret":1,"secret":2}', error=AuditError)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("data", [b'{"b":1,"a":2}', b"[1, 2]", b"1\n", b'"\\u0041"', b"-0"])
def test_only_one_spelling_is_canonical(data):
    parse(data)
    with pytest.raises(DataError, match="canonical"):
        parse(data, canonical=True)
