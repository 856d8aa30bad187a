"""Shuffle and join by buckets against plain Python, also for points that somebody chose to look alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.adapters.scratch import MemoryScratch
from cleanroom.errors import PeerViolationError
from cleanroom.match import shuffle
from cleanroom.match.join import JoinSide, waterfall
from cleanroom.match.shuffle import Buckets, even_chunks, shuffled
from cleanroom.primitives.flight import in_order


@pytest.fixture(autouse=True)
def _small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shuffle, "_BUCKET_ROWS", 4)
    monkeypatch.setattr(shuffle, "_GATHERED", 16)


def tuples(rng: np.random.Generator, rows: int, key_types: int, alike: int = 0) -> np.ndarray:
    """Distinct random points; the first `alike` rows agree in their first 8 bytes."""
    made = rng.integers(0, 256, (rows, key_types, 32), dtype=np.uint8)
    made[:alike, :, :8] = 7
    return made


@pytest.mark.parametrize("rows", [0, 1, 5, 64, 1000])
@pytest.mark.parametrize("alike", [0, 5])
def test_a_list_comes_back_in_the_order_of_its_bytes(rows: int, alike: int) -> None:
    records = np.concatenate([tuples(np.random.default_rng(rows), rows, 1, alike)[:, 0],
                              np.arange(4 * rows, dtype=np.uint8).reshape(rows, 4)], axis=1)
    buckets = Buckets(MemoryScratch(), rows, 36)
    for part in np.array_split(records, 7):
        buckets.add(part)
    chunks = list(even_chunks(shuffled(buckets), 10))
    assert all(len(chunk) == 10 for chunk in chunks[:-1])
    assert [row.tobytes() for chunk in chunks for row in chunk] == sorted(row.tobytes() for row in records)


def test_more_rows_than_were_expected_are_kept_too() -> None:
    buckets = Buckets(MemoryScratch(), 2, 32)
    records = tuples(np.random.default_rng(1), 50, 1)[:, 0]
    buckets.add(records)
    assert sum(len(part) for part in shuffled(buckets)) == 50


def plain(left: np.ndarray, right: np.ndarray) -> list[int]:
    """The waterfall, row by row."""
    partner, taken = [-1] * len(right), set()
    for position in range(left.shape[1]):
        where = {row[position].tobytes(): number for number, row in enumerate(left)}
        for number, row in enumerate(right):
            found = where.get(row[position].tobytes(), -1)
            if partner[number] < 0 <= found and found not in taken:
                partner[number] = found
                taken.add(found)
    return partner


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(0, 90), st.integers(0, 90), st.integers(0, 4))
def test_the_join_is_the_plain_waterfall(seed: int, key_types: int, mine: int, theirs: int, alike: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = tuples(rng, mine, key_types, alike), tuples(rng, theirs, key_types, alike)
    for position in range(key_types):  # some in common, of other people at each position
        shared = min(mine, theirs) // 2
        right[rng.permutation(theirs)[:shared], position] = left[rng.permutation(mine)[:shared], position]
    sides = [JoinSide("a list", MemoryScratch(), len(given), mine + theirs, key_types) for given in (left, right)]
    for side, given_ in zip(sides, (left, right), strict=True):
        for start in range(0, len(given_), 13):
            side.add(start, given_[start:start + 13])
    partner, counts = waterfall(*sides)
    assert partner.tolist() == plain(left, right)
    rows = np.flatnonzero(partner >= 0)
    first = (left[partner[rows]] == right[rows]).all(axis=2).argmax(axis=1)
    assert counts == np.bincount(first, minlength=key_types).tolist()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("alike", [0, 6])
def test_a_point_that_stands_twice_ends_the_run(which: int, alike: int) -> None:
    lists = [tuples(np.random.default_rng(seed), 60, 2, alike) for seed in (1, 2)]
    lists[which][40, 1] = lists[which][3, 1]
    sides = [JoinSide(name, MemoryScratch(), 60, 60, 2) for name in ("first", "second")]
    for side, given_ in zip(sides, lists, strict=True):
        side.add(0, given_)
    with pytest.raises(PeerViolationError, match=f"{('first', 'second')[which]}: a point occurs twice"):
        waterfall(*sides)


def test_jobs_are_begun_ahead_but_not_too_far() -> None:
    begun, done = [], []

    class Job:
        def __init__(self, number: int) -> None:
            begun.append(number)
            self._number = number

        def result(self) -> int:
            return self._number

    for tag, result in in_order(((n, Job(n)) for n in range(10)), 3):
        assert tag == result == len(done)
        done.append(result)
        assert len(begun) == min(10, len(done) + 2)
