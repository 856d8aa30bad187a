"""What the advertiser sees of the match, recorded over many runs and held against the leakage table of PROTOCOL.md:
R's padded row count, and per cell and key pattern a count with noise. Seeds are fixed: no test can fail by chance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pytest
from kit import EXACT, SeededNoise, Sent, exchange, finish, pair, small_contract, values
from laws import fit, truncated_laplace
from scipy import stats

from cleanroom.match import advertiser as advertiser_match
from cleanroom.match.dummies import Padding
from cleanroom.match.join import JoinSide, waterfall
from cleanroom.match.tokens import Tuples
from cleanroom.wire.codec import encode

PADDING = Padding(8, 1.0)
LAW = np.arange(9), truncated_laplace(1.0, 8)
LEAST = 1e-3
ONE, TWO = small_contract(keys=("email",)), small_contract(keys=("email", "phone"))
A_EMAILS = ["e1", "e2", "e3", "e4", None, "e6", "e7", "e8"]
A_PHONES = ["p1", "p2", None, "p4", "p5", "p6", "p7", "p8"]
A_CELLS = [0, 0, 0, 0, 1, 1, 1, 1]
R_EMAILS = ["e1", "e2", "e3", None, "x5", "e7", "x8", "x9"]
R_PHONES = ["p1", "p2", "q3", "p4", "p5", "p8", "q8", None]  # e7 with p8: a conflict between two people of cell 1
TRUTH_ONE = {(0, (True,)): 3, (1, (True,)): 1}
TRUTH_TWO = {(0, (True, True)): 2, (0, (True, False)): 1, (0, (False, True)): 1, (1, (False, True)): 1}


@dataclass
class View:
    """What the advertiser could count in one run."""

    counts: Counter  # (cell, pattern) → tuples
    conflicts: int
    rows: int


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tuples, Tuples]]:
    """Both lists as the advertiser sees them at its join, one pair a run."""
    seen: list[tuple[Tuples, Tuples]] = []

    class Recorded(JoinSide):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            self.parts: list[Tuples] = []

        def add(self, row: int, tuples: Tuples) -> None:
            self.parts.append(tuples.copy())
            super().add(row, tuples)

    def spy(left: Recorded, right: Recorded) -> np.ndarray:
        seen.append((np.concatenate(left.parts), np.concatenate(right.parts)))
        return waterfall(left, right)

    monkeypatch.setattr(advertiser_match, "JoinSide", Recorded)
    monkeypatch.setattr(advertiser_match, "waterfall", spy)
    return seen


def items(tuples: Tuples, position: int) -> np.ndarray:
    return np.ascontiguousarray(tuples[:, position, :]).view("S32").reshape(-1)


def match_once(agreed, seed: int):
    """The match of one run, up to the advertiser's join. Returns both nodes and the messages."""
    keys = len(agreed.match.keys)
    mine, theirs = values(*(A_EMAILS, A_PHONES)[:keys]), values(*(R_EMAILS, R_PHONES)[:keys])
    one, two = pair(agreed, mine, A_CELLS, theirs, np.ones((8, 3)), seed=seed, noise=SeededNoise(seed), padding=PADDING)
    return one, two, exchange(one, two, until="lattice_key")


def view_of(one, left: Tuples, right: Tuples) -> View:
    """All that equality of points can tell: per right tuple its partner at each position."""
    extra = PADDING.most * (2 ** left.shape[1] - 1)
    cell_of = np.repeat([0, 1], [size + extra for size in one.side._match.cell_sizes])
    places = [{point.tobytes(): i for i, point in enumerate(left[:, k])} for k in range(left.shape[1])]
    counts, conflicts = Counter(), 0
    for row in right:
        partners = [where.get(point.tobytes()) for where, point in zip(places, row, strict=True)]
        found = {partner for partner in partners if partner is not None}
        conflicts += len(found) > 1
        if len(found) == 1:
            counts[int(cell_of[found.pop()]), tuple(partner is not None for partner in partners)] += 1
    return View(counts, conflicts, len(right))


