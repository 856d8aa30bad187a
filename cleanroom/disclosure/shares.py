"""Additive shares modulo t: bounds of our own and of the peer's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cleanroom.errors import MisuseError, PeerViolationError

MODULUS: Final = 1 << 44  # t, plaintext modulus of the encrypted columns
SHARE_BYTES: Final = 8  # little-endian


def check_own(shares: Sequence[int]) -> None:
    """MisuseError unless each share is in [0, t)."""
    if not all(0 <= share < MODULUS for share in shares):
        raise MisuseError("a share is outside [0, t)")


def check_peer(shares: Sequence[int], length: int) -> None:
    """PeerViolationError unless there are exactly `length` shares, each in [0, t)."""
    if len(shares) != length:
        raise PeerViolationError(f"the peer opened {len(shares)} shares instead of {length}")
    for position, share in enumerate(shares):
        if not 0 <= share < MODULUS:
            raise PeerViolationError("a share of the peer is outside [0, t)", where=f"share {position}")
