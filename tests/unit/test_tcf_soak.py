"""The fuzzing of TC strings at length: `make soak`. With the package `iab-tcf` (extra `soak`) also against a second
reading of every string that is accepted."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from test_tcf import FUZZ, VECTORS, decision, independent

from cleanroom.consent.tcf import TcfError, decode

SEEDS = [vector["tc_string"] for vector in VECTORS if vector["tc_string"]]


@pytest.mark.soak
@settings(max_examples=1_000_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(FUZZ)
def test_a_million_texts(text):
    if decision(text) == "accept":
        assert independent(text)


def compare(count, seed):
    """How many of `count` mutated strings are decoded; each must say the same to the reference."""
    pytest.importorskip("iab_tcf", reason="a second reading needs the package iab-tcf: pip install 'cleanroom[soak]'")
    from tcf_reference import differences, mutations

    decoded = 0
    for text in islice(mutations(SEEDS, seed), count):
        try:
            found = decode(text)
        except TcfError:
            continue
        decoded += 1
        assert differences(text, found) == [], text
    return decoded


def test_what_is_decoded_says_the_same_to_the_reference():
    assert compare(2_000, 1) > 200


@pytest.mark.soak
def test_millions_of_mutations_say_the_same_to_the_reference():
    assert compare(3_000_000, 2) > 300_000
