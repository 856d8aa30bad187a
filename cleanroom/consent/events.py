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

from cleanroom.consent import texts as t
from cleanroom.consent.columns import OBJECTION_COLUMNS
from cleanroom.consent.texts import Codes, Mask, Nanoseconds

LEGAL_BASES: Final = ("consent", "legitimate_interest")
STATUSES: Final = ("given", "refused", "withdrawn", "expired", "invalidated", "unknown")
SCOPES: Final = ("device", "account")  # the later one beats the earlier one
REAL_ACTIVITIES: Final = ("purchase", "login", "click", "service_contact")
ACTIVITIES: Final = (*REAL_ACTIVITIES, "email_open")  # opening an e-mail is no activity of its own (2021-131)
SOURCES: Final = ("direct", "third_party")
TRUTHS: Final = ("false", "true")
RECIPIENT_SEPARATOR: Final = "|"

NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Events:
    """m events, column by column. Codes index STATUSES and SCOPES (and LEGAL_BASES); -1 is not readable.

    `time`, `expires` and `activity` are nanoseconds UTC (int64); `expires` is NEVER when there is no expiry,
    `activity` the smallest int64 when there is no real activity. `readable` is False when a needed value is
    missing, unknown, naive or later than now; `complete` also when a further column has such a value.
    """

    person: pd.Series
    purpose: pd.Series
    basis: Codes
    status: Codes
    scope: Codes
    time: Nanoseconds
    expires: Nanoseconds
    activity: Nanoseconds
    recipients: pd.Series
    objection: Mask
    readable: Mask
    complete: Mask


def read_events(frame: pd.DataFrame, now: datetime) -> Events:
    """Read m events (all columns texts); `now` is timezone-aware."""
    basis, status, scope = (t.codes(frame["legal_basis"], LEGAL_BASES), t.codes(frame["status"], STATUSES),
                            t.codes(frame["scope"], SCOPES))
    time, is_time = t.nanoseconds(frame["event_time"])
    endless = t.blank(frame, "expires_at")
    expires, is_expiry = t.optional_nanoseconds(frame, "expires_at")
    latest = t.instant(now)
    readable = (
        is_time & (time <= latest)
        & (endless | is_expiry)
        & (basis >= 0) & (status >= 0) & (scope >= 0)
        & ~t.blank(frame, "purpose") & ~t.blank(frame, "record_id")
    )
    expires[endless] = NEVER
    activity, complete = _activity(frame, latest)
    return Events(frame["person"], frame["purpose"], basis, status, scope, time, expires, activity, frame["recipients"],
                  _objections(frame), readable, readable & complete & _enumerations(frame, now))


def names_partner(recipients: pd.Series, partner: str) -> Mask:
    """Whether `partner` is one of the recipients of each event, compared whole, outer white space ignored."""
    return t.each(recipients, lambda text: partner in map(str.strip, text.split(RECIPIENT_SEPARATOR)))


def _activity(frame: pd.DataFrame, latest: int) -> tuple[Nanoseconds, Mask]:
    """Last real activity that each event tells of, and whether what it tells can be read."""
    at, is_time = t.optional_nanoseconds(frame, "last_activity_at")
    silent = t.blank(frame, "last_activity_at")
    real = t.among(frame, "last_activity_kind", REAL_ACTIVITIES) & is_time & ~silent
    readable = (silent | (is_time & (at <= latest))) & t.known(frame, "last_activity_kind", ACTIVITIES)
    activity: NDArray[np.int64] = np.where(real & readable, at, np.iinfo(np.int64).min)
    return activity, readable


def _enumerations(frame: pd.DataFrame, now: datetime) -> Mask:
    """Whether every further value is blank or one of its closed list."""
    years = tuple(str(year) for year in range(1900, now.year + 1))
    return (t.known(frame, "source", SOURCES) & t.known(frame, "precise_location", TRUTHS)
            & t.known(frame, "birth_year", years) & t.matches(frame, "jurisdiction", r"(?:[A-Z]{2})?"))


def _objections(frame: pd.DataFrame) -> Mask:
    objection = np.zeros(len(frame), dtype=bool)
    for name in OBJECTION_COLUMNS:
        objection |= ~t.blank(frame, name)
    return objection
