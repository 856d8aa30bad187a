"""Raw texts of a roster as comparable values of one key type, by a profile's rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.contract.keys import KeyType
from cleanroom.errors import MisuseError
from cleanroom.identity.columns import COLUMNS_OF, KIND_OF
from cleanroom.identity.masks import shape
from cleanroom.identity.profiles.base import Profile, Reason, Result
from cleanroom.identity.profiles.hashes import hashed_email
from cleanroom.identity.values import Column, text_array

REASONS: Final = tuple(Reason)
_CODES: Final = {reason: code for code, reason in enumerate(REASONS, 1)}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class KeyColumn:
    """One key type of n people. `values`: UTF-8 bytes or null. `refused`: (n,) uint8, 0 or the place of the reason in
    REASONS, from 1. `forms`: masked texts of some refused values, by row. Who has neither a value nor a reason has no
    raw value."""

    values: Column
    refused: NDArray[np.uint8]
    forms: Mapping[int, str]

    def __repr__(self) -> str:
        return f"KeyColumn({len(self.values)} people)"

    def take(self, rows: NDArray[np.intp]) -> KeyColumn:
        """Those of some people only. `rows` ascend."""
        shown = np.fromiter(self.forms, dtype=np.intp, count=len(self.forms))
        places = np.searchsorted(rows, shown)
        found = zip(places.tolist(), shown.tolist(), self.forms.values(), strict=True)
        kept = {place: form for place, row, form in found if place < len(rows) and rows[place] == row}
        return KeyColumn(self.values.take(pa.array(rows)), self.refused[rows], kept)


def normalised(frame: pd.DataFrame, key_type: KeyType, profile: Profile) -> KeyColumn:
    """Comparable values of one key type, before any are dropped. Nothing refused is among them."""
    if KIND_OF[key_type] not in profile.normalisers:
        raise MisuseError(f"the profile {profile.name} has no rule for {key_type}")
    names = (*COLUMNS_OF[key_type], *(["email"] if key_type == "email_sha256" else []))
    raw = [_texts(frame, name) for name in names]
    if KIND_OF[key_type] == "email" and profile.plain is not None:
        folded, known = profile.plain.read(raw[0])
    else:
        folded, known = raw[0], np.zeros(len(frame), dtype=np.bool_)
    rows = np.flatnonzero(~known & _any_text(raw))
    texts = [_given(column.take(pa.array(rows)).to_pylist()) for column in raw]
    results = _results(texts, key_type, profile)
    refused = np.zeros(len(frame), dtype=np.uint8)
    refused[rows] = [_CODES[result] if isinstance(result, Reason) else 0 for result in results]
    shown = [place for place, result in enumerate(results) if isinstance(result, Reason)][:limits.MAX_SHAPED]
    forms = {int(rows[place]): shape([column[place] for column in texts if column[place]]) for place in shown}
    return KeyColumn(_filled(folded, known, rows, results), refused, forms)


def _filled(folded: Column, known: NDArray[np.bool_], rows: NDArray[np.intp], results: Sequence[Result | None]) \
        -> Column:
    """The values that were read in bulk, and at `rows` what the rule found."""
    values = pc.if_else(pa.array(known), folded, pa.scalar(None, pa.large_string()))
    if len(rows):
        mask = np.zeros(len(known), dtype=np.bool_)
        mask[rows] = True
        found = pa.array([result if isinstance(result, str) else None for result in results], type=pa.large_string())
        values = pc.replace_with_mask(values, pa.array(mask), found)
    return values.cast(pa.large_binary())


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


def _texts(frame: pd.DataFrame, column: str) -> Column:
    """Raw texts, (n,) large strings; empty where there is none, and for what is no text."""
    if column not in frame.columns:
        return pa.array([""], type=pa.large_string()).take(pa.array(np.zeros(len(frame), dtype=np.int64)))
    texts = frame[column]
    if not isinstance(texts.dtype, pd.StringDtype | pd.CategoricalDtype):
        texts = pd.Series([text if isinstance(text, str) else None for text in texts], dtype="str")
    return text_array(texts)


def _given(texts: Iterable[str]) -> list[str]:
    """White space is no text."""
    return ["" if text.isspace() else text for text in texts]


def _any_text(columns: Sequence[Column]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.any([pc.not_equal(column, "").to_numpy(zero_copy_only=False) for column in columns],
                                      axis=0)
    return found
