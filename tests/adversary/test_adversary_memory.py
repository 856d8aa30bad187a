"""A peer that wants our memory: points that all fall into one bucket of the join."""

from __future__ import annotations

import numpy as np
import pytest

from cleanroom.adapters.scratch import MemoryScratch
from cleanroom.errors import PeerViolationError
from cleanroom.match import shuffle
from cleanroom.match.join import JoinSide, waterfall

ROWS = 8192


@pytest.fixture(autouse=True)
def _small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen buckets, as 2 million rows have."""
    monkeypatch.setattr(shuffle, "_BUCKET_ROWS", ROWS // 16)
    monkeypatch.setattr(shuffle, "_GATHERED", 1024)


def side(points: np.ndarray, what: str = "re-blinded cells") -> JoinSide:
    made = JoinSide(what, MemoryScratch(), ROWS, ROWS, 1)
    for start in range(0, ROWS, 512):
        made.add(start, points[start:start + 512, None])
    return made


def points(seed: int, first_bytes: int = 256) -> np.ndarray:
    """(ROWS, 32) distinct; the first byte is below `first_bytes`."""
    made = np.random.default_rng(seed).integers(0, 256, (ROWS, 32), dtype=np.uint8)
    made[:, 0] &= first_bytes - 1
    return made


@pytest.mark.parametrize("first_bytes", [1, 16, 32])
def test_points_chosen_for_one_bucket_are_refused_before_they_are_loaded(first_bytes: int) -> None:
    """All in one of sixteen buckets, or in two of them."""
    with pytest.raises(PeerViolationError, match="re-blinded cells: the points are not spread as random ones are"):
        waterfall(side(points(1, first_bytes)), side(points(2), "blinded values"))


@pytest.mark.parametrize("seed", range(8))
def test_honest_points_are_taken(seed: int) -> None:
    one = points(seed)
    partner, found = waterfall(side(one), side(one[::-1].copy(), "blinded values"))
    assert partner.tolist() == list(range(ROWS))[::-1]
    assert found == [ROWS]
