"""The protocols that a contract may name in `match.protocol`. Its text says which; there is no default."""

from __future__ import annotations

from typing import Final

ECDH: Final = "ecdh-x25519-v1"  # nobody learns who is on both sides
SALTED: Final = "salted-hash-v1"  # the retailer learns which of its customers are in which cell
PROTOCOLS: Final = (ECDH, SALTED)
