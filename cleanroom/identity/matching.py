"""The keys by which people of one side may be matched, de-duplicated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.contract.model import KeyType
from cleanroom.identity.email import plain_emails
from cleanroom.identity.keys import normalise


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """What became of one key type, in people. `valid` keys are used; the four add up to all people.

    `duplicate`: people whose normalised value also belongs to somebody else; it is dropped for all of them.
    """

    valid: int
    missing: int
    invalid: int
    duplicate: int


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NormalisedKeys:
    """Comparable key values of n people, before any are dropped.

    `persons`: their ids. `values`: by key type in priority order, n texts or None. `missing`: by key type, where
    there was no raw value.
    """

    persons: pd.Index
    values: Mapping[KeyType, NDArray[np.object_]]
    missing: Mapping[KeyType, NDArray[np.bool_]]

    def __repr__(self) -> str:
        return f"NormalisedKeys({len(self.persons)} people)"

    def take(self, rows: NDArray[np.intp]) -> NormalisedKeys:
        """Those of some people only."""
        return NormalisedKeys(self.persons[rows], {key: values[rows] for key, values in self.values.items()},
                              {key: missing[rows] for key, missing in self.missing.items()})


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class MatchKeys:
    """Match keys of one side: the input of the tokens.

    `persons`: ids of the n people with at least one key, in table order. `key_types`: the K types in priority
    order. `values`: object array of shape (n, K), UTF-8 bytes or None. `counts`: by key type, over everyone
    given. `without_key`: people left out because no key remained.
    """

    persons: pd.Index
    key_types: tuple[KeyType, ...]
    values: NDArray[np.object_]
    counts: Mapping[KeyType, KeyCounts]
    without_key: int

    def __repr__(self) -> str:
        return f"MatchKeys({len(self.persons)} people)"

    def __len__(self) -> int:
        return len(self.persons)


def normalised_keys(frame: pd.DataFrame, key_types: Sequence[KeyType]) -> NormalisedKeys:
    """Comparable values of `frame` (person, one raw text column per key type it has).

    A key type without a column is missing for everyone; blank and null raw values are missing, not invalid.
    """
    values, missing = {}, {}
    for key_type in key_types:
        if key_type in frame.columns:
            texts = frame[key_type].astype("str")
            missing[key_type] = np.asarray(texts.isna() | (texts.str.strip() == ""), dtype=bool)
            values[key_type] = _normalised(key_type, texts, missing[key_type])
        else:
            missing[key_type] = np.ones(len(frame), dtype=bool)
            values[key_type] = np.full(len(frame), None, dtype=object)
    return NormalisedKeys(pd.Index(frame["person"]), values, missing)


def _normalised(key_type: KeyType, texts: pd.Series, missing: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The plain e-mail addresses all at once, the rest one by one."""
    values = np.full(len(texts), None, dtype=object)
    rest = ~missing
    if key_type == "email" and len(texts):
        folded, plain = plain_emails(texts)
        values[plain] = folded[plain].to_numpy(dtype=object)
        rest &= ~plain
    for row in np.flatnonzero(rest):
        values[row] = normalise(key_type, texts.iloc[row])
    return values


def match_keys(frame: pd.DataFrame, key_types: Sequence[KeyType]) -> MatchKeys:
    """Normalised, de-duplicated keys of `frame`, as `normalised_keys` reads it.

    Only people whose consent was checked may be given: use `Admitted.match_keys`.
    """
    return without_repeats(normalised_keys(frame, key_types))


def without_repeats(keys: NormalisedKeys) -> MatchKeys:
    """Match keys: a value that belongs to more than one person is dropped for all of them."""
    columns, counts = [], {}
    for key_type, found in keys.values.items():
        values, counts[key_type] = _column(found, keys.missing[key_type])
        columns.append(values)
    table = np.stack(columns, axis=1)
    usable = np.asarray(pd.notna(table).any(axis=1), dtype=bool)
    return MatchKeys(keys.persons[usable], tuple(keys.values), table[usable], counts, int((~usable).sum()))


def _column(found: NDArray[np.object_], missing: NDArray[np.bool_]) -> tuple[NDArray[np.object_], KeyCounts]:
    series = pd.Series(found, dtype=object)
    present = series.notna().to_numpy()
    repeated = present & series.duplicated(keep=False).to_numpy()
    values = np.empty(len(found), dtype=object)
    values[:] = [text.encode() if keep and text else None
                 for text, keep in zip(found, present & ~repeated, strict=True)]
    valid, duplicate, absent = int((present & ~repeated).sum()), int(repeated.sum()), int(missing.sum())
    return values, KeyCounts(valid, absent, len(found) - absent - valid - duplicate, duplicate)