def views(agreed, joined: list, runs: int) -> list[View]:
    found = []
    for seed in range(runs):
        one, two, _ = match_once(agreed, seed)
        found.append(view_of(one, *joined.pop()))
        finish(one, two)
    return found


def test_counts_follow_the_padded_law_and_not_the_length(joined: list) -> None:
    """One key type: each cell's count minus the truth follows the truncated Laplace law (160 counts, chi-square); the
    declared row count minus the truth follows the same law, and is independent of the counts (Spearman)."""
    seen = views(ONE, joined, 80)
    added = [[view.counts[key] - true for key, true in TRUTH_ONE.items()] for view in seen]
    fillers = [view.rows - 8 - 2 * PADDING.most for view in seen]
    assert fit(np.ravel(added), *LAW) > LEAST
    assert fit(fillers, *LAW) > LEAST
    assert stats.spearmanr(np.sum(added, axis=1), fillers).pvalue > LEAST
    assert stats.spearmanr(*np.transpose(added)).pvalue > LEAST
    assert {view.conflicts for view in seen} == {0}


def test_every_pattern_is_padded_and_only_conflicts_are_exact(joined: list) -> None:
    """Two key types: all three patterns of both cells are noised (150 counts). The one exception, named in SECURITY.md:
    a member whose e-mail is one person's and whose phone is another's shows as a conflict, exactly counted."""
    seen = views(TWO, joined, 25)
    patterns = [(cell, pattern) for cell in (0, 1) for pattern in ((True, False), (False, True), (True, True))]
    added = [view.counts[key] - TRUTH_TWO.get(key, 0) for view in seen for key in patterns]
    assert fit(added, *LAW) > LEAST
    assert {view.conflicts for view in seen} == {1}


def sizes_on_the_wire(sent: list[Sent]) -> list[tuple[str, int]]:
    return [(item.step, encode(item.message, 0, 0).ByteSize()) for item in sent if item.role == "retailer"]


class Always(SeededNoise):
    """Always `count` matching dummies."""

    def __init__(self, count: int) -> None:
        super().__init__(0)
        self._always = count

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        return [self._always] * size


@pytest.mark.parametrize("agreed", [ONE, TWO], ids=["one key type", "two key types"])
def test_message_lengths_do_not_depend_on_how_many_dummies_match(agreed, joined: list) -> None:
    """None or all of the dummies match: every message of the retailer has the same length to the byte."""
    lengths, counts = [], []
    for matching in (0, PADDING.most):
        one, two, _ = match_once_with(agreed, matching, lengths)
        counts.append(view_of(one, *joined.pop()).counts.total())
        finish(one, two)
    assert lengths[0] == lengths[1]
    patterns = 2 ** len(agreed.match.keys) - 1
    assert counts[1] - counts[0] == 2 * patterns * PADDING.most  # the two runs did differ


def match_once_with(agreed, matching: int, lengths: list):
    keys = len(agreed.match.keys)
    mine, theirs = values(*(A_EMAILS, A_PHONES)[:keys]), values(*(R_EMAILS, R_PHONES)[:keys])
    one, two = pair(agreed, mine, A_CELLS, theirs, np.ones((8, 3)), noise=SeededNoise(3), padding=PADDING)
    two.side._match._noise = Always(matching)  # from here on it only decides how many dummies match
    sent = exchange(one, two, until="lattice_key")
    lengths.append(sizes_on_the_wire(sent))
    return one, two, sent


def whole_transcript(a_order: np.ndarray, r_order: np.ndarray) -> bytes:
    """Transcript of a run with both files in another row order, all randomness the same."""
    names = [f"n{i}" for i in range(12)]
    columns = np.ones((12, 3), dtype=np.int64)
    columns[:, 2] = np.arange(12) * 50
    mine, theirs = values(names), values([f"n{i + 4}" for i in range(12)])
    one, two = pair(ONE, mine.take(a_order), np.arange(12)[a_order] % 2, theirs.take(r_order), columns[r_order],
                    noise=SeededNoise(1), padding=PADDING)
    exchange(one, two)
    assert one.session.transcript == two.session.transcript
    return one.session.transcript


