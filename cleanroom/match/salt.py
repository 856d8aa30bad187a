"""The salt of one run in the salted-hash mode, and what is hashed with it.

salt = HKDF-SHA256(X25519(own ephemeral scalar, peer's ephemeral key), salt = ctx, info = label ‖ A's key ‖ R's key),
32 bytes (RFC 7748 §6.1, RFC 5869). ctx holds contract, run and both nonces. Nobody but the two nodes can know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cleanroom.contract.model import Role
from cleanroom.identity.values import KeyValues
from cleanroom.match.tokens import Scalar, Tuples, assembled, random_scalars
from cleanroom.ports import Entropy
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.kmac import kmac256

SALT_BYTES: Final = 32
LABEL: Final = b"cleanroom/v1/salted-hash"


class Salt:
    """An ephemeral key, and once the peer's is here the salt. Silent."""

    def __init__(self, backend: Backend, entropy: Entropy) -> None:
        self._backend, self._entropy = backend, entropy
        self._scalar = Scalar(entropy)
        self._salt = bytearray(SALT_BYTES)
        self.public = self._scalar.public(backend)

    def __repr__(self) -> str:
        return "Salt"

    def agree(self, ctx: bytes, role: Role, peer: bytes) -> None:
        """Derive the salt; `role` is ours. PeerViolationError unless the peer's key is a canonical point of the curve
        with which the agreement is not zero."""
        point = np.frombuffer(peer, np.uint8)[None, :]
        self._backend.check_points(point)
        shared = self._backend.power(self._scalar.use(), point)[0].tobytes()
        keys = self.public + peer if role == "advertiser" else peer + self.public
        self._salt[:] = HKDF(SHA256(), SALT_BYTES, ctx, LABEL + keys).derive(shared)
        self._scalar.wipe()

    def tokens(self, key_types: Sequence[str], values: KeyValues) -> Tuples:
        """KMAC256(salt, key type ‖ 0x00 ‖ value) of some people; a missing key becomes 32 random bytes.

        Whole outputs: two of the 10^9 tokens of a run agree with a probability under 2^-190 (birthday bound).
        """
        parts = []
        for position, key_type in enumerate(key_types):
            present = values.present(position)
            hashes = kmac256(bytes(self._salt), LABEL, key_type.encode() + b"\x00", values.texts(position))
            parts.append((present, hashes, random_scalars(self._entropy, int((~present).sum()))))
        return assembled(parts)

    @property
    def wiped(self) -> bool:
        """Whether scalar and salt are zero."""
        return not any(self._scalar.use()) and not any(self._salt)

    def wipe(self) -> None:
        """Overwrite both in place."""
        self._scalar.wipe()
        self._salt[:] = bytes(SALT_BYTES)
