"""Invented e-mail addresses and consent events for the demonstration.

The households and their purchases are real, their addresses and consents are not published, so they are made
here: every choice is a hash of the household and of what is chosen, so two runs write the same bytes.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

PURPOSE: Final = "exposure_to_purchase_measurement"

_FIRST: Final = (
    "ada", "ahmed", "alice", "amelie", "anna", "bruno", "camille", "carla", "chloe", "clara", "daniel",
    "david", "elena", "eliot", "emma", "eva", "farid", "felix", "greta", "hugo", "ines", "ivan", "jade",
    "jonas", "julia", "karim", "laura", "lea", "leo", "lina", "louis", "lucas", "manon", "marie", "mateo",
    "mila", "nadia", "nina", "noah", "nora", "olga", "oscar", "paul", "rosa", "sami", "sara", "simon",
    "theo", "victor", "zoe",
)
_LAST: Final = (
    "adams", "baker", "bell", "bennett", "brooks", "carter", "clark", "cole", "cook", "cooper", "cruz",
    "davis", "diaz", "dubois", "evans", "fisher", "fontaine", "foster", "garcia", "gray", "green", "hall",
    "harris", "hayes", "hill", "howard", "hughes", "james", "kelly", "king", "lambert", "lee", "lewis",
    "lopez", "martin", "mercier", "meyer", "mills", "moore", "morel", "murphy", "nelson", "ortiz",
    "parker", "perez", "perry", "price", "reed", "reyes", "rivera", "rogers", "ross", "roux", "ruiz",
    "russell", "sanders", "scott", "stone", "torres", "turner", "vidal", "walker", "ward", "watson",
    "weber", "wood", "wright", "young",
)
_DOMAINS: Final = ("example.org", "example.com", "example.net", "mail.example.org", "post.example.net")
PREPARED: Final = datetime(2026, 6, 1, tzinfo=UTC)  # people were last active in the year before this
WITHDRAWN_TWIN: Final = "stranger 3"  # withdrew, and stands in the file a second time as stranger 2

_NOTICE: Final = "How we measure advertising with our partners, edition of January 2016"
_OLD_NOTICE: Final = "How we advertise, edition of June 2015"
_ADULT: Final = (1930, 60)  # first birth year, and how many
_CHILD: Final = (2004, 6)

# Per thousand people: how consent fails. Together 8 %, the rest stands.
_FAILURES: Final[Mapping[str, int]] = MappingProxyType(
    {"refused": 14, "withdrawn": 14, "missing": 12, "marketing": 12, "recipient": 8, "naive": 4, "unproven": 4,
     "notice": 4, "child": 4, "inactive": 4})
_SUPPRESSED_PER_MILLE: Final = 4


def choice(purpose: str, key: str, size: int) -> int:
    """A number in [0, size) that depends on nothing but its arguments."""
    digest = hashlib.blake2b(f"{purpose}/{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % size


def email_of(key: str) -> str:
    """A plausible address at a reserved domain (RFC 2606)."""
    first, last = _FIRST[choice("first", key, len(_FIRST))], _LAST[choice("last", key, len(_LAST))]
    return f"{first}.{last}{choice('number', key, 10_000)}@{_DOMAINS[choice('domain', key, len(_DOMAINS))]}"


def as_typed(side: str, key: str, address: str) -> str:
    """The same address the way it ends up in a customer file: some in other case, some with spaces around."""
    style = choice(f"{side} style", key, 100)
    if style < 6:
        return address.upper()
    if style < 14:
        local, _, domain = address.partition("@")
        return f"{local.title()}@{domain}"
    return f"  {address} " if style < 20 else address


def advertiser_email(key: str) -> str:
    """As typed, but for a few that were left blank or are no address at all."""
    fault = choice("advertiser fault", key, 1000)
    if fault < 6:
        return ""
    address = email_of(key)
    return address.replace("@", " at ") if fault < 12 else as_typed("advertiser", key, address)


def is_suppressed(side: str, key: str) -> bool:
    """Whether the person asked to be left out of everything."""
    return choice(f"{side} suppression", key, 1000) < _SUPPRESSED_PER_MILLE


def consent_rows(side: str, partner: str, people: Iterable[tuple[str, str]],
                 now: datetime = PREPARED) -> Iterator[dict[str, str]]:
    """Consent events of (key, local id) pairs on one side; `partner` is whom the good ones name."""
    newsletter = _Event("given", partner, 2015, purpose="marketing_email")
    for key, person in people:
        events = _events(_outcome(side, key), partner)
        if choice(f"{side} newsletter", key, 10) < 4:
            events = (*events, newsletter)
        for index, event in enumerate(events):
            yield _line(f"{side}/{key}", index, person, event, now)


def _outcome(side: str, key: str) -> str:
    if key == WITHDRAWN_TWIN:
        return "withdrawn"
    draw, total = choice(f"{side} consent", key, 1000), 0
    for name, share in _FAILURES.items():
        total += share
        if draw < total:
            return name
    return ("plain", "plain", "plain", "late", "device")[draw % 5]


@dataclass(frozen=True, slots=True)
class _Event:
    status: str
    recipients: str
    year: int
    purpose: str = PURPOSE
    scope: str = "account"
    offset: str = "Z"
    proven: bool = True
    notice: str = _NOTICE
    born: tuple[int, int] = _ADULT
    active: bool = True


def _events(outcome: str, partner: str) -> tuple[_Event, ...]:
    given, refused = _Event("given", partner, 2016), _Event("refused", partner, 2015)
    return {
        "refused": (refused,),
        "withdrawn": (given, _Event("withdrawn", partner, 2017)),
        "missing": (),
        "marketing": (_Event("given", partner, 2016, purpose="marketing_email"),),
        "recipient": (_Event("given", "Another Partner", 2016),),
        "naive": (_Event("given", partner, 2016, offset=""),),
        "unproven": (_Event("given", partner, 2016, proven=False),),
        "notice": (_Event("given", partner, 2016, notice=_OLD_NOTICE),),
        "child": (_Event("given", partner, 2016, born=_CHILD),),
        "inactive": (_Event("given", partner, 2016, active=False),),
        "plain": (given,),
        "late": (refused, given),
        "device": (given, _Event("refused", partner, 2017, scope="device")),
    }[outcome]


def _line(subject: str, index: int, person: str, event: _Event, now: datetime) -> dict[str, str]:
    digest = hashlib.sha256(f"{subject}/{index}".encode()).digest()
    record = str(uuid.UUID(bytes=digest[:16], version=4))
    first, years = event.born
    seen = now - timedelta(days=1 + choice("active", subject, 360) + (0 if event.active else 1200))
    return {
        "record_id": record, "person": person, "purpose": event.purpose, "legal_basis": "consent",
        "status": event.status, "event_time": _moment(subject, event), "expires_at": "", "scope": event.scope,
        "recipients": event.recipients, "channel": "web", "method": "form",
        "notice_id": "measurement-2016-01" if event.notice == _NOTICE else "advertising-2015-06",
        "notice_sha256": hashlib.sha256(event.notice.encode()).hexdigest(),
        "proof_ref": f"archive/{record}" if event.proven else "", "proof_sha256": digest.hex() if event.proven else "",
        "birth_year": str(first + choice("born", subject, years)),
        "last_activity_at": seen.strftime("%Y-%m-%dT00:00:00Z"),
        "last_activity_kind": "purchase", "precise_location": "false", "source": "direct", "jurisdiction": "US",
    }


def _moment(subject: str, event: _Event) -> str:
    """A moment of the first nine months of the event's year."""
    start = datetime(event.year, 1, 1, tzinfo=UTC)
    moment = start + timedelta(seconds=choice(f"moment {event.year}", subject, 270 * 86_400))
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + event.offset
