"""The waterfall join: key type by key type, one-to-one, on values that are pseudorandom to the joiner."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cleanroom.match.tokens import Tuples, point_items


def waterfall(left: Tuples, right: Tuples) -> npt.NDArray[np.int64]:
    """For each tuple of `right` the index of its partner in `left`, or -1. Shape (len(right),).

    Key types are tried in priority order; a tuple that has a partner takes no further part. Points at one
    position are distinct within each side (checked on arrival).
    """
    partner = np.full(len(right), -1, dtype=np.int64)
    free_left = np.arange(len(left))
    for position in range(left.shape[1]):
        free_right = np.flatnonzero(partner < 0)
        _, at_left, at_right = np.intersect1d(
            point_items(left[free_left], position), point_items(right[free_right], position),
            assume_unique=True, return_indices=True)
        partner[free_right[at_right]] = free_left[at_left]
        free_left = np.delete(free_left, at_left)
    return partner
