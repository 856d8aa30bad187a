"""The keys by which people of one side may be matched, de-duplicated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.contract.model import KeyType
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


def match_keys(frame: pd.DataFrame, key_types: Sequence[KeyType]) -> MatchKeys:
    """Normalised, de-duplicated keys of `frame` (person, one raw text column per key type it has).

    A key type without a column is missing for everyone; blank and null raw values are missing, not invalid.
    Only people whose consent was checked may be given: use `Admitted.match_keys`.
    """
    columns, counts = [], {}
    for key_type in key_types:
        raw = _texts(frame, key_type)
        values, counts[key_type] = _column(key_type, raw)
        columns.append(values)
    table = np.stack(columns, axis=1)
    usable = pd.notna(table).any(axis=1)
    persons = pd.Index(frame["person"])[usable]
    return MatchKeys(persons, tuple(key_types), table[usable], counts, int((~usable).sum()))


def _texts(frame: pd.DataFrame, key_type: KeyType) -> list[str | None]:
    if key_type not in frame.columns:
        return [None] * len(frame)
    texts = frame[key_type].astype(object)
    return [text if isinstance(text, str) and text and not text.isspace() else None for text in texts]


def _column(key_type: KeyType, raw: list[str | None]) -> tuple[NDArray[np.object_], KeyCounts]:
    found = [None if text is None else normalise(key_type, text) for text in raw]
    series = pd.Series(found, dtype=object)
    present = series.notna().to_numpy()
    repeated = present & series.duplicated(keep=False).to_numpy()
    values = np.empty(len(found), dtype=object)
    values[:] = [text.encode() if keep and text else None
                 for text, keep in zip(found, present & ~repeated, strict=True)]
    missing = raw.count(None)
    valid, duplicate = int((present & ~repeated).sum()), int(repeated.sum())
    return values, KeyCounts(valid, missing, len(raw) - missing - valid - duplicate, duplicate)
