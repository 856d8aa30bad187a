"""Consent histories: what each person said, when, to whom; and for whom it stands."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleanroom.adapters.demo_settings import demo_terms
from cleanroom.adapters.synth.columns import Array, Flags, hex_texts, joined, moments, pick, repeated, uuids
from cleanroom.consent.events import SCOPES

PURPOSE: Final = "exposure_to_purchase_measurement"
OTHER_PURPOSE: Final = "marketing_email"
OTHER_PARTNER: Final = "Another Partner"
_SUPPRESSED: Final = 0.004
_EARLIEST: Final = -730  # first events lie in the year from this day on
_NOTICE: Final = demo_terms()["consent"]["notices"][0]  # of both parties, in terms.toml
_ADULT, _CHILD = (1930, 2000), (2012, 2016)  # years of birth, the last one excluded
_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class _Event:
    status: str = "given"
    after: int = 0  # days after the history's first event
    purpose: str = PURPOSE
    partner: bool = True  # whether the partner is among the recipients
    basis: str = "consent"
    scope: str = "account"
    expires: bool = False  # the day before the campaign
    proven: bool = True
    notice: str = _NOTICE["id"]
    born: tuple[int, int] = _ADULT
    silent: int = 0  # days before the campaign's last year in which the last activity lies


_GIVEN: Final = _Event()
_MARKETING: Final = _Event(purpose=OTHER_PURPOSE)
# Histories that do not stand, and those that do, with their shares of the two groups.
FAILING: Final = MappingProxyType({
    "refused": (0.20, (_Event("refused"),)),
    "withdrawn": (0.18, (_GIVEN, _Event("withdrawn", 90))),
    "missing": (0.12, ()),
    "wrong_purpose": (0.12, (_MARKETING,)),
    "wrong_recipient": (0.10, (_Event(partner=False),)),
    "unproven": (0.04, (_Event(proven=False),)),
    "wrong_notice": (0.03, (_Event(notice="advertising-2015-06"),)),
    "child": (0.02, (_Event(born=_CHILD),)),
    "inactive": (0.03, (_Event(silent=1200),)),
    "tied": (0.06, (_GIVEN, _Event("withdrawn"))),
    "expired": (0.05, (_Event(expires=True),)),
    "wrong_basis": (0.05, (_Event(basis="legitimate_interest"),)),
})
STANDING: Final = MappingProxyType({
    "plain": (0.50, (_GIVEN,)),
    "marketing_too": (0.20, (_MARKETING, _Event(after=1))),
    "late": (0.10, (_Event("refused"), _Event(after=60))),
    "renewed": (0.10, (_GIVEN, _Event("withdrawn", 30), _Event(after=200))),
    "device_refused": (0.06, (_GIVEN, _Event("refused", 45, scope="device"))),
    "tied": (0.04, (_GIVEN, _Event(purpose=OTHER_PURPOSE, status="withdrawn"))),
})
_HISTORIES: Final = tuple(events for group in (FAILING, STANDING) for _, events in group.values())
_EVENTS: Final = tuple(event for history in _HISTORIES for event in history)
_LENGTHS: Final = np.array([len(history) for history in _HISTORIES])
_OFFSETS: Final = np.cumsum(_LENGTHS) - _LENGTHS


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Choices:
    """Consents and suppressions of one side, and whether each person takes part (one flag a person)."""

    consents: Any  # pyarrow.Table
    suppressions: Any
    admitted: Flags


def draw_choices(random: np.random.Generator, ids: Array, refused: float, partner: str, person: str) -> Choices:
    """The history of each of `ids`. `refused`: share that does not stand; `person`: name of the id column."""
    history = _histories(random, len(ids), refused)
    suppressed = random.random(len(ids)) < _SUPPRESSED
    admitted = (history >= len(FAILING)) & ~suppressed
    out = pa.table({person: ids.filter(pa.array(suppressed))})
    return Choices(_consents(random, ids, history, partner, person), out, admitted)


def _histories(random: np.random.Generator, size: int, refused: float) -> NDArray[np.int64]:
    failing, standing = (np.array([share for share, _ in group.values()]) for group in (FAILING, STANDING))
    shares = np.r_[refused * failing / failing.sum(), (1 - refused) * standing / standing.sum()]
    return random.choice(len(_HISTORIES), size, p=shares / shares.sum())


def _consents(random: np.random.Generator, ids: Array, history: NDArray[np.int64], partner: str, person: str) -> Any:
    """One row an event, in the order of time, as in an append-only record."""
    begins = random.integers(_EARLIEST * 86_400, (_EARLIEST + 365) * 86_400, len(ids))
    owner, place = repeated(_LENGTHS[history])
    event = _OFFSETS[history[owner]] + place
    second = begins[owner] + np.array([each.after for each in _EVENTS])[event] * 86_400
    order = np.argsort(second, kind="stable")
    return _table(random, ids.take(pa.array(owner[order])), event[order], second[order], partner, person)


def _table(random: np.random.Generator, persons: Array, event: NDArray[np.int64], second: NDArray[np.int64],
           partner: str, person: str) -> Any:
    size = len(event)
    records = uuids(random, size)
    recipients = [f"{OTHER_PARTNER}|{partner}" if each.scope == SCOPES[1] and each.after else
                  partner if each.partner else OTHER_PARTNER for each in _EVENTS]
    expiry = moments(np.full(size, -1), np.zeros(size, dtype=np.int64), zone="UTC")
    expires = np.array([each.expires for each in _EVENTS])[event]
    proven = pa.array(np.array([each.proven for each in _EVENTS])[event])
    born = np.array([each.born for each in _EVENTS])[event]
    silent = np.array([each.silent for each in _EVENTS])[event]
    return pa.table({
        "consent_id": records,
        person: persons,
        "purpose": pick([each.purpose for each in _EVENTS], event),
        "legal_basis": pick([each.basis for each in _EVENTS], event),
        "status": pick([each.status for each in _EVENTS], event),
        "event_time": moments(np.zeros(size, dtype=np.int64), second, zone="UTC"),
        "expires_at": pc.if_else(pa.array(expires), expiry, pa.scalar(None, expiry.type)),
        "scope": pick([each.scope for each in _EVENTS], event),
        "recipients": pick(recipients, event),
        "channel": pick(["web", "app", "store"], random.integers(0, 3, size)),
        "method": pick(["form"], np.zeros(size, dtype=np.int64)),
        "notice_id": pick([each.notice for each in _EVENTS], event),
        "notice_sha256": pick([_NOTICE["sha256"]], np.zeros(size, dtype=np.int64)),
        "proof_ref": pc.if_else(proven, joined("archive/", records), pa.scalar("")),
        "proof_sha256": pc.if_else(proven, hex_texts(random.integers(0, 256, (size, 32), dtype=np.uint8)),
                                   pa.scalar("")),
        "birth_year": pa.array(random.integers(*born.T)),
        "last_activity_at": moments(-random.integers(1, _YEAR, size) - silent, np.zeros(size, dtype=np.int64),
                                    zone="UTC"),
        "last_activity_kind": pick(["purchase", "login"], random.integers(0, 2, size)),
    })
