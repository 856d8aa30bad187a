"""A TC string writer for tests: any field, any segment, right or wrong."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

CREATED = datetime(2025, 5, 20, tzinfo=UTC)


def number(value: int, size: int) -> str:
    """`size` bits."""
    return format(value, f"0{size}b")


def bits_of(numbers, size: int) -> str:
    """A bit field with the bits of these numbers (from 1) set."""
    return "".join("1" if i in numbers else "0" for i in range(1, size + 1))


def moment(when: datetime) -> str:
    """36 bits of tenths of seconds."""
    return number(int(when.timestamp() * 10), 36)


def letters(text: str) -> str:
    """Two letters, 6 bits each."""
    return "".join(number(ord(letter) - 65, 6) for letter in text)


def ranges(entries) -> str:
    """NumEntries and (first, last) pairs; a pair of equals is one id."""
    return number(len(entries), 12) + "".join(
        ("0" + number(first, 16)) if first == last else ("1" + number(first, 16) + number(last, 16))
        for first, last in entries)


def vendors(entries, most: int | None = None, *, field: bool = False) -> str:
    """A vendor section, by ranges or by bit field."""
    most = max((last for _, last in entries), default=0) if most is None else most
    if field:
        return number(most, 16) + "0" + bits_of({v for a, b in entries for v in range(a, b + 1)}, most)
    return number(most, 16) + "1" + ranges(entries)


def core(*, version=2, created=CREATED, updated=None, policy=5, specific=True, features=(), purposes=(1, 7, 9),
         interests=(), consents=((755, 755),), vendor_interests=(), restrictions=(), language="EN", country="FR",
         consent_section=None) -> str:
    """The bits of a core segment."""
    return "".join((
        number(version, 6), moment(created), moment(updated or created), number(31, 12), number(4, 12), number(2, 6),
        letters(language), number(142, 12), number(policy, 6), "1" if specific else "0", "0",
        bits_of(features, 12), bits_of(purposes, 24), bits_of(interests, 24), "0", letters(country),
        consent_section or vendors(consents), vendors(vendor_interests),
        number(len(restrictions), 12),
        *(number(purpose, 6) + number(kind, 2) + ranges(entries) for purpose, kind, entries in restrictions)))


def written(bits: str, *, pad: int = 8) -> str:
    """Bits as base64url without padding, filled up with zeros to whole bytes (or to `pad` bits)."""
    bits += "0" * (-len(bits) % pad)
    bits += "0" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def disclosed(entries=((755, 755),), *, kind=1) -> str:
    """A vendor segment."""
    return written(number(kind, 3) + vendors(entries))


def tc_string(**changes) -> str:
    """A whole string: consent to purposes 1, 7 and 9 for vendor 755, disclosed; `changes` as in `core`."""
    return f"{written(core(**changes))}.{disclosed()}"
