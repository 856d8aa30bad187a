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
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.contract.keys import SharedValues
from cleanroom.identity.values import Column, repeated, whole

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shared:
    """One key type: who loses a value (n flags), and how many people have one of each kind; `kept`: of `alike`."""

    lost: Mask
    people: Mapping[str, int]


def find_shared(columns: Sequence[Column], ids: Column | None, rule: SharedValues) -> list[Shared]:
    """For each key type (n values or nulls) what its shared values come to. `ids`: n texts, for `unless_conflict`."""
    keys = np.zeros(len(columns[0]), dtype=np.int8)
    for column in columns:
        keys += column.is_valid().to_numpy(zero_copy_only=False)
    return [_of_column(columns, position, ids, keys, rule) for position in range(len(columns))]


def _of_column(columns: Sequence[Column], position: int, ids: Column | None, keys: NDArray[np.int8],
               rule: SharedValues) -> Shared:
    """Only the rows that share a value are looked at: few, in lists of any length."""
    lost = repeated(columns[position])
    rows = np.flatnonzero(lost)
    group = _codes(columns[position], rows)
    size = np.bincount(group)
    common = size > limits.HOUSEHOLD
    others = [_codes(column, rows) for index, column in enumerate(columns) if index != position]
    conflict = _disagree(others, group, len(size)) & ~common
    alike = ~(common | conflict)
    kept = 0
    if rule == "unless_conflict" and ids is not None:
        keepers = _keepers(group, keys[rows], ids.take(pa.array(rows)).to_pylist())
        keepers = keepers[alike[group[keepers]]]
        lost[rows[keepers]] = False
        kept = len(keepers)
    return Shared(lost, {"common": int(size[common].sum()), "conflict": int(size[conflict].sum()),
                         "alike": int(size[alike].sum()), "kept": kept})


def _codes(column: Column, rows: NDArray[np.intp]) -> Codes:
    """A number for each value of some rows, equal for equal ones; -1 for none."""
    indices = whole(column.take(pa.array(rows))).dictionary_encode().indices
    found: Codes = pc.fill_null(indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _disagree(others: Sequence[Codes], group: Codes, count: int) -> Mask:
    """For each group whether two of its people have different values of one of the other key types."""
    found = np.zeros(count, dtype=np.bool_)
    for column in others:
        has = column >= 0
        low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
        np.minimum.at(low, group[has], column[has])
        np.maximum.at(high, group[has], column[has])
        found |= high > low
    return found


def _keepers(group: Codes, keys: NDArray[np.int8], ids: list[str]) -> NDArray[np.intp]:
    """One member of each group: the most keys, then the smallest id."""
    rank = np.argsort(np.argsort(np.array(ids, dtype=object), kind="stable"), kind="stable")
    order = np.lexsort((rank, -keys, group))
    first = np.append(True, np.diff(group[order]) != 0)[:len(order)]
    found: NDArray[np.intp] = order[first]
    return found
