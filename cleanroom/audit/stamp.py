"""A time stamp of a third party over a signed head (RFC 3161): the log existed in this form at that time.

The request holds the SHA-256 of `audit.head.json` and nothing else, so the authority learns nothing about the run. It
has no nonce: a head is signed once, so an older answer about it could only prove more. Signature and certificates are
checked by the library `rfc3161-client`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from cleanroom import limits
from cleanroom.errors import AuditError

STAMP_NAME: Final = "audit.head.tsr"
SHA256: Final = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
GRANTED: Final = 0  # PKIStatus


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a verified stamp says: the authority's own time (UTC) and name, as in its certificate."""

    time: datetime
    authority: str


def request(head: bytes) -> bytes:
    """DER of the TimeStampReq over the content of `audit.head.json`."""
    builder = TimestampRequestBuilder().data(head).hash_algorithm(HashAlgorithm.SHA256)
    return bytes(builder.nonce(nonce=False).cert_request(cert_request=True).build().as_bytes())


def check_imprint(response: bytes, head: bytes, where: str) -> datetime:
    """The time that a TimeStampResp claims, once it was granted for this head. Whose it is stays open. AuditError."""
    return _decoded(response, head, where).tst_info.gen_time.astimezone(UTC)


def verify_stamp(response: bytes, head: bytes, authorities: Sequence[x509.Certificate], ended: datetime,
                 where: str) -> Stamp:
    """The stamp, once one of `authorities` vouches for it: CMS signature, chain at the stamped time, purpose, imprint.

    `ended` is when the run ended by its owner's clock: a stamp cannot be older. AuditError says what does not fit.
    """
    found = _decoded(response, head, where)
    builder = VerifierBuilder()
    for certificate in dict.fromkeys(authorities):
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(found, head)
    except (VerificationError, ValueError) as bad:
        raise AuditError("no authority named with --tsa vouches for the time stamp", where=where) from bad
    moment = found.tst_info.gen_time.astimezone(UTC)
    if (ended - moment).total_seconds() > limits.MAX_CLOCK_SKEW:
        raise AuditError("the time stamp is older than the end of the run it is about", where=where)
    return Stamp(moment, _authority(found))


def read_authorities(pem: bytes, where: str) -> list[x509.Certificate]:
    """The certificates in a PEM file: those that the verifier trusts to stamp times. AuditError without one."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except (ValueError, x509.InvalidVersion):
        raise AuditError("no certificate in PEM form", where=where) from None


def _decoded(response: bytes, head: bytes, where: str) -> TimeStampResponse:
    try:
        found = decode_timestamp_response(response)
        imprint = found.tst_info.message_imprint if found.status == GRANTED else None
    except ValueError:
        raise AuditError("not a time stamp response (RFC 3161)", where=where) from None
    if imprint is None:
        raise AuditError("the authority did not grant the time stamp", where=where)
    if imprint.hash_algorithm != SHA256 or imprint.message != hashlib.sha256(head).digest():
        raise AuditError("the time stamp is about another log", where=where)
    return found


def _authority(found: TimeStampResponse) -> str:
    """Subject of the certificate that signed; the library checked that it is there, and once."""
    signer = next(iter(found.signed_data.signer_infos))
    certificates = map(x509.load_der_x509_certificate, found.signed_data.certificates)
    return next(each.subject.rfc4514_string() for each in certificates
                if (each.issuer, each.serial_number) == (signer.issuer, signer.serial_number))
