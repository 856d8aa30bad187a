"""DSSE v1 envelopes (Dead Simple Signing Envelope) with Ed25519 signatures (RFC 8032).

What is signed is never the JSON around it but PAE(payload type, payload), so a signature made for one kind of
document cannot be shown as one for another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cleanroom import limits
from cleanroom.errors import AuditError, MisuseError
from cleanroom.primitives.canonical import canonical_json, parse_json

MAX_SIGNATURES = 8
_FIELDS = {"payload", "payloadType", "signatures"}


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-authentication encoding of DSSE v1: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def key_id(public: bytes) -> str:
    """SHA-256 of the raw 32-byte public key, 64 hex digits."""
    return hashlib.sha256(public).hexdigest()


class SigningKey:
    """A party's Ed25519 private key. Shows nothing, cannot be copied or pickled, gives no way to read it."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "SigningKey"

    def __reduce__(self) -> NoReturn:
        raise MisuseError("a signing key is not to be copied")

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, payload_type: str, payload: bytes) -> bytes:
        """Signature over PAE(payload_type, payload), 64 bytes."""
        return self._key.sign(pae(payload_type, payload))


def verify(public: bytes, payload_type: str, payload: bytes, signature: bytes, *, where: str = "",
           who: str = "the signer") -> None:
    """Return when `signature` (64 bytes) by `public` (32 bytes) fits, else raise AuditError naming `who`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, pae(payload_type, payload))
    except InvalidSignature:
        raise AuditError(f"the signature of {who} does not fit", where=where) from None
    except ValueError:
        raise AuditError(f"the public key of {who} is not an Ed25519 key of 32 bytes", where=where) from None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its signatures as (key id, 64 bytes). Nothing is verified until `verify` returned."""

    payload_type: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    def verify(self, payload_type: str, keys: Mapping[str, bytes], *, where: str) -> bytes:
        """The payload, once every key of `keys` (signer's name → raw public key) and no other has signed it.

        Raises AuditError naming the signer whose signature is missing or wrong.
        """
        if self.payload_type != payload_type:
            raise AuditError("the payload type is another one", where=where)
        found = dict(self.signatures)
        for who, public in keys.items():
            if key_id(public) not in found:
                raise AuditError(f"not signed by {who}", where=where)
            verify(public, payload_type, self.payload, found[key_id(public)], where=where, who=who)
        if {key_id(public) for public in keys.values()} != set(found):
            raise AuditError("signed by somebody else as well", where=where)
        return self.payload

    def document(self) -> dict[str, object]:
        """The envelope as a JSON-compatible value, signatures sorted by key id."""
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [{"keyid": keyid, "sig": base64.b64encode(sig).decode()}
                           for keyid, sig in sorted(self.signatures)],
        }

    def to_json(self) -> bytes:
        """The envelope as canonical JSON."""
        return canonical_json(self.document())


def seal(payload_type: str, payload: bytes, signatures: Iterable[tuple[bytes, bytes]]) -> Envelope:
    """Envelope of `payload` with (raw public key, signature) pairs. They are not verified here."""
    return Envelope(payload_type, payload, tuple((key_id(public), sig) for public, sig in signatures))


def parse_envelope(data: bytes, *, where: str, limit: int = limits.MAX_EVIDENCE_BYTES) -> Envelope:
    """Envelope from canonical JSON, of at most `limit` bytes. AuditError when it has any other shape."""
    return read_envelope(parse_json(data, where=where, limit=limit, error=AuditError, canonical=True), where=where)


def read_envelope(value: object, *, where: str) -> Envelope:
    """Envelope from the parsed JSON value of one. AuditError when it has any other shape."""
    if not isinstance(value, dict) or set(value) != _FIELDS:
        raise AuditError("not a DSSE envelope", where=where)
    kind, entries = value["payloadType"], value["signatures"]
    if not isinstance(kind, str) or not isinstance(entries, list) or not 1 <= len(entries) <= MAX_SIGNATURES:
        raise AuditError("not a DSSE envelope", where=where)
    signatures = tuple(_signature(entry, where) for entry in entries)
    if len(dict(signatures)) != len(signatures):
        raise AuditError("one key signed twice", where=where)
    return Envelope(kind, _base64(value["payload"], where), signatures)


def _signature(entry: object, where: str) -> tuple[str, bytes]:
    if not isinstance(entry, dict) or set(entry) != {"keyid", "sig"} or not isinstance(entry["keyid"], str):
        raise AuditError("not a DSSE signature", where=where)
    return entry["keyid"], _base64(entry["sig"], where)


def _base64(text: object, where: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True) if isinstance(text, str) else None
    except (binascii.Error, UnicodeEncodeError):
        data = None
    if data is None or base64.b64encode(data).decode() != text:  # one spelling only
        raise AuditError("not base64", where=where)
    return data