def test_the_order_of_the_files_shows_in_no_message() -> None:
    """Reversing both files, with the same seeds, leaves every byte of the run unchanged: no order survives."""
    straight, reverse = np.arange(12), np.arange(12)[::-1]
    assert whole_transcript(straight, straight) == whole_transcript(reverse, reverse)


def test_lists_are_in_the_order_of_their_own_bytes() -> None:
    """Blinded values are pseudorandom, so their own order tells nothing of how they arrived: each cell of the lists 1
    and 2, and the whole of list 3, is sorted by the first point, whatever order the peer or the files had."""
    one, _, sent = match_once(TWO, 1)
    extra = 3 * PADDING.most
    sizes = one.side._match.cell_sizes
    parts = {"blinded_cells": sizes, "reblinded_cells": [size + extra for size in sizes], "blinded_values": [10**6]}
    for step, lengths in parts.items():
        tuples = np.concatenate([item.message.tuples for item in sent if item.step == step])
        points = [row[0].tobytes() for row in tuples]
        for start, length in zip(np.cumsum([0, *lengths]), lengths, strict=False):
            cell = points[start:start + length]
            assert len(cell) > 5
            assert cell == sorted(cell)


def places_of_one_cell(seed: int) -> list[tuple[int, ...]]:
    """Four people with two keys (one has no phone) in one cell: where the row of each lands in message 2, for the rows
    of message 1 as they were sent, and in the order of the first and of the second points. Nothing is padded here."""
    names = values(["e1", "e2", "e3", "e4"], ["p1", "p2", None, "p4"])
    one, two = pair(TWO, names, [0] * 4, values(R_EMAILS, R_PHONES), np.ones((8, 3)), seed=seed, **EXACT)
    sent = exchange(one, two, until="blinded_values")
    before, after = (next(item.message.tuples for item in sent if item.step == step)
                     for step in ("blinded_cells", "reblinded_cells"))
    raised = two.side._setup.ports.backend.power(two.side._match._scalar.use(), before.reshape(-1, 32)) \
        .reshape(before.shape)
    finish(one, two)
    landed = [{row[k].tobytes(): place for place, row in enumerate(after)} for k in (0, 1)]
    places = [[where[row[k].tobytes()] for row in raised] for k, where in enumerate(landed)]
    assert places[0] == places[1]  # a tuple stays whole: both of its points land in one row
    orders = [range(4), *([int(i) for i in np.argsort(items(before, k))] for k in (0, 1))]
    return [tuple(places[0][i] for i in order) for order in orders]


def test_no_position_links_the_order_of_message_two_to_that_of_message_one() -> None:
    """With two key types: from the rows as sent, and from the order of either point, all 24 orders of the re-blinded
    rows are equally likely (192 runs, chi-square): no position tells which row of message 2 was which of message 1."""
    for found in zip(*(places_of_one_cell(seed) for seed in range(192)), strict=True):
        counts = Counter(found)
        assert stats.chisquare([counts[order] for order in permutations(range(4))]).pvalue > LEAST


def test_tokens_of_two_runs_cannot_be_joined() -> None:
    """The same people, scalars and nonces under another run id, or with other entropy: no
    point of one run occurs in the other."""
    def points(**options: object) -> set[bytes]:
        one, two = pair(ONE, values(R_PHONES[:7]), [0] * 7, values(R_PHONES[:7]), np.ones((7, 3)), **options)
        sent = exchange(one, two, until="lattice_key")
        return {point.tobytes() for item in sent if hasattr(item.message, "tuples")
                for point in item.message.tuples.reshape(-1, 32)}

    first, other_run, other_seed = points(**EXACT), points(**EXACT, run=bytes(16)), points(**EXACT, seed=1)
    assert len(first) == len(other_run) == len(other_seed) == 3 * 7  # tokens only: nothing is padded here
    assert not first & other_run
    assert not first & other_seed
