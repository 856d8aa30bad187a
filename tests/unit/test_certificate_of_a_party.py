"""What may be pinned: a certificate like those that `init` makes, and none that could issue others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cleanroom.contract.check import check_certificate
from cleanroom.errors import ContractError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEAF = x509.BasicConstraints(ca=False, path_length=None)


def made(*extensions: x509.ExtensionType, curve: ec.EllipticCurve | None = None) -> bytes:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "advertiser.cleanroom.internal")])
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
               .serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_one_that_issues_nothing_is_taken() -> None:
    check_certificate(made(LEAF), "certificate")


@pytest.mark.parametrize("der", [
    b"", b"\x30\x00", made(LEAF)[:-1], made(LEAF, curve=ec.SECP384R1()), made(),
    made(x509.BasicConstraints(ca=True, path_length=None)), made(x509.BasicConstraints(ca=True, path_length=0))])
def test_any_other_is_refused(der: bytes) -> None:
    with pytest.raises(ContractError, match="certificate: not the certificate of a node"):
        check_certificate(der, "certificate")
