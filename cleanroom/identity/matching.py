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
    """One key type of n people, (n,) each: `values` texts or None, `refused` a `Reason` or None, `forms` masked texts
    of some refused values or None. Who has neither a value nor a reason has no raw value."""

    values: NDArray[np.object_]
    refused: NDArray[np.object_]
    forms: NDArray[np.object_]

    def __repr__(self) -> str:
        return f"KeyColumn({len(self.values)} people)"

    def take(self, rows: NDArray[np.intp]) -> KeyColumn:
        """Those of some people only."""
        return KeyColumn(self.values[rows], self.refused[rows], self.forms[rows])


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NormalisedKeys:
    """Comparable key values of n people, before any are dropped.

    `persons`: their ids. `profile`: by whose rules. `columns`: by key type in priority order.
    """

    persons: pd.Index
    profile: ProfileName
    columns: Mapping[KeyType, KeyColumn]

    def __repr__(self) -> str:
        return f"NormalisedKeys({len(self.persons)} people)"

    @property
    def key_types(self) -> tuple[KeyType, ...]:
        """In priority order."""
        return tuple(self.columns)

    @property
    def values(self) -> Mapping[KeyType, NDArray[np.object_]]:
        """By key type, n texts or None."""
        return {key_type: column.values for key_type, column in self.columns.items()}

    def take(self, rows: NDArray[np.intp]) -> NormalisedKeys:
        """Those of some people only."""
        return NormalisedKeys(self.persons[rows], self.profile,
                              {key_type: column.take(rows) for key_type, column in self.columns.items()})


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
    """Normalised, de-duplicated keys of `frame`, as `normalised_keys` reads it.

    Only people whose consent was checked may be given: use `Admitted.match_keys`.
    """
    return without_repeats(normalised_keys(frame, key_types, profile), shared)


def normalised_keys(frame: pd.DataFrame, key_types: Sequence[KeyType],
                    profile: ProfileName = DEFAULT_PROFILE) -> NormalisedKeys:
    """Comparable values of `frame` (person, and the raw text columns of the key types it has).

    A key type without a column is missing for everyone; blank and null raw values are missing, not invalid.
    MisuseError when the profile has no rule for a key type, which no contract asks for.
    """
    return NormalisedKeys(pd.Index(frame["person"]), profile, {
        key_type: normalised(frame, key_type, PROFILES[profile]) for key_type in key_types})


def without_repeats(keys: NormalisedKeys, shared: SharedValues = DEFAULT_SHARED) -> MatchKeys:
    """Match keys: a value that belongs to more than one person stays with one of them at most (`identity.sharing`)."""
    sharing = find_shared(list(keys.values.values()), keys.persons, shared)
    table = np.empty((len(keys.persons), len(keys.columns)), dtype=object)
    for position, (column, found) in enumerate(zip(keys.columns.values(), sharing, strict=True)):
        table[:, position] = [None if lost or text is None else text.encode()
                              for text, lost in zip(column.values.tolist(), found.lost.tolist(), strict=True)]
    usable = np.asarray(pd.notna(table).any(axis=1), dtype=np.bool_)
    counts = {key_type: _counts(column, found)
              for (key_type, column), found in zip(keys.columns.items(), sharing, strict=True)}
    return MatchKeys(keys.persons[usable], keys.key_types, table[usable], counts, int((~usable).sum()))


def normalised(frame: pd.DataFrame, key_type: KeyType, profile: Profile) -> KeyColumn:
    """Comparable values of one key type, before any are dropped. Nothing refused is among them."""
    if KIND_OF[key_type] not in profile.normalisers:
        raise MisuseError(f"the profile {profile.name} has no rule for {key_type}")
    names = (*COLUMNS_OF[key_type], *(["email"] if key_type == "email_sha256" else []))
    values, refused, forms = (np.full(len(frame), None, dtype=object) for _ in range(3))
    rest = np.ones(len(frame), dtype=np.bool_)
    if KIND_OF[key_type] == "email" and profile.plain is not None and key_type in frame.columns and len(frame):
        found, known = profile.plain.read(frame[key_type].astype("str"))
        values[known], rest = found[known], ~known
    others = frame[rest]
    values[rest] = _array(_results([_texts(others, name) for name in names], key_type, profile))
    rows = [row for row in np.flatnonzero(rest).tolist() if isinstance(values[row], Reason)]
    refused[rows], values[rows] = values[rows], None
    shown = rows[:limits.MAX_SHAPED]
    raw = zip(*(_texts(frame.iloc[shown], name) for name in names), strict=True)
    forms[shown] = _array([shape([text for text in texts if text]) for texts in raw])
    return KeyColumn(values, refused, forms)


def _array(items: Sequence[object]) -> NDArray[np.object_]:
    found = np.empty(len(items), dtype=object)
    found[:] = items
    return found


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
    lost = int(shared.lost.sum())
    valid = int(pd.notna(column.values).sum()) - lost
    reasons = Counter(reason.value for reason in column.refused[pd.notna(column.refused)])
    invalid = reasons.total()
    return KeyCounts(valid, len(column.values) - valid - lost - invalid, invalid, lost, dict(reasons.most_common()),
                     _common_shapes(column), shared.people)


def _common_shapes(column: KeyColumn) -> dict[str, tuple[tuple[str, int], ...]]:
    forms: dict[str, Counter[str]] = {}
    for row in np.flatnonzero(pd.notna(column.forms)):
        forms.setdefault(column.refused[row].value, Counter())[column.forms[row]] += 1
    return {reason: tuple(found.most_common(_SHAPES)) for reason, found in forms.items()}
