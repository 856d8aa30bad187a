"""Consent events as texts, and their reading. What cannot be read marks its event and never fails the file.

An event is one line of an append-only record: `person` (local id) said `status` about `purpose` at
`event_time`. Field names follow ISO/IEC TS 27560 where it has one.

Texts: times are ISO 8601 with an offset; `recipients` are names separated by `|`; an optional column that is
absent or blank has no value, any value in an objection or erasure column is an objection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

REQUIRED_COLUMNS: Final = ("record_id", "person", "purpose", "legal_basis", "status", "event_time", "scope",
                           "recipients")
OBJECTION_COLUMNS: Final = ("objection_marketing_at", "objection_general_at", "erased_at")
OPTIONAL_COLUMNS: Final = ("expires_at", "channel", "method", "supersedes", "notice_id", "notice_sha256",
                           "proof_ref", "proof_sha256", *OBJECTION_COLUMNS)

LEGAL_BASES: Final = ("consent", "legitimate_interest")
STATUSES: Final = ("given", "refused", "withdrawn", "expired", "invalidated", "unknown")
SCOPES: Final = ("device", "account")  # the later one beats the earlier one
RECIPIENT_SEPARATOR: Final = "|"

_TIME: Final = (r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
                r"(?:Z|[+-][0-9]{2}:?[0-9]{2})")

Mask = NDArray[np.bool_]
Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Events:
    """m events, column by column. Codes index STATUSES and SCOPES (and LEGAL_BASES); -1 is not readable.

    `time` and `expires` are nanoseconds UTC (int64); `expires` is the largest int64 when there is no expiry.
    `readable` is False when a needed value is missing, unknown, naive or later than now.
    """

    person: pd.Series
    purpose: pd.Series
    basis: Codes
    status: Codes
    scope: Codes
    time: NDArray[np.int64]
    expires: NDArray[np.int64]
    recipients: pd.Series
    objection: Mask
    readable: Mask


def read_events(frame: pd.DataFrame, now: datetime) -> Events:
    """Read m events (all columns texts); `now` is timezone-aware."""
    basis, status, scope = (_codes(frame["legal_basis"], LEGAL_BASES), _codes(frame["status"], STATUSES),
                            _codes(frame["scope"], SCOPES))
    time, is_time = _nanoseconds(frame["event_time"])
    expiry = _optional(frame, "expires_at")
    expires, is_expiry = _nanoseconds(expiry)
    endless = _blank(expiry)
    readable = (
        is_time & (time <= pd.Timestamp(now).as_unit("ns").value)
        & (endless | is_expiry)
        & (basis >= 0) & (status >= 0) & (scope >= 0)
        & ~_blank(frame["purpose"]) & ~_blank(frame["record_id"])
    )
    expires[endless] = np.iinfo(np.int64).max
    return Events(frame["person"], frame["purpose"], basis, status, scope, time, expires, frame["recipients"],
                  _objections(frame), readable)


def names_partner(recipients: pd.Series, partner: str) -> Mask:
    """Whether `partner` is one of the recipients of each event, compared whole, outer white space ignored."""
    codes, distinct = pd.factorize(recipients)  # few distinct lists, many events; -1 is a null
    named = [partner in map(str.strip, str(text).split(RECIPIENT_SEPARATOR)) for text in distinct]
    return np.array([*named, False], dtype=bool)[codes]


def _objections(frame: pd.DataFrame) -> Mask:
    objection = np.zeros(len(frame), dtype=bool)
    for name in OBJECTION_COLUMNS:
        if name in frame.columns:
            objection |= ~_blank(frame[name])
    return objection


def _codes(texts: pd.Series, known: tuple[str, ...]) -> Codes:
    codes, distinct = pd.factorize(texts)
    places = [known.index(text) if text in known else -1 for text in distinct]
    return np.array([*places, -1], dtype=np.int8)[codes]


def _optional(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame.columns else pd.Series("", index=frame.index, dtype="str")


def _blank(texts: pd.Series) -> Mask:
    return np.asarray(texts.isna() | (texts.str.strip() == ""), dtype=bool)


def _nanoseconds(texts: pd.Series) -> tuple[NDArray[np.int64], Mask]:
    """Instants and whether each text is one. 0 where it is not."""
    shaped = texts.str.fullmatch(_TIME).fillna(False).to_numpy(dtype=bool)
    instants = np.full(len(texts), np.iinfo(np.int64).min, dtype=np.int64)
    parsed = pd.to_datetime(texts[shaped], format="ISO8601", utc=True, errors="coerce").dt.as_unit("ns")
    instants[shaped] = parsed.astype("int64").to_numpy()
    valid = instants != np.iinfo(np.int64).min  # NaT
    return np.where(valid, instants, 0), valid
