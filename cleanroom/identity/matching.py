"""The keys by which people of one side may be matched, de-duplicated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cleanroom.contract.keys import DEFAULT_PROFILE, DEFAULT_SHARED, KeyType, ProfileName, SharedValues
from cleanroom.errors import MisuseError
from cleanroom.identity.normalising import REASONS, KeyColumn, normalised
from cleanroom.identity.profiles import PROFILES
from cleanroom.identity.sharing import Shared, find_shared
from cleanroom.identity.values import Column, KeyValues, text_array, whole, without

_SHAPES = 3  # forms of refused values shown for each reason


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """What became of one key type, in people. `valid` keys are used; the four add up to all people.

    `duplicate`: people who lost a value that somebody else has, too. For the owner only: `reasons` (people by why their
    value is refused), `shapes` (by reason, the commonest masked forms and how often), `shared` (people by kind of
    shared value, see `identity.sharing`).
    """

    valid: int
    missing: int
    invalid: int
    duplicate: int
    reasons: Mapping[str, int] = field(default_factory=dict, compare=False)
    shapes: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict, compare=False, repr=False)
    shared: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NormalisedKeys:
    """Comparable key values of n people, before any are dropped.

    `persons`: their ids or numbers. `profile`: by whose rules. `columns`: by key type in priority order. `ids`: n
    texts, only where the rule for shared values looks at them.
    """

    persons: pd.Index
    profile: ProfileName
    columns: Mapping[KeyType, KeyColumn]
    ids: Column | None = None

    def __repr__(self) -> str:
        return f"NormalisedKeys({len(self.persons)} people)"

    def __len__(self) -> int:
        return len(self.persons)

    @property
    def key_types(self) -> tuple[KeyType, ...]:
        """In priority order."""
        return tuple(self.columns)

    @property
    def values(self) -> tuple[Column, ...]:
        """By key type in priority order, n values or nulls."""
        return tuple(column.values for column in self.columns.values())

    def take(self, rows: NDArray[np.intp]) -> NormalisedKeys:
        """Those of some people only. `rows` ascend."""
        if len(rows) == len(self.persons):
            return self
        return NormalisedKeys(self.persons[rows], self.profile,
                              {key_type: column.take(rows) for key_type, column in self.columns.items()},
                              None if self.ids is None else self.ids.take(pa.array(rows)))


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


def match_keys(frame: pd.DataFrame, key_types: Sequence[KeyType], profile: ProfileName = DEFAULT_PROFILE,
               shared: SharedValues = DEFAULT_SHARED) -> MatchKeys:
    """Normalised, de-duplicated keys of `frame`, as `normalised_keys` reads it.

    Only people whose consent was checked may be given: use `Admitted.match_keys`.
    """
    return without_repeats(normalised_keys(frame, key_types, profile, shared), shared)


def normalised_keys(frame: pd.DataFrame, key_types: Sequence[KeyType], profile: ProfileName = DEFAULT_PROFILE,
                    shared: SharedValues = DEFAULT_SHARED) -> NormalisedKeys:
    """Comparable values of `frame` (person, `id` where persons are numbers, and the raw text columns of the key types
    it has), and what the rule for shared values needs.

    A key type without a column is missing for everyone; blank and null raw values are missing, not invalid.
    MisuseError when the profile has no rule for a key type, which no contract asks for.
    """
    ids = frame["id"] if "id" in frame else frame["person"].astype("str")
    return NormalisedKeys(pd.Index(frame["person"]), profile,
                          {key_type: normalised(frame, key_type, PROFILES[profile]) for key_type in key_types},
                          text_array(ids) if shared == "unless_conflict" else None)


def without_repeats(keys: NormalisedKeys, shared: SharedValues = DEFAULT_SHARED) -> MatchKeys:
    """Match keys: a value that belongs to more than one person stays with one of them at most (`identity.sharing`)."""
    return distinct_keys(keys.persons, [keys], shared)


def distinct_keys(persons: pd.Index, parts: list[NormalisedKeys], shared: SharedValues = DEFAULT_SHARED) -> MatchKeys:
    """As `without_repeats`, for all parts together. `persons`: of all of them, in order.

    Takes the parts over: `parts` is empty afterwards. MisuseError for parts without the ids that the rule needs.
    """
    key_types = parts[0].key_types
    ids = _ids(parts) if shared == "unless_conflict" else None
    found = [[part.columns[key_type] for part in parts] for key_type in key_types]
    parts.clear()
    columns = [joined([column.values for column in each]) for each in found]
    refused = [(np.concatenate([column.refused for column in each]), _common_shapes(each)) for each in found]
    found.clear()
    usable, counts = np.zeros(len(persons), dtype=np.bool_), {}
    for position, sharing in enumerate(find_shared(columns, ids, shared)):
        columns[position] = without(columns[position], sharing.lost)
        present = columns[position].is_valid().to_numpy(zero_copy_only=False)
        usable |= present
        counts[key_types[position]] = _counts(int(present.sum()), *refused[position], sharing)
    values = KeyValues(columns).where(usable)
    return MatchKeys(persons[usable], key_types, values, counts, int((~usable).sum()), usable)


def joined(columns: list[Column]) -> Column:
    """One array of all chunks, which are forgotten."""
    found = columns[0] if len(columns) == 1 else whole(pa.chunked_array(columns, type=columns[0].type))
    columns.clear()
    return found


def _ids(parts: Sequence[NormalisedKeys]) -> Column:
    found = [part.ids for part in parts if part.ids is not None]
    if len(found) < len(parts):
        raise MisuseError("the rule for shared values looks at ids")
    return joined(found)


def _counts(valid: int, refused: NDArray[np.uint8], shapes: Mapping[str, tuple[tuple[str, int], ...]],
            shared: Shared) -> KeyCounts:
    reasons = Counter({REASONS[code].value: count for code, count in enumerate(np.bincount(refused)[1:].tolist())
                       if count})
    lost, invalid = int(shared.lost.sum()), reasons.total()
    return KeyCounts(valid, len(refused) - valid - lost - invalid, invalid, lost, dict(reasons.most_common()), shapes,
                     shared.people)


def _common_shapes(columns: Sequence[KeyColumn]) -> dict[str, tuple[tuple[str, int], ...]]:
    forms: dict[str, Counter[str]] = {}
    for column in columns:
        for row, form in column.forms.items():
            forms.setdefault(REASONS[column.refused[row] - 1].value, Counter())[form] += 1
    return {reason: tuple(found.most_common(_SHAPES)) for reason, found in forms.items()}
