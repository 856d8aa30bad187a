"""Blinded sums: the retailer's columns, encrypted, added up over rows that only the advertiser can place in cells."""

from __future__ import annotations

from cleanroom.primitives.parameters import rows_per_sum
from cleanroom.primitives.ring import N


def block_count(rows: int) -> int:
    """Ciphertext blocks of N rows."""
    return -(-rows // N)


def blocks_per_part(weight: int) -> int:
    """Blocks that one encrypted sum takes when a row counts up to `weight` times in it."""
    return rows_per_sum(weight) // N


def part_count(rows: int, weight: int) -> int:
    """Encrypted sums that one total over `rows` rows is made of."""
    return -(-block_count(rows) // blocks_per_part(weight))
