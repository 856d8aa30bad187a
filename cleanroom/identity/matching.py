"""The keys by which people of one side may be matched, normalised and de-duplicated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.contract.keys import DEFAULT_PROFILE, DEFAULT_SHARED, KeyType, ProfileName, SharedValues
from cleanroom.errors import MisuseError
from cleanroom.identity.columns import COLUMNS_OF, KIND_OF
from cleanroom.identity.masks import shape
from cleanroom.identity.profiles import PROFILES
from cleanroom.identity.profiles.base import Profile, Reason, Result
from cleanroom.identity.profiles.hashes import hashed_email
from cleanroom.identity.sharing import Shared, find_shared

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
class KeyColumn:
    """One key type of n people: (n,) texts or None, (n,) `Reason` or None, and the forms of some refused values."""

    values: NDArray[np.object_]
    refused: NDArray[np.object_]
    shapes: Mapping[int, str]

    def __repr__(self) -> str:
        return f"KeyColumn({len(self.values)} people)"


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


def match_keys(frame: pd.DataFrame, key_types: Sequence[KeyType], profile: ProfileName = DEFAULT_PROFILE,
               shared: SharedValues = DEFAULT_SHARED) -> MatchKeys:
    """Normalised, de-duplicated keys of `frame` (person, and the raw text columns of the key types it has).

    A key type without a column is missing for everyone; blank and null raw values are missing, not invalid.
    Only people whose consent was checked may be given: use `Admitted.match_keys`. MisuseError when the profile has no
    rule for a key type, which no contract asks for.
    """
    persons = pd.Index(frame["person"])
    columns = [normalised(frame, key_type, PROFILES[profile]) for key_type in key_types]
    sharing = find_shared([column.values for column in columns], persons, shared)
    table = np.empty((len(frame), len(key_types)), dtype=object)
    for position, (column, found) in enumerate(zip(columns, sharing, strict=True)):
        column.values[found.lost] = None
        table[:, position] = [None if text is None else text.encode() for text in column.values.tolist()]
    usable = np.asarray(pd.notna(table).any(axis=1), dtype=np.bool_)
    counts = {key_type: _counts(column, found)
              for key_type, column, found in zip(key_types, columns, sharing, strict=True)}
    return MatchKeys(persons[usable], tuple(key_types), table[usable], counts, int((~usable).sum()))


def normalised(frame: pd.DataFrame, key_type: KeyType, profile: Profile) -> KeyColumn:
    """Comparable values of one key type, before any are dropped. Nothing refused is among them."""
    if KIND_OF[key_type] not in profile.normalisers:
        raise MisuseError(f"the profile {profile.name} has no rule for {key_type}")
    columns = [_texts(frame, name) for name in COLUMNS_OF[key_type]]
    if key_type == "email_sha256":
        columns.append(_texts(frame, "email"))
    values, refused = np.empty(len(frame), dtype=object), np.empty(len(frame), dtype=object)
    values[:] = _results(columns, key_type, profile)
    rows = [row for row, found in enumerate(values.tolist()) if isinstance(found, Reason)]
    refused[rows], values[rows] = values[rows], None
    return KeyColumn(values, refused, {row: shape([text for column in columns if (text := column[row])])
                                       for row in rows[:limits.MAX_SHAPED]})


def _results(columns: Sequence[Sequence[str]], key_type: KeyType, profile: Profile) -> list[Result | None]:
    """What the rule says of each person's raw texts; None where one is missing. This is the inner loop of a run.

    Who has an address and no hash of it is hashed here, so that a party with addresses meets one with hashes.
    """
    rule = profile.normalisers[KIND_OF[key_type]]
    if key_type == "email_sha256":
        address = partial(hashed_email, profile.normalisers["email"])
        return [rule(given) if given else address(text) if text else None
                for given, text in zip(*columns, strict=True)]
    if len(columns) > 1:
        return [rule(*raw) if all(raw) else None for raw in zip(*columns, strict=True)]
    return [rule(text) if text else None for text in columns[0]]


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    """Raw texts; empty where there is none."""
    if column not in frame.columns:
        return [""] * len(frame)
    texts = frame[column].astype(object)
    return [text if isinstance(text, str) and not text.isspace() else "" for text in texts]


def _counts(column: KeyColumn, shared: Shared) -> KeyCounts:
    valid, lost = int(pd.notna(column.values).sum()), int(shared.lost.sum())  # lost values are gone already
    reasons = Counter(reason.value for reason in column.refused[pd.notna(column.refused)])
    invalid = reasons.total()
    return KeyCounts(valid, len(column.values) - valid - lost - invalid, invalid, lost, dict(reasons.most_common()),
                     _common_shapes(column), shared.people)


def _common_shapes(column: KeyColumn) -> dict[str, tuple[tuple[str, int], ...]]:
    forms: dict[str, Counter[str]] = {}
    for row, form in column.shapes.items():
        forms.setdefault(column.refused[row].value, Counter())[form] += 1
    return {reason: tuple(found.most_common(_SHAPES)) for reason, found in forms.items()}
