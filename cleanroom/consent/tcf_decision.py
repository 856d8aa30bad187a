"""What a decoded TC string permits: rules R-09, R-10 and R-14."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cleanroom.consent.tcf import TCString

PURPOSES: Final = (1, 7, 9)  # storage, measuring advertising, market research
MOST: Final = timedelta(days=396)  # 13 months
WARN: Final = timedelta(days=183)  # 6 months
PRECISE_LOCATION: Final = 1  # special feature

_CONSENT_ONLY: Final = frozenset({1, 3, 4, 5, 6})  # no legitimate interest since TCF 2.2
_OLDEST_POLICY: Final = 4  # TCF 2.2
_DISCLOSED_FROM: Final = datetime(2026, 3, 1, tzinfo=UTC)  # mandatory for strings created after 28 February 2026
_FORBIDDEN: Final = frozenset({0, 2})  # not allowed; legitimate interest required


def refusals(tc: TCString, vendors: Sequence[int], purposes: Sequence[int] = PURPOSES) -> Iterator[str]:
    """Why the string does not permit `vendors` to work for `purposes` on consent; nothing when it does."""
    if not tc.service_specific:
        yield "global scope"
    if tc.policy < _OLDEST_POLICY:
        yield f"policy version {tc.policy}"
    if tc.interests & _CONSENT_ONLY:
        yield "legitimate interest on a purpose that needs consent"
    if tc.disclosed is None and tc.created >= _DISCLOSED_FROM:
        yield "no disclosed vendors"
    for purpose in purposes:
        if purpose not in tc.purposes:
            yield f"no consent for purpose {purpose}"
    for vendor in vendors:
        yield from _vendor_refusals(tc, vendor, purposes)


def _vendor_refusals(tc: TCString, vendor: int, purposes: Sequence[int]) -> Iterator[str]:
    if tc.disclosed is not None and vendor not in tc.disclosed:
        yield f"vendor {vendor} not disclosed"
    if vendor not in tc.consents:
        yield f"no consent for vendor {vendor}"
    for entry in tc.restrictions:  # the strictest of several wins: any that forbids is enough
        if entry.kind in _FORBIDDEN and entry.purpose in purposes and vendor in entry.vendors:
            yield f"publisher restriction {entry.kind} on purpose {entry.purpose} for vendor {vendor}"
