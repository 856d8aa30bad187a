"""The keys by which people of one side may be matched, de-duplicated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom.contract.model import KeyType
from cleanroom.identity.keys import normalise
from cleanroom.identity.values import Column, KeyValues, repeated, whole, without

# What the normalisers leave as it is, but for capitals in an address: there is nothing to do one by one. An address
# of at most 64 characters has no label that is too long.
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_PLAIN: Final = {"email": rf"^[!-?A-~]+@{_LABEL}(?:\.{_LABEL})+$", "phone": r"^\+[1-9][0-9]{7,14}$",
                 "loyalty": r"^[A-Z0-9]{4,32}$"}
_SHORT: Final = 64


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
class RawKeys:
    """Normalised keys of some of a side's people, not yet compared with each other: K columns, and by key type the
    people without one and with an invalid one."""

    columns: tuple[Column, ...]
    missing: tuple[int, ...]
    invalid: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.columns[0])


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
    """Normalised, de-duplicated keys of `frame` (person, one raw text column per key type it has).

    A key type without a column is missing for everyone; blank and null raw values are missing, not invalid.
    Only people whose consent was checked may be given: use `Admitted.match_keys`.
    """
    return distinct_keys(pd.Index(frame["person"]), key_types, [read_keys(frame, key_types)])


def read_keys(frame: pd.DataFrame, key_types: Sequence[KeyType]) -> RawKeys:
    """The first half of `match_keys`, for a part of the people."""
    found = [_column(frame, key_type) for key_type in key_types]
    return RawKeys(tuple(column for column, _, _ in found), tuple(missing for _, missing, _ in found),
                   tuple(invalid for _, _, invalid in found))


def distinct_keys(persons: pd.Index, key_types: Sequence[KeyType], parts: list[RawKeys]) -> MatchKeys:
    """The second half, for all parts together: a value that two people share is dropped for both.

    Takes the parts over: `parts` is empty afterwards.
    """
    columns, counts = [], {}
    missing, invalid = ([sum(each) for each in zip(*found, strict=True)]
                        for found in ((part.missing for part in parts), (part.invalid for part in parts)))
    chunks = [[part.columns[position] for part in parts] for position in range(len(key_types))]
    parts.clear()
    usable = np.zeros(len(persons), dtype=np.bool_)
    for position, key_type in enumerate(key_types):
        column = _joined(chunks[position])
        twice = repeated(column)
        column = without(column, twice)
        columns.append(column)
        present = column.is_valid().to_numpy(zero_copy_only=False)
        usable |= present
        counts[key_type] = KeyCounts(int(present.sum()), missing[position], invalid[position], int(twice.sum()))
    values = KeyValues(columns).where(usable)
    return MatchKeys(persons[usable], tuple(key_types), values, counts, int((~usable).sum()), usable)


def _joined(columns: list[Column]) -> Column:
    """One array of all chunks, which are forgotten."""
    joined = columns[0] if len(columns) == 1 else whole(pa.chunked_array(columns, type=pa.large_binary()))
    columns.clear()
    return joined


def _column(frame: pd.DataFrame, key_type: KeyType) -> tuple[Column, int, int]:
    """Normalised values, and how many are missing and invalid."""
    if key_type not in frame.columns:
        return pa.nulls(len(frame), pa.large_binary()), len(frame), 0
    raw = _texts(frame[key_type])
    low = pc.ascii_lower(raw) if key_type == "email" else raw
    plain = pc.match_substring_regex(low, _PLAIN[key_type])
    plain = pc.and_(plain, pc.less_equal(pc.binary_length(raw), _SHORT))
    empty = pc.equal(raw, "")
    rest = np.flatnonzero(pc.invert(pc.or_(plain, empty)).to_numpy(zero_copy_only=False))
    odd = [text if text and not text.isspace() else None for text in raw.take(pa.array(rest)).to_pylist()]
    found = [None if text is None else normalise(key_type, text) for text in odd]
    values = pc.if_else(plain, low, pa.scalar(None, pa.large_string()))
    if len(rest):
        mask = np.zeros(len(raw), dtype=np.bool_)
        mask[rest] = True
        values = pc.replace_with_mask(values, pa.array(mask), pa.array(found, type=pa.large_string()))
    missing = int(pc.sum(empty).as_py() or 0) + odd.count(None)
    return values.cast(pa.large_binary()), missing, found.count(None) - odd.count(None)


def _texts(column: pd.Series) -> Any:
    """A pyarrow array of large strings; nulls and what is no text become the empty text."""
    if column.dtype == object:
        return pa.array([text if isinstance(text, str) else "" for text in column], type=pa.large_string())
    array = pa.array(column, type=pa.large_string(), from_pandas=True)
    return pc.fill_null(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array, "")
