"""What the deciding event of each person says beyond its status: proof, notice, age, TC string, location.

Every function takes the d deciding events as texts, one row a person, and gives d booleans: True is good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.consent import texts as t
from cleanroom.consent.tcf import TcfError, TCString, decode
from cleanroom.consent.tcf_decision import MOST, PRECISE_LOCATION, WARN, refusals
from cleanroom.consent.texts import Mask, Nanoseconds
from cleanroom.contract.model import Contract, Role

COLUMNS: Final = ("notice_id", "notice_sha256", "proof_ref", "proof_sha256", "birth_year", "parental_consent_ref",
                  "tc_string", "precise_location")
_SHA256: Final = r"[0-9a-fA-F]{64}"
_NO_YEAR: Final = 9999  # a birth year that nobody has: makes a person far too young


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Details:
    """One boolean a person."""

    proven: Mask  # a reference and a hash of the proof
    informed: Mask  # accepted one of the contract's notices, once it was published
    of_age: Mask
    tcf_permits: Mask
    tcf_fresh: Mask  # at most 13 months old
    tcf_ageing: Mask  # more than 6 months old
    located: Mask  # no precise location, or one that the contract and the string allow

    def scattered(self, places: NDArray[np.intp], size: int) -> Details:
        """The same for `size` people, of whom those at `places` have a deciding event; False for the others."""
        found = []
        for field in fields(self):
            mask = np.zeros(size, dtype=bool)
            mask[places] = getattr(self, field.name)
            found.append(mask)
        return Details(*found)


def details_of(contract: Contract, role: Role, deciding: pd.DataFrame, time: Nanoseconds, now: datetime) -> Details:
    """`deciding`: d events as texts; `time`: when they happened, nanoseconds UTC."""
    permits, fresh, ageing, precise = _tcf(contract.consent.tcf_vendors.of(role), deciding, now)
    exact = t.among(deciding, "precise_location", ("true",))
    return Details(
        proven=~t.blank(deciding, "proof_ref") & t.matches(deciding, "proof_sha256", _SHA256),
        informed=_informed(contract, role, deciding, time),
        of_age=_of_age(contract.consent.minimum_age, deciding, time),
        tcf_permits=permits, tcf_fresh=fresh, tcf_ageing=ageing,
        located=~exact | (precise & contract.consent.precise_location),
    )


def _informed(contract: Contract, role: Role, deciding: pd.DataFrame, time: Nanoseconds) -> Mask:
    zone = ZoneInfo(contract.calendar.time_zone)
    found = np.zeros(len(deciding), dtype=bool)
    for notice in contract.consent.notices:
        if notice.party == role:
            midnight = datetime(notice.published.year, notice.published.month, notice.published.day, tzinfo=zone)
            said = t.equals(deciding, "notice_id", notice.id) & t.equals(deciding, "notice_sha256", notice.sha256)
            found |= said & (time >= t.instant(midnight))
    return found


def _of_age(floor: int, deciding: pd.DataFrame, time: Nanoseconds) -> Mask:
    """The age that a person certainly had at the event: the birthday of that year may not have come yet."""
    codes, distinct = pd.factorize(t.column(deciding, "birth_year"))
    years = np.array([*(int(text) if text.isascii() and text.isdigit() and len(text) == 4 else _NO_YEAR
                        for text in map(str, distinct)), _NO_YEAR])[codes]
    age = time.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970 - years - 1
    joint = ~t.blank(deciding, "parental_consent_ref")
    answer: Mask = (age >= floor) & ((age >= limits.JOINT_CONSENT_AGE) | joint)
    return answer


def _tcf(vendors: Sequence[int], deciding: pd.DataFrame, now: datetime) -> tuple[Mask, Mask, Mask, Mask]:
    """Whether the string permits, is fresh, is ageing, has precise location. Each distinct string is decoded once."""
    codes, distinct = pd.factorize(t.column(deciding, "tc_string").astype("str").fillna(""))
    found = np.array([_judge(str(text), vendors, now) for text in distinct], dtype=bool).reshape(-1, 4)[codes]
    return found[:, 0], found[:, 1], found[:, 2], found[:, 3]


def _judge(text: str, vendors: Sequence[int], now: datetime) -> tuple[bool, bool, bool, bool]:
    """No string is good enough where the contract names no vendor: then no tracker is involved."""
    if not text.strip():
        return not vendors, True, False, False
    try:
        tc = decode(text)
    except TcfError:
        return False, True, False, False
    age = _age(tc, now)
    return (next(refusals(tc, vendors), None) is None, timedelta(0) <= age <= MOST, age > WARN,
            PRECISE_LOCATION in tc.features)


def _age(tc: TCString, now: datetime) -> timedelta:
    """From the day the choice was made: an update that kept the choice does not renew it."""
    return now.astimezone(UTC) - tc.created
