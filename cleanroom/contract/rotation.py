"""A party's signed statement that its node changes its TLS certificate: both are accepted for a while."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cleanroom import limits
from cleanroom.contract.check import check_certificate, decode_base64
from cleanroom.errors import AuditError, ContractError
from cleanroom.primitives.canonical import canonical_json, parse_json
from cleanroom.primitives.dsse import SigningKey, parse_envelope, seal

PAYLOAD_TYPE: Final = "application/vnd.cleanroom.rotation+json"
_CERTIFICATES: Final = ("previous", "following")
_TIMES: Final = ("issued_at", "switch_at", "until")
_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
_WHERE: Final = "rotation"


@dataclass(frozen=True, slots=True)
class Rotation:
    """From `switch_at` on a node shows `following`; `previous` (both DER) is accepted as well until `until`. UTC."""

    previous: bytes
    following: bytes
    issued_at: datetime
    switch_at: datetime
    until: datetime

    def record(self, key: SigningKey) -> bytes:
        """The statement signed by the party (DSSE, canonical JSON)."""
        payload = canonical_json({**{name: base64.b64encode(getattr(self, name)).decode() for name in _CERTIFICATES},
                                  **{name: f"{getattr(self, name):{_FORMAT}}" for name in _TIMES}})
        return seal(PAYLOAD_TYPE, payload, [(key.public, key.sign(PAYLOAD_TYPE, payload))]).to_json()


def read_rotation(record: bytes, signer: bytes) -> Rotation:
    """What a record says, once the holder of the raw Ed25519 key `signer` has signed it. ContractError otherwise."""
    try:
        envelope = parse_envelope(record, where=_WHERE, limit=limits.MAX_ROTATION_BYTES)
        payload = envelope.verify(PAYLOAD_TYPE, {"the party": signer}, where=_WHERE)
        value = parse_json(payload, where=_WHERE, limit=limits.MAX_ROTATION_BYTES, error=AuditError, canonical=True)
    except AuditError as error:
        raise ContractError(error.what, where=_WHERE) from None
    if not isinstance(value, dict) or set(value) != {*_CERTIFICATES, *_TIMES}:
        raise ContractError("not a rotation of a certificate", where=_WHERE)
    return Rotation(previous=_certificate(value["previous"]), following=_certificate(value["following"]),
                    issued_at=_moment(value["issued_at"]), switch_at=_moment(value["switch_at"]),
                    until=_moment(value["until"]))


def accepted(pinned: bytes, rotations: Iterable[Rotation], now: datetime) -> tuple[bytes, ...]:
    """Certificates (DER) that are a party's at `now` where a contract pins `pinned`, the newest first.

    `rotations` are the party's own, at most one from each certificate.
    """
    steps, found = {each.previous: each for each in rotations}, [pinned]
    while (step := steps.pop(found[0], None)) is not None:
        found = [step.following, *(found if now < step.until else found[1:])]
    return tuple(found)


def _certificate(value: object) -> bytes:
    der = decode_base64(str(value), _WHERE)
    check_certificate(der, _WHERE)
    return der


def _moment(value: object) -> datetime:
    try:
        return datetime.strptime(str(value), _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise ContractError("not a time", where=_WHERE) from None
