"""Commitments to noised shares, so that neither side can choose its share after seeing the peer's.

SHA-256 over a domain label, the run, the stage, the role, the number of shares, the shares and a 32-byte
blind. Hiding rests on the blind, binding on collision resistance; stage and role keep one commitment from
passing as another.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, Literal

from cleanroom.contract.model import Role
from cleanroom.disclosure.shares import SHARE_BYTES, check_own, check_peer
from cleanroom.errors import MisuseError, PeerViolationError

Stage = Literal["people", "sums"]

BLIND_BYTES: Final = 32
_LABEL: Final = b"cleanroom/v1/opening"


def commit(run: bytes, stage: Stage, role: Role, *, shares: Sequence[int], blind: bytes) -> bytes:
    """32-byte commitment of the party that plays `role`. MisuseError on a share outside [0, t).

    `blind`: 32 fresh random bytes, used for this commitment only.
    """
    if len(blind) != BLIND_BYTES:
        raise MisuseError(f"a blind has {BLIND_BYTES} bytes")
    check_own(shares)
    digest = hashlib.sha256()
    for field in (_LABEL, run, stage.encode(), role.encode()):
        digest.update(len(field).to_bytes(8, "little") + field)
    digest.update(len(shares).to_bytes(8, "little"))
    digest.update(b"".join(share.to_bytes(SHARE_BYTES, "little") for share in shares))
    digest.update(blind)
    return digest.digest()


def check(commitment: bytes, run: bytes, stage: Stage, role: Role, *,
          shares: Sequence[int], blind: bytes) -> None:
    """PeerViolationError unless `commitment` opens to the shares of the peer, who plays `role`."""
    check_peer(shares, len(shares))
    if len(blind) != BLIND_BYTES:
        raise PeerViolationError(f"a blind has {BLIND_BYTES} bytes", where=f"opening of {stage}")
    if not hmac.compare_digest(commitment, commit(run, stage, role, shares=shares, blind=blind)):
        raise PeerViolationError("the peer committed to other shares than these", where=f"opening of {stage}")
