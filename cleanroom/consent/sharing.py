"""People of one party who share a key value: the strictest answer counts for all of them.

The peer cannot tell two of our records with one e-mail address apart, so a person who withdrew under one id must not
be matched under another. Sharing is followed all the way: by e-mail to a second record, by its phone to a third.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cleanroom.identity.matching import NormalisedKeys

Verdicts = NDArray[np.intp]


def strictest(verdicts: Verdicts, keys: NormalisedKeys) -> Verdicts:
    """`verdicts`: index of the rule that refuses each person, -1 for none. Those who share a value with somebody
    refused, directly or through others, are refused by the first rule of their group."""
    size = len(verdicts)
    people, values = _shared(keys)
    if not len(people):
        return verdicts
    _, group = connected_components(coo_array((np.ones(len(people), dtype=np.int8), (people, size + values)),
                                              shape=(size + int(values.max()) + 1,) * 2), directed=False)
    passed = np.iinfo(np.intp).max
    first = np.full(int(group.max()) + 1, passed, dtype=np.intp)
    np.minimum.at(first, group[:size], np.where(verdicts < 0, passed, verdicts))
    inherited = np.where(first[group[:size]] == passed, -1, first[group[:size]])
    return np.where(verdicts < 0, inherited, verdicts)


def _shared(keys: NormalisedKeys) -> tuple[Verdicts, Verdicts]:
    """Pairs (person, number of a value that more than one person has)."""
    people, values, offset = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)], 0
    for found in keys.values.values():
        codes, distinct = pd.factorize(found)
        known = np.flatnonzero(codes >= 0)
        repeated = known[np.bincount(codes[known], minlength=len(distinct))[codes[known]] > 1]
        people.append(repeated)
        values.append(codes[repeated] + offset)
        offset += len(distinct)
    return np.concatenate(people), np.concatenate(values)
