"""What the advertiser's own report says of each key type: an estimate from padded counts, and nothing of it travels."""

from __future__ import annotations

import numpy as np
import pytest
from kit import EXACT, NO_PADDING, SeededNoise, exchange, finish, make_setup, pair, small_contract, start, values
from small_tables import AGREED as WHOLE
from small_tables import both_tables

from cleanroom import flow
from cleanroom.match.diagnostics import matches_by_key
from cleanroom.match.dummies import Padding
from cleanroom.wire.codec import encode

AGREED = small_contract(keys=("email", "phone"))
OURS = values(["e1", "e2", "e3", "e4", None, "e6"], ["p1", "p2", None, "p4", "p5", "p6"])
CELLS = [0, 0, 0, 0, 1, 1]
THEIRS = values(["e1", "e2", "e3", None, "x5", None], ["p1", "q2", "q3", "p4", "p5", None])
TRUTH = (3, 2)  # by e-mail, then by phone
COLUMNS = np.ones((6, 3), dtype=np.int64)


def estimates(seed: int, padding: Padding) -> list[tuple[float, float]]:
    one, two = pair(AGREED, OURS, CELLS, THEIRS, COLUMNS, seed=seed, noise=SeededNoise(seed), padding=padding)
    assert one.side.matched == ()
    exchange(one, two, until="lattice_key")
    found = [(key.people, key.half_width) for key in one.side.matched]
    finish(one, two)
    return found


def test_without_padding_it_is_the_count() -> None:
    one, two = pair(AGREED, OURS, CELLS, THEIRS, COLUMNS, **EXACT)
    exchange(one, two, until="lattice_key")
    assert [(key.people, key.half_width) for key in one.side.matched] == [(3.0, 0.0), (2.0, 0.0)]
    finish(one, two)
    assert [key.people for key in one.side.matched] == [3.0, 2.0]  # two totals outlive the wiping, no person does


def test_with_padding_the_intervals_cover_the_truth() -> None:
    """Unbiased, and the interval covers in at least 85 of 100 runs (95 in the mean; 85 is 4.6 standard errors less)."""
    runs = np.array([estimates(seed, Padding(8, 1.0)) for seed in range(100)])
    error = runs[:, :, 0] - TRUTH
    spread = runs[0, :, 1] / 1.96
    assert (np.abs(error.mean(axis=0)) < 4 * spread / np.sqrt(len(runs))).all()
    assert (np.abs(error) <= runs[:, :, 1]).mean(axis=0).min() >= 0.85
    assert (error != 0).any()


def test_the_interval_is_that_of_the_law() -> None:
    """Two key types and three cells: the first position sums 3·2 draws, the second 3·1."""
    padding = Padding(8, 1.0)
    first, second = matches_by_key((40, 20), padding, 3)
    assert (first.people, second.people) == (40 - 6 * 4, 20 - 3 * 4)
    assert first.half_width == pytest.approx(second.half_width * np.sqrt(2))
    draws = SeededNoise(1).truncated_laplace(1.0, 8, 20_000)
    assert second.half_width == pytest.approx(1.96 * np.sqrt(3) * np.std(draws), rel=0.03)
    assert matches_by_key((5,), NO_PADDING, 3)[0].half_width == 0


def test_the_retailer_has_no_such_numbers() -> None:
    one, two = pair(AGREED, OURS, CELLS, THEIRS, COLUMNS, **EXACT)
    assert two.side.matched == ()
    finish(one, two)


def test_forms_and_reasons_of_refused_keys_are_in_no_message_and_no_log() -> None:
    """The owner's own counts have them; what is sent and what is logged has not."""
    nodes, owns = [], []
    for role, tables in both_tables("same", "same").items():
        tables.roster.loc[0, "email"] = "Jean Dupont at free"
        setup = make_setup(WHOLE, role, **EXACT)
        side, own = flow.prepare(setup, tables)
        nodes.append(start(setup, side, initiator=role == "advertiser"))
        owns.append(own)
    wire = b"".join(encode(sent.message, 0, 0).SerializeToString() for sent in exchange(*nodes))
    for node, own in zip(nodes, owns, strict=True):
        assert own.keys["email"].shapes == {"inner_space": (("Aaaa Aaaaaa aa aaaa", 1),)}
        logged = b"".join(node.audit.lines)
        for said in (b"Aaaa Aaaaaa", b"inner_space", b"Dupont"):
            assert said not in wire
            assert said not in logged
    finish(*nodes)
