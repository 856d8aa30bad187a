"""Sums in the clear, by the retailer, who knows in the salted-hash mode which of its people are in which cell."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cleanroom.contract.plan import Plan
from cleanroom.measures.compact import Compact

_ROWS: Final = 1 << 16  # people added up at once


def plain_sums(plan: Plan, columns: Compact, cells: NDArray[np.int16]) -> list[list[int]]:
    """The exact people and statistics of each group, in plan order: what the shares of a blinded sum add up to.

    `columns`: (n, C), column 0 all ones; `cells`: (n,) the cell of each person or -1. Totals stay below 2^43
    (`disclosure.opening.check_range`).
    """
    totals = np.zeros((columns.width, len(plan.cells)), dtype=np.int64)
    matched = np.flatnonzero(cells >= 0)
    for start in range(0, len(matched), _ROWS):
        people = matched[start:start + _ROWS]
        for total, values in zip(totals, columns.take(people), strict=True):
            np.add.at(total, cells[people], values)
    found = []
    for group in plan.groups:
        sums = [0] * plan.width(group)
        for picked, weights in plan.picks(group).items():
            for cell, weight in weights.items():
                sums = [each + weight * int(totals[column, cell]) for each, column in zip(sums, picked, strict=True)]
        found.append(sums)
    return found
