"""Key values that several people of one side have: found by how many they are and by whether they disagree.

A key value may belong to one person only, or a match would depend on chance. Three kinds are told apart:

* `common`: more than `limits.HOUSEHOLD` people. A shop's own address, a switchboard, a placeholder.
* `conflict`: fewer, and two of them have different values of another key type: a family's phone.
* `alike`: fewer, and no two of them disagree: most likely one person with several records.

The contract's rule says what becomes of it. `drop`: nobody keeps it. `unless_conflict`: of an `alike` value the person
with the most keys keeps it, the smaller id among equals, whatever the order of the file; nobody keeps the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.contract.keys import SharedValues

Values = NDArray[np.object_]  # (n,) texts or None
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shared:
    """One key type: who loses a value (n flags), and how many people have one of each kind; `kept`: of `alike`."""

    lost: Mask
    people: Mapping[str, int]


def find_shared(columns: Sequence[Values], persons: pd.Index, rule: SharedValues) -> list[Shared]:
    """For each key type (n values of the n `persons`, unique ids) what its shared values come to."""
    codes = [np.asarray(pd.factorize(values)[0], dtype=np.int64) for values in columns]
    keys = np.sum([column >= 0 for column in codes], axis=0)
    return [_of_column(codes, position, persons, keys, rule) for position in range(len(codes))]


def _of_column(codes: Sequence[Codes], position: int, persons: pd.Index, keys: Codes, rule: SharedValues) -> Shared:
    own = codes[position]
    sizes = np.bincount(own[own >= 0], minlength=1)
    rows = np.flatnonzero((own >= 0) & (sizes[own] > 1))
    _, group = np.unique(own[rows], return_inverse=True)
    size = np.bincount(group)
    common = size > limits.HOUSEHOLD
    others = [column[rows] for index, column in enumerate(codes) if index != position]
    conflict = _disagree(others, group, len(size)) & ~common
    alike = ~(common | conflict)
    lost = np.zeros(len(own), dtype=np.bool_)
    lost[rows] = True
    kept = 0
    if rule == "unless_conflict":
        keepers = _keepers(group, keys[rows], persons[rows])
        keepers = keepers[alike[group[keepers]]]
        lost[rows[keepers]] = False
        kept = len(keepers)
    return Shared(lost, {"common": int(size[common].sum()), "conflict": int(size[conflict].sum()),
                         "alike": int(size[alike].sum()), "kept": kept})


def _disagree(others: Sequence[Codes], group: NDArray[np.intp], count: int) -> Mask:
    """For each group whether two of its people have different values of one of the other key types."""
    found = np.zeros(count, dtype=np.bool_)
    for column in others:
        has = column >= 0
        low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
        np.minimum.at(low, group[has], column[has])
        np.maximum.at(high, group[has], column[has])
        found |= high > low
    return found


def _keepers(group: NDArray[np.intp], keys: Codes, persons: pd.Index) -> NDArray[np.intp]:
    """One member of each group: the most keys, then the smallest id."""
    rank = np.argsort(np.argsort(persons.to_numpy(dtype=object), kind="stable"), kind="stable")
    order = np.lexsort((rank, -keys, group))
    first = np.append(True, np.diff(group[order]) != 0)[:len(order)]
    found: NDArray[np.intp] = order[first]
    return found
