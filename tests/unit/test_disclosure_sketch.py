"""Sketches: a small difference is counted exactly, a large one is never taken for a small one."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.disclosure.sketch import Difference, difference, make_sketch, words
from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues

KEY = bytes(range(32))
EVERYBODY = KeyValues.of([f"p{i}@example.org" for i in range(20_000)])
ALL = words(KEY, EVERYBODY)


def sketch(people: object, threshold: int = 50) -> bytes:
    return make_sketch(ALL[people], threshold)


@settings(max_examples=60, deadline=None)
@given(gone=st.integers(0, 60), new=st.integers(0, 60), start=st.integers(0, 5000))
def test_a_small_difference_is_exact_wherever_it_is(gone: int, new: int, start: int) -> None:
    before = np.arange(start, start + 9000)
    after = np.concatenate([before[gone:], np.arange(15_000, 15_000 + new)])
    assert difference(sketch(before), sketch(np.random.default_rng(start).permutation(after))) == Difference(
        gone + new, exact=True)


@pytest.mark.parametrize("threshold", [11, 50, 256, 300, 1000])
def test_one_person_among_many_is_found(threshold: int) -> None:
    assert difference(sketch(slice(0, 20_000), threshold), sketch(slice(1, 20_000), threshold)) == Difference(1, True)


@settings(max_examples=30, deadline=None)
@given(far=st.integers(300, 10_000), threshold=st.sampled_from([11, 50, 256]))
def test_a_difference_above_the_threshold_never_looks_smaller(far: int, threshold: int) -> None:
    found = difference(sketch(slice(0, 9000), threshold), sketch(slice(far, 9000 + far), threshold))
    assert threshold <= found.people <= 2 * far
    assert found.people == 2 * far if found.exact else found.people >= threshold


def test_a_stuck_difference_counts_as_a_small_one() -> None:
    """Two people with the same four cells cannot be told apart; that they are there can."""
    twins = np.array([[5, 7], [5 + (1 << 20), 7 + (1 << 20)]], dtype=np.uint64)
    assert difference(make_sketch(twins, 50), make_sketch(twins[:0], 50)) == Difference(2, exact=False)


def test_sketches_of_other_sizes_are_compared_at_the_smaller_one() -> None:
    small, large = sketch(slice(0, 5000), 50), sketch(slice(3, 5000), 2000)
    assert len(small) < len(large)
    assert difference(small, large) == difference(large, small) == Difference(3, exact=True)


def test_the_size_says_nothing_about_the_people() -> None:
    assert len(sketch(slice(0, 1))) == len(sketch(slice(0, 20_000))) == 32 * 2048


def test_another_key_makes_unrelated_words() -> None:
    other = words(bytes(32), EVERYBODY.part(slice(0, 1000)))
    assert not set(ALL[:1000].ravel().tolist()) & set(other.ravel().tolist())
    found = difference(make_sketch(other, 50), sketch(slice(0, 1000)))
    assert found.people >= 50


def test_missing_keys_and_their_order_count() -> None:
    rows = [[b"a", None], [None, b"a"], [b"a", b""], [b"", b"a"], [b"aa", None]]
    table = KeyValues.of(*zip(*rows, strict=True))
    assert len({tuple(word) for word in words(KEY, table).tolist()}) == 5


def test_a_word_is_the_keyed_digest_of_the_framed_keys_whatever_the_selection() -> None:
    rows = [[b"a", None], [None, "é".encode() * 200], [b"a", b""], [None, None]]
    chosen = KeyValues.of(*zip(*rows, strict=True)).take(np.array([2, 0, 3, 1]))
    framed = [b"\x01\0\0\0\x01a\x01\0\0\0\0", b"\x01\0\0\0\x01a\0", b"\0\0",
              b"\0\x01\0\0\x01\x90" + "é".encode() * 200]
    assert chosen.part(slice(1, 4)).framed() == framed[1:]
    macs = b"".join(hashlib.blake2b(message, digest_size=16, key=KEY).digest() for message in framed)
    assert words(KEY, chosen).astype("<u8").tobytes() == macs


@pytest.mark.parametrize("data", [b"", bytes(32), bytes(31 * 2048), bytes(32 * 2047)])
def test_what_is_no_sketch_is_refused(data: bytes) -> None:
    with pytest.raises(MisuseError):
        difference(data, sketch(slice(0, 10)))
