"""The present consent of every person, worked out from their events.

The present state is the last event about the contract's purpose: account scope before device scope, then the
later time, then, in a tie, anything else than "given" (COMPLIANCE R-05). That event is the deciding one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.consent.details import COLUMNS as DETAIL_COLUMNS
from cleanroom.consent.details import Details, details_of
from cleanroom.consent.events import LEGAL_BASES, SCOPES, STATUSES, Events, names_partner, read_events
from cleanroom.consent.texts import Mask, equals, instant, places
from cleanroom.contract.model import Contract, other
from cleanroom.identity.tables import AdvertiserTables, RetailerTables, among

_GIVEN = STATUSES.index("given")
_UNKNOWN = STATUSES.index("unknown")
_CONSENT = LEGAL_BASES.index("consent")
_ACCOUNT = SCOPES.index("account")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Subjects:
    """n people, one boolean each. What a rule may look at; and `present`, the row of the deciding event or -1."""

    recorded: Mask  # at least one event of any purpose
    readable: Mask  # no event whose needed values cannot be read
    complete: Mask  # ... nor any other value
    ever_given: Mask  # consent was given for the exact purpose at least once
    given: Mask  # the present state is "given"
    on_consent: Mask  # ... with consent as its legal basis
    unknown: Mask  # the present state is "unknown"
    live: Mask  # the present state has not expired
    partner_named: Mask  # ... and names the partner among its recipients
    suppressed: Mask  # on the suppression list
    objected: Mask  # an objection or an erasure in any event
    account: Mask  # the present state is one of the account, not of a device
    active: Mask  # a real activity that is recent enough, in any event
    details: Details  # of the deciding event
    present: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.recorded)


def subjects_of(contract: Contract, tables: AdvertiserTables | RetailerTables, now: datetime) -> Subjects:
    """State of each person of the roster (unique ids), in its order. Events of other people are ignored."""
    persons = pd.Index(tables.roster["person"])
    events = read_events(tables.consents, now)
    rows = places(persons, events.person)
    known = rows >= 0
    about = known & equals(tables.consents, "purpose", contract.consent.purpose)
    present = _present(events, rows, about, len(persons))
    partner = contract.party(other(tables.role)).name.strip()

    def anyone(mask: Mask) -> Mask:
        flags = np.zeros(len(persons), dtype=bool)
        flags[rows[mask]] = True
        return flags

    def now_is(mask: Mask) -> Mask:
        answer: Mask = (present >= 0) & np.append(mask, False)[present]
        return answer

    return Subjects(
        recorded=anyone(known),
        readable=~anyone(known & ~events.readable),
        complete=~anyone(known & ~events.complete),
        ever_given=anyone(about & (events.status == _GIVEN) & (events.basis == _CONSENT)),
        given=now_is(events.status == _GIVEN),
        on_consent=now_is(events.basis == _CONSENT),
        unknown=now_is(events.status == _UNKNOWN),
        live=now_is(events.expires > instant(now)),
        partner_named=now_is(names_partner(events.recipients, partner)),
        suppressed=among(persons.to_series(), pd.Index(tables.suppressions["person"]).unique()),
        objected=anyone(known & events.objection),
        account=now_is(events.scope == _ACCOUNT),
        active=anyone(known & (events.activity >= instant(now - timedelta(days=contract.consent.inactive_days)))),
        details=_details(contract, tables, events, present, now),
        present=present,
    )


def _details(contract: Contract, tables: AdvertiserTables | RetailerTables, events: Events,
             present: NDArray[np.intp], now: datetime) -> Details:
    places = np.flatnonzero(present >= 0)
    chosen = present[places]
    deciding = tables.consents.filter(items=DETAIL_COLUMNS).take(chosen)
    return details_of(contract, tables.role, deciding, events.time[chosen], now).scattered(places, len(present))


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
