"""Exposures of devices and cookies, tied to the person who logged in on them.

An exposure that names a person is left alone. Another one of a known device belongs to

* the person who was logged in that day (between first and last seen), when it was only one;
* the only person who ever logged in on the device, when the exposure came before the first login and that person
  agreed with their account (retro-propagation).

It belongs to nobody when several people are possible, after the last login, and where a device has more people than a
household: guessing would put one person's exposures into another one's cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from cleanroom import limits
from cleanroom.identity.numbering import NOBODY, of_somebody

TIED_BY: Final = "tied_by"  # column of the result: how a row without a person found one; empty for the others
LOGGED_IN: Final = "by_login"
BEFORE_LOGIN: Final = "before_login"
UNKNOWN_DEVICE: Final = "exposures_of_unknown_device"
SHARED_DEVICE: Final = "exposures_of_shared_device"
OUTSIDE_LOGINS: Final = "exposures_after_last_login"
NO_ACCOUNT: Final = "exposures_before_login_without_account_consent"


def tie(exposures: pd.DataFrame, identities: pd.DataFrame, agreed: pd.Index) -> tuple[pd.DataFrame, Mapping[str, int]]:
    """`exposures` (person, device, day, …) with the people found, and a column `tied_by`; and rows by reason of those
    of a device that stay without a person. `identities`: device, person, first_seen, last_seen. `agreed`: people for
    whom a login reaches back. Persons are texts, or numbers (`identity.numbering`), in all three.
    """
    rows = np.flatnonzero(~of_somebody(exposures["person"]) & (exposures["device"] != "").to_numpy(dtype=np.bool_))
    seen = pd.DataFrame({"device": exposures["device"].to_numpy(dtype=object)[rows],
                         "day": exposures["day"].to_numpy()[rows], "row": np.arange(len(rows))})
    logins, people = _logins(identities)
    count = people.reindex(seen["device"]).fillna(0).to_numpy()
    nobody = NOBODY if pd.api.types.is_integer_dtype(exposures["person"].dtype) else ""
    person, way = _found(seen, logins, agreed, nobody)
    untied = way == ""
    shared = untied & (count > 1)
    before = untied & (count == 1) & _is_before(seen, logins)
    counts = {UNKNOWN_DEVICE: untied & (count == 0), SHARED_DEVICE: shared, NO_ACCOUNT: before,
              OUTSIDE_LOGINS: untied & (count == 1) & ~before}
    return _written(exposures, rows, person, way), {reason: int(mask.sum()) for reason, mask in counts.items()}


def _logins(identities: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Spans of the devices that a household could have, one for a device of one person; and people by device."""
    plain = identities.astype({"device": object, "person": object})
    people = plain.groupby("device")["person"].nunique()
    plain = plain.assign(people=people.reindex(plain["device"]).to_numpy())
    single = plain[plain["people"] == 1].groupby("device", as_index=False).agg(
        {"person": "first", "first_seen": "min", "last_seen": "max", "people": "first"})
    several = plain[(plain["people"] > 1) & (plain["people"] <= limits.HOUSEHOLD)]
    return pd.concat([single, several], ignore_index=True), people


def _found(seen: pd.DataFrame, logins: pd.DataFrame, agreed: pd.Index, nobody: int | str) \
        -> tuple[np.ndarray, np.ndarray]:
    """Person of each seen exposure (`nobody` without one), and how they were found."""
    person, way = np.full(len(seen), nobody, dtype=object), np.full(len(seen), "", dtype=object)
    pairs = seen.merge(logins, on="device")
    inside = pairs[(pairs["day"] >= pairs["first_seen"]) & (pairs["day"] <= pairs["last_seen"])]
    one = inside.groupby("row")["person"].agg(["first", "nunique"])
    one = one[one["nunique"] == 1]
    person[one.index], way[one.index] = one["first"], LOGGED_IN
    back = pairs[(pairs["people"] == 1) & (pairs["day"] < pairs["first_seen"]) & pairs["person"].isin(agreed)]
    person[back["row"]], way[back["row"]] = back["person"], BEFORE_LOGIN
    return person, way


def _is_before(seen: pd.DataFrame, logins: pd.DataFrame) -> np.ndarray:
    """Whether a seen exposure came before the first login on its device."""
    first = logins.groupby("device")["first_seen"].min().reindex(seen["device"]).to_numpy()
    return np.asarray(seen["day"].to_numpy() < first, dtype=np.bool_)


def _written(exposures: pd.DataFrame, rows: np.ndarray, person: np.ndarray, way: np.ndarray) -> pd.DataFrame:
    people, ways = exposures["person"].to_numpy(dtype=object).copy(), np.full(len(exposures), "", dtype=object)
    people[rows], ways[rows] = person, way
    return exposures.assign(person=pd.Series(people, index=exposures.index, dtype=exposures["person"].dtype),
                            **{TIED_BY: pd.Series(ways, index=exposures.index, dtype=object)})
