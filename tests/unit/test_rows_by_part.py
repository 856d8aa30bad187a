"""Rows on their way to their parts: the same rows in the same order, in few pieces."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cleanroom.adapters.rows_by_part import RowsByPart
from cleanroom.adapters.scratch import MemoryScratch

PARTS = 4
ROWS = 500
BATCHES = 12


def batches() -> list[tuple[pd.DataFrame, np.ndarray]]:
    """Frames with an id, a number, a day, and a column that is a category of few texts, of many, or no category; with
    the part of each row, which is never the last one."""
    rng = np.random.default_rng(7)
    found = []
    for number in range(BATCHES):
        row = np.arange(ROWS) + number * ROWS
        words = rng.choice([f"word {i}" for i in range(3 if number % 3 else 5000)], ROWS)
        frame = pd.DataFrame({"person": pd.Series([f"é{i}" for i in row], dtype="str"), "row": row,
                              "day": pd.Timestamp("2025-03-01") + pd.to_timedelta(row % 90, "D"),
                              "word": pd.Series(words, dtype="str" if number % 4 == 3 else "category")})
        found.append((frame.astype({"day": "datetime64[ns]"}), rng.integers(0, PARTS - 1, ROWS)))
    return found


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({"word": "str"}).reset_index(drop=True)


class Pieces:
    """A scratch that counts what it is given."""

    def __init__(self) -> None:
        self._piles = MemoryScratch().piles(PARTS)
        self.streams = self.bytes = 0

    def spread(self, room: int) -> RowsByPart:
        return RowsByPart([_Counted(self, pile) for pile in self._piles], room)


class _Counted:
    def __init__(self, pieces: Pieces, pile: object) -> None:
        self._pieces, self.look, self.take, self._add = pieces, pile.look, pile.take, pile.add

    def add(self, data: np.ndarray) -> None:
        self._pieces.streams += len(data) == 8  # the length before each stream
        self._pieces.bytes += len(data)
        self._add(data)


@pytest.mark.parametrize("room", [0, 100_000, 10**9])
def test_every_part_has_its_rows_in_the_order_they_came(room: int) -> None:
    rows = RowsByPart(MemoryScratch().piles(PARTS), room)
    for frame, part in batches():
        rows.add(frame, part)
    empty = batches()[0][0].iloc[:0]
    for number in range(PARTS - 1):
        expected = pd.concat([plain(frame[part == number]) for frame, part in batches()], ignore_index=True)
        pd.testing.assert_frame_equal(plain(rows.look(number, empty)), expected)
        pd.testing.assert_frame_equal(plain(rows.take(number, empty)), expected)
        assert len(rows.take(number, empty)) == 0
    assert rows.look(PARTS - 1, empty) is empty


def test_rows_wait_for_others_of_their_part() -> None:
    alone, together, some = Pieces(), Pieces(), Pieces()
    for pieces, room in ((alone, 0), (together, 10**9), (some, 100_000)):
        rows = pieces.spread(room)
        for frame, part in batches():
            rows.add(frame, part)
        if room == 10**9:
            assert pieces.streams == 0
        rows.flush()
        rows.flush()
    assert (alone.streams, together.streams) == (BATCHES * (PARTS - 1), PARTS - 1)
    assert together.streams < some.streams < alone.streams
    assert together.bytes < alone.bytes


def test_what_waits_is_bounded() -> None:
    pieces = Pieces()
    rows, waiting = pieces.spread(100_000), 0
    for frame, part in batches():
        before = pieces.streams
        rows.add(frame, part)
        waiting = 0 if pieces.streams > before else waiting + ROWS
        assert waiting * 10 < 100_000  # a row has an id and two numbers of 8 bytes, and more
    assert pieces.streams > PARTS


def test_a_dictionary_of_many_texts_does_not_go_to_every_part() -> None:
    rng, pieces = np.random.default_rng(5), Pieces()
    texts = pd.Series([rng.bytes(200).hex() for _ in range(2000)], dtype="category")
    pieces.spread(0).add(pd.DataFrame({"text": texts}), np.arange(2000) % PARTS)
    assert pieces.bytes < 1.2 * 2000 * 400


def test_no_rows_leave_nothing() -> None:
    pieces = Pieces()
    rows = pieces.spread(0)
    rows.add(batches()[0][0].iloc[:0], np.empty(0, dtype=np.int64))
    rows.flush()
    assert pieces.bytes == 0
    assert repr(rows) == f"RowsByPart({PARTS})"
