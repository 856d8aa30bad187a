"""How many people each key type matched, as far as the advertiser may know it.

The advertiser sees for each cell and pattern of matching key types a count that holds t dummies, t drawn by the
retailer: (ε_match, δ_match), charged with the transcript. What is computed here follows from these counts and from
nothing else: the dummies' mean is taken away, their spread becomes the interval. It stays in the advertiser's own
report.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleanroom.match.dummies import Padding
from cleanroom.match.tokens import Tuples

_ROWS = 65_536  # compared at once


@dataclass(frozen=True, slots=True)
class KeyMatches:
    """People matched by a key type and by none before it: an estimate, and half of its 95 % interval."""

    people: float
    half_width: float


def matched_positions(left: Tuples, right: Tuples, partner: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(K,) rows of `right`, dummies included, by the first position at which they equal their partner."""
    counts = np.zeros(right.shape[1], dtype=np.int64)
    rows = np.flatnonzero(partner >= 0)
    for start in range(0, len(rows), _ROWS):
        part = rows[start:start + _ROWS]
        same = (left[partner[part]] == right[part]).all(axis=2)
        counts += np.bincount(same.argmax(axis=1), minlength=right.shape[1])
    return counts


def matches_by_key(counts: Sequence[int], padding: Padding, cells: int) -> tuple[KeyMatches, ...]:
    """Estimates from `matched_positions`. A dummy's pattern counts at its first position: 2^(K-1-k) patterns at k."""
    found = []
    for position, count in enumerate(counts):
        draws = cells * 2 ** (len(counts) - 1 - position)
        found.append(KeyMatches(float(count) - draws * padding.most / 2, 1.96 * math.sqrt(draws * _variance(padding))))
    return tuple(found)


def _variance(padding: Padding) -> float:
    """Of one truncated discrete Laplace draw, see `disclosure.padding`."""
    if not padding.most:
        return 0.0
    distance = np.arange(padding.most + 1) - padding.most // 2
    mass = np.exp(-np.abs(distance) / padding.scale)
    return float((mass * distance**2).sum() / mass.sum())
