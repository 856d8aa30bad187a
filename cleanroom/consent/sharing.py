"""People of one party who share a key value: the strictest answer counts for all of them.

The peer cannot tell two of our records with one e-mail address apart, so a person who withdrew under one id must not
be matched under another. Sharing is followed all the way: by e-mail to a second record, by its phone to a third.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cleanroom.identity.matching import NormalisedKeys
from cleanroom.identity.values import Column, repeated

Verdicts = NDArray[np.intp]


def strictest(verdicts: Verdicts, keys: NormalisedKeys) -> Verdicts:
    """`verdicts`: index of the rule that refuses each person, -1 for none. Those who share a value with somebody
    refused, directly or through others, are refused by the first rule of their group."""
    return strictest_of(verdicts, keys.values)


def strictest_of(verdicts: Verdicts, columns: Sequence[Column]) -> Verdicts:
    """The same for people of many parts. `columns`: their values, by key type."""
    people, values = _shared(columns)
    if not len(people):
        return verdicts
    known, places = np.unique(people, return_inverse=True)  # few: only those who share a value
    ends = (len(known) + int(values.max()) + 1,) * 2
    _, group = connected_components(coo_array((np.ones(len(people), dtype=np.int8), (places, len(known) + values)),
                                              shape=ends), directed=False)
    passed = np.iinfo(np.intp).max
    own, group = verdicts[known], group[:len(known)]
    first = np.full(int(group.max()) + 1, passed, dtype=np.intp)
    np.minimum.at(first, group, np.where(own < 0, passed, own))
    inherited = np.where(first[group] == passed, -1, first[group])
    settled = verdicts.copy()
    settled[known] = np.where(own < 0, inherited, own)
    return settled


def _shared(columns: Sequence[Column]) -> tuple[Verdicts, Verdicts]:
    """Pairs (person, number of a value that more than one person has)."""
    people, values, offset = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)], 0
    for column in columns:
        rows = np.flatnonzero(repeated(column))
        codes, distinct = pd.factorize(np.array(column.take(pa.array(rows)).to_pylist(), dtype=object))
        people.append(rows)
        values.append(codes + offset)
        offset += len(distinct)
    return np.concatenate(people), np.concatenate(values)
