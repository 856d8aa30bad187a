"""The present consent of every person, worked out from their events.

The present state is the last event about the contract's purpose: account scope before device scope, then the
later time, then, in a tie, anything else than "given" (COMPLIANCE R-05).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.consent.events import LEGAL_BASES, SCOPES, STATUSES, Events, Mask, names_partner, read_events
from cleanroom.identity.tables import among

_GIVEN = STATUSES.index("given")
_UNKNOWN = STATUSES.index("unknown")
_CONSENT = LEGAL_BASES.index("consent")
_ACCOUNT = SCOPES.index("account")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Subjects:
    """n people, one boolean each. What a rule may look at."""

    recorded: Mask  # at least one event of any purpose
    readable: Mask  # no event that cannot be read
    ever_given: Mask  # consent was given for the exact purpose at least once
    given: Mask  # the present state is "given"
    on_consent: Mask  # ... with consent as its legal basis
    unknown: Mask  # the present state is "unknown"
    live: Mask  # the present state has not expired
    partner_named: Mask  # ... and names the partner among its recipients
    suppressed: Mask  # on the suppression list
    objected: Mask  # an objection or an erasure in any event
    account: Mask  # the present state is one of the account, not of a device

    def __len__(self) -> int:
        return len(self.recorded)


def subjects_of(persons: pd.Index, consents: pd.DataFrame, suppressions: pd.DataFrame, *, purpose: str,
                partner: str, now: datetime) -> Subjects:
    """State of each of `persons` (unique ids). Events of other people are ignored."""
    events = read_events(consents, now)
    rows = persons.get_indexer(pd.Index(events.person))
    about = (rows >= 0) & np.asarray(events.purpose == purpose, dtype=bool)
    present = _present(events, rows, about, len(persons))
    exists = present >= 0
    known = rows >= 0

    def anyone(mask: Mask) -> Mask:
        return _scatter(rows[mask], len(persons))

    def now_is(mask: Mask) -> Mask:
        answer: Mask = exists & np.append(mask, False)[present]
        return answer

    given = (events.status == _GIVEN) & (events.basis == _CONSENT)
    return Subjects(
        recorded=anyone(known),
        readable=~anyone(known & ~events.readable),
        ever_given=anyone(about & given),
        given=now_is(events.status == _GIVEN),
        on_consent=now_is(events.basis == _CONSENT),
        unknown=now_is(events.status == _UNKNOWN),
        live=now_is(events.expires > pd.Timestamp(now).as_unit("ns").value),
        partner_named=now_is(names_partner(events.recipients, partner)),
        suppressed=among(persons.to_series(), pd.Index(suppressions["person"]).unique()),
        objected=anyone(known & events.objection),
        account=now_is(events.scope == _ACCOUNT),
    )


def _present(events: Events, rows: NDArray[np.intp], about: Mask, size: int) -> NDArray[np.intp]:
    """Index of each person's deciding event, -1 when there is none."""
    found = np.flatnonzero(about)
    order = np.lexsort((events.status[found] != _GIVEN, events.time[found], events.scope[found], rows[found]))
    ordered = found[order]
    owner = rows[ordered]
    last = np.append(owner[1:] != owner[:-1], True)[:len(owner)]
    present = np.full(size, -1, dtype=np.intp)
    present[owner[last]] = ordered[last]
    return present


def _scatter(rows: NDArray[np.intp], size: int) -> Mask:
    flags = np.zeros(size, dtype=bool)
    flags[rows] = True
    return flags
