"""TC strings of the IAB Transparency and Consent Framework 2.x, decoded strictly (IAB Tech Lab, "Consent string and
vendor list formats v2").

Everything that is not exactly a version 2 string is refused: another alphabet, a bit too few or too many, an unknown
or repeated segment, a range that runs backwards. Vendor lists stay bit fields and ranges: a range of a few bits can
name 65,535 vendors, so expanding them would let one string fill the memory.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cleanroom import limits

_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FILLS: Final = (6, 8, 24)  # encoders fill up with zeros to whole letters, whole bytes or both
_DISCLOSED, _ALLOWED, _PUBLISHER = 1, 2, 3
_RESTRICTION_TYPES: Final = 3  # not allowed, consent required, legitimate interest required; the fourth is undefined

Ranges = tuple[tuple[int, int], ...]


class TcfError(ValueError):
    """Not a strict TC string. The message says what is wrong and holds nothing of the string."""


@dataclass(frozen=True, slots=True)
class Vendors:
    """A set of vendor ids as it was written: a bit field ("0" and "1", id 1 first) or inclusive ranges."""

    bits: str = ""
    ranges: Ranges = ()

    def __contains__(self, vendor: int) -> bool:
        if self.bits:
            return 1 <= vendor <= len(self.bits) and self.bits[vendor - 1] == "1"
        return any(first <= vendor <= last for first, last in self.ranges)

    def as_ranges(self) -> Ranges:
        """The same set as ascending ranges: for printing and comparing."""
        if not self.bits:
            return self.ranges
        return tuple((found.start() + 1, found.end()) for found in re.finditer("1+", self.bits))


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a publisher forbids (0), allows on consent (1) or on legitimate interest (2) only."""

    purpose: int
    kind: int
    vendors: Vendors


@dataclass(frozen=True, slots=True, repr=False)
class TCString:
    """A decoded string. `purposes`, `interests` and `features` are sets of numbers from 1."""

    created: datetime
    updated: datetime
    policy: int
    vendor_list: int
    service_specific: bool
    features: frozenset[int]
    purposes: frozenset[int]
    interests: frozenset[int]
    consents: Vendors
    vendor_interests: Vendors
    restrictions: tuple[Restriction, ...]
    segments: tuple[int, ...]
    disclosed: Vendors | None


class _Bits:
    """Reads one segment from the left."""

    __slots__ = ("_at", "_bits")

    def __init__(self, segment: str) -> None:
        if not _ALPHABET.fullmatch(segment) or len(segment) % 4 == 1:  # whole bytes never leave one letter over
            raise TcfError("a segment is empty or not base64url without padding")
        data = base64.urlsafe_b64decode(segment + "A" * (-len(segment) % 4))
        self._bits = format(int.from_bytes(data, "big"), f"0{len(data) * 8}b")[:6 * len(segment)]
        self._at = 0

    def text(self, size: int) -> str:
        """The next `size` bits."""
        end = self._at + size
        if end > len(self._bits):
            raise TcfError("cut short")
        found = self._bits[self._at:end]
        self._at = end
        return found

    def number(self, size: int) -> int:
        """The next `size` ≥ 1 bits as a number."""
        return int(self.text(size), 2)

    def flag(self) -> bool:
        """The next bit."""
        return self.text(1) == "1"

    def end(self) -> None:
        """Only the zeros of an encoding may follow, and exactly as many as one of them needs."""
        letters = {-(-(-(-self._at // fill) * fill) // 6) for fill in _FILLS}
        if len(self._bits) // 6 not in letters or "1" in self._bits[self._at:]:
            raise TcfError("longer than its content, or cut short")


def decode(text: str) -> TCString:
    """Decode one string. TcfError for everything that is not exactly one."""
    if not 0 < len(text) <= limits.MAX_TC_STRING:
        raise TcfError("empty or too long")
    first, *others = text.split(".")
    segments, disclosed = _segments(others)
    bits = _Bits(first)
    if bits.number(6) != 2:
        raise TcfError("not version 2")
    created, updated = _moment(bits), _moment(bits)
    if created > updated:
        raise TcfError("updated before it was created")
    bits.number(12 + 12 + 6)  # CMP, its version, screen
    _letters(bits)
    vendor_list, policy, specific = bits.number(12), bits.number(6), bits.flag()
    bits.flag()  # non-standard texts
    features, purposes, interests = _set(bits, 12), _set(bits, 24), _set(bits, 24)
    bits.flag()  # purpose one treatment
    _letters(bits)
    consents, vendor_interests, restrictions = _vendors(bits), _vendors(bits), _restrictions(bits)
    bits.end()
    return TCString(created, updated, policy, vendor_list, specific, features, purposes, interests, consents,
                    vendor_interests, restrictions, segments, disclosed)


def _segments(texts: list[str]) -> tuple[tuple[int, ...], Vendors | None]:
    """Types in the order found, and the disclosed vendors."""
    types: list[int] = []
    disclosed = None
    for text in texts:
        bits = _Bits(text)
        kind = bits.number(3)
        if kind in types:
            raise TcfError("a segment is repeated")
        types.append(kind)
        if kind == _PUBLISHER:
            _publisher(bits)
        elif kind in {_DISCLOSED, _ALLOWED}:
            found = _vendors(bits)
            disclosed = found if kind == _DISCLOSED else disclosed
        else:
            raise TcfError("an unknown segment")
        bits.end()
    return tuple(types), disclosed


def _publisher(bits: _Bits) -> None:
    bits.text(24 + 24)
    bits.text(2 * bits.number(6))  # custom purposes, consent and legitimate interest


def _moment(bits: _Bits) -> datetime:
    return _EPOCH + timedelta(milliseconds=100 * bits.number(36))


def _letters(bits: _Bits) -> None:
    if bits.number(6) > 25 or bits.number(6) > 25:
        raise TcfError("a language or country is not two letters")


def _set(bits: _Bits, size: int) -> frozenset[int]:
    return frozenset(number for number, bit in enumerate(bits.text(size), 1) if bit == "1")


def _vendors(bits: _Bits) -> Vendors:
    most = bits.number(16)
    if bits.flag():
        return _ranges(bits, most)
    return Vendors(bits=bits.text(most))


def _ranges(bits: _Bits, most: int) -> Vendors:
    found: list[tuple[int, int]] = []
    before = 0
    for _ in range(bits.number(12)):
        single = not bits.flag()
        first = bits.number(16)
        last = first if single else bits.number(16)
        if not before < first <= last <= most:
            raise TcfError("a vendor range is out of order")
        found.append((first, last))
        before = last
    return Vendors(ranges=tuple(found))


def _restrictions(bits: _Bits) -> tuple[Restriction, ...]:
    found = []
    for _ in range(bits.number(12)):
        purpose, kind = bits.number(6), bits.number(2)
        if not 1 <= purpose <= 24 or kind >= _RESTRICTION_TYPES:
            raise TcfError("an undefined publisher restriction")
        found.append(Restriction(purpose, kind, _ranges(bits, 0xFFFF)))
    return tuple(found)
