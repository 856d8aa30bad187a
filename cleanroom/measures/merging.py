"""Rare paths and sets of channels become `other` before cells are counted, on the advertiser's side.

Which values are rare depends on the advertiser's people, and one person more could move a whole value: without care
that would undo the bound on one person's influence. So the counts that are compared with the floor carry discrete
Laplace noise of scale 1/ε_match, one person moves one count of each dimension by one, and `disclosure.accounting`
charges ε_match for each such dimension. Once the list of merged values is fixed a person is in one cell, as before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from cleanroom.contract.attribution import NONE, OTHER
from cleanroom.contract.model import Dimension
from cleanroom.contract.plan import Plan
from cleanroom.contract.values import MERGED
from cleanroom.measures.exposures import merge_rare
from cleanroom.ports import Noise


def merge_values(plan: Plan, people: pd.DataFrame, noise: Noise | None) -> tuple[pd.DataFrame, dict[str, int]]:
    """`people` as `exposure_days` gives them, with unlisted and rare values merged, and how many were, by dimension.

    Without `noise` the counts are exact: for a look at one's own data, never for a run.
    """
    return merge(plan, people, rare_values(plan, [people], noise))


def rare_values(plan: Plan, parts: Sequence[pd.DataFrame], noise: Noise | None) -> dict[str, Sequence[str]]:
    """The values of each dimension that too few of all parts' people have. Drawn once a run."""
    found: dict[str, Sequence[str]] = {}
    for dimension in _merged(plan):
        counts = Counter[str]()
        for people in parts:
            counts.update({str(value): count for value, count in people[dimension.name].value_counts().items()})
        found[dimension.name] = _rare(plan, dimension, counts, noise)
    return found


def merge(plan: Plan, people: pd.DataFrame, rare: Mapping[str, Sequence[str]]) -> tuple[pd.DataFrame, dict[str, int]]:
    """The second half of `merge_values`, for a part of the people."""
    merged: dict[str, int] = {}
    for dimension in _merged(plan):
        before = people[dimension.name]
        after = merge_rare(before, dimension.values, rare[dimension.name], OTHER)
        merged[f"{dimension.name}_merged"] = int((before != after).sum())
        people = people.assign(**{dimension.name: after})
    return people, merged


def _merged(plan: Plan) -> list[Dimension]:
    return [dimension for dimension in plan.contract.dimensions if dimension.name in MERGED]


def _rare(plan: Plan, dimension: Dimension, counts: Mapping[str, int], noise: Noise | None) -> Sequence[str]:
    floor = plan.contract.disclosure.cells_floor
    kept = [value for value in dimension.values if value not in {NONE, OTHER}]
    if not floor:
        return ()
    drawn = noise.laplace(float(1 / plan.contract.match.epsilon), len(kept)) if noise else [0] * len(kept)
    return [value for value, extra in zip(kept, drawn, strict=True) if int(counts.get(value, 0)) + extra < floor]
