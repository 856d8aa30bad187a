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

from cleanroom.match.dummies import Padding


@dataclass(frozen=True, slots=True)
class KeyMatches:
    """People matched by a key type and by none before it: an estimate, and half of its 95 % interval."""

    people: float
    half_width: float


def matches_by_key(counts: Sequence[int], padding: Padding, cells: int) -> tuple[KeyMatches, ...]:
    """Estimates from the `counts` of `join.waterfall`. A dummy's pattern counts at its first position: 2^(K-1-k)
    patterns at k."""
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
