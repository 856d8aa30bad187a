"""The keys by which people of one side may be matched, de-duplicated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom.contract.model import KeyType
from cleanroom.identity.email import plain_emails
from cleanroom.identity.keys import normalise
from cleanroom.identity.values import Column, KeyValues, repeated, whole, without

# What the normalisers leave as it is: there is nothing to do one by one.
_PLAIN: Final = {"phone": r"^\+[1-9][0-9]{7,14}$", "loyalty": r"^[A-Z0-9]{4,32}$"}


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

    `persons`: their ids. `columns`: by key type in priority order, n values or nulls. `missing`: by key type, (n,)
    where there was no raw value.
    """

    persons: pd.Index
    key_types: tuple[KeyType, ...]
    columns: tuple[Column, ...]
    missing: tuple[NDArray[np.bool_], ...]

    def __repr__(self) -> str:
        return f"NormalisedKeys({len(self.persons)} people)"

    def __len__(self) -> int:
        return len(self.persons)

    def take(self, rows: NDArray[np.intp]) -> NormalisedKeys:
        """Those of some people only."""
        if len(rows) == len(self.persons):
            return self
        return NormalisedKeys(self.persons[rows], self.key_types,
                              tuple(column.take(pa.array(rows)) for column in self.columns),
                              tuple(missing[rows] for missing in self.missing))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class MatchKeys:
    """Match keys of one side: the input of the tokens.

    `persons`: ids of the n people with at least one key, in table order. `key_types`: the K types in priority
    order. `values`: (n, K). `counts`: by key type, over everyone given. `without_key`: people left out because no
    key remained. `usable`: which of the people given have a key.
    """

    persons: pd.Index
    key_types: tuple[KeyType, ...]
    values: KeyValues
    counts: Mapping[KeyType, KeyCounts]
    without_key: int
    usable: NDArray[np.bool_]

    def __repr__(self) -> str:
        return f"MatchKeys({len(self.persons)} people)"

    def __len__(self) -> int:
        return len(self.persons)


def match_keys(frame: pd.DataFrame, key_types: Sequence[KeyType]) -> MatchKeys:
    """Normalised, de-duplicated keys of `frame`, as `normalised_keys` reads it.

    Only people whose consent was checked may be given: use `Admitted.match_keys`.
    """
    return without_repeats(normalised_keys(frame, key_types))


def normalised_keys(frame: pd.DataFrame, key_types: Sequence[KeyType]) -> NormalisedKeys:
    """Comparable values of `frame` (person, one raw text column per key type it has).

    A key type without a column is missing for everyone; blank and null raw values are missing, not invalid.
    """
    found = [_column(frame, key_type) for key_type in key_types]
    return NormalisedKeys(pd.Index(frame["person"]), tuple(key_types), tuple(column for column, _ in found),
                          tuple(missing for _, missing in found))


def without_repeats(keys: NormalisedKeys) -> MatchKeys:
    """Match keys: a value that belongs to more than one person is dropped for all of them."""
    return distinct_keys(keys.persons, keys.key_types, [keys])


def distinct_keys(persons: pd.Index, key_types: Sequence[KeyType], parts: list[NormalisedKeys]) -> MatchKeys:
    """As `without_repeats`, for all parts together. `persons`: of all of them, in order.

    Takes the parts over: `parts` is empty afterwards.
    """
    columns, counts = [], {}
    missing = [sum(int(each.sum()) for each in found) for found in zip(*(part.missing for part in parts), strict=True)]
    chunks = [[part.columns[position] for part in parts] for position in range(len(key_types))]
    parts.clear()
    usable = np.zeros(len(persons), dtype=np.bool_)
    for position, key_type in enumerate(key_types):
        column = joined(chunks[position])
        twice = repeated(column)
        column = without(column, twice)
        columns.append(column)
        present = column.is_valid().to_numpy(zero_copy_only=False)
        usable |= present
        valid, absent, shared = int(present.sum()), missing[position], int(twice.sum())
        counts[key_type] = KeyCounts(valid, absent, len(persons) - absent - valid - shared, shared)
    values = KeyValues(columns).where(usable)
    return MatchKeys(persons[usable], tuple(key_types), values, counts, int((~usable).sum()), usable)


def joined(columns: list[Column]) -> Column:
    """One array of all chunks, which are forgotten."""
    found = columns[0] if len(columns) == 1 else whole(pa.chunked_array(columns, type=pa.large_binary()))
    columns.clear()
    return found


def _column(frame: pd.DataFrame, key_type: KeyType) -> tuple[Column, NDArray[np.bool_]]:
    """Normalised values, and where there was nothing to normalise."""
    if key_type not in frame.columns:
        return pa.nulls(len(frame), pa.large_binary()), np.ones(len(frame), dtype=np.bool_)
    texts = frame[key_type].astype("str")
    raw = _texts(texts)
    missing: NDArray[np.bool_] = pc.equal(pc.utf8_trim_whitespace(raw), "").to_numpy(zero_copy_only=False)
    folded, plain = _plain(key_type, texts, raw)
    rest = np.flatnonzero(~plain & ~missing)
    found = [normalise(key_type, text) for text in raw.take(pa.array(rest)).to_pylist()]
    values = pc.if_else(pa.array(plain), folded, pa.scalar(None, pa.large_string()))
    if len(rest):
        mask = np.zeros(len(raw), dtype=np.bool_)
        mask[rest] = True
        values = pc.replace_with_mask(values, pa.array(mask), pa.array(found, type=pa.large_string()))
    return values.cast(pa.large_binary()), missing


def _plain(key_type: KeyType, texts: pd.Series, raw: Column) -> tuple[Column, NDArray[np.bool_]]:
    """Values that need no look one by one, and where they are."""
    if key_type == "email" and len(texts):
        folded, plain = plain_emails(texts)
        return _texts(folded), plain
    if key_type not in _PLAIN:
        return raw, np.zeros(len(raw), dtype=np.bool_)
    found: NDArray[np.bool_] = pc.match_substring_regex(raw, _PLAIN[key_type]).to_numpy(zero_copy_only=False)
    return raw, found


def _texts(column: pd.Series) -> Column:
    """A pyarrow array of large strings; nulls become the empty text."""
    array = pa.array(column, type=pa.large_string(), from_pandas=True)
    return pc.fill_null(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array, "")
