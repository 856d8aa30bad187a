"""Blinded sums: the retailer's columns, encrypted, added up over rows that only the advertiser can place in cells."""

from __future__ import annotations

from cleanroom.primitives.ring import N


def block_count(rows: int) -> int:
    """Ciphertext blocks of N rows."""
    return -(-rows // N)
