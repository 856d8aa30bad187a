"""A party's keys on disk: the Ed25519 key that signs, the TLS key and the certificate of its node."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cleanroom import limits
from cleanroom.adapters.private_files import (
    NOT_WRITABLE,
    OWNER_ONLY,
    make_private_folder,
    read_checked,
    write_private,
)
from cleanroom.contract.model import Role
from cleanroom.errors import MisuseError, SettingsError
from cleanroom.ports import Clock
from cleanroom.primitives.dsse import SigningKey

SIGNING_KEY_NAME = "signing.key.pem"
TLS_KEY_NAME = "tls.key.pem"
CERTIFICATE_NAME = "tls.cert.pem"
FILE_NAMES = (SIGNING_KEY_NAME, TLS_KEY_NAME, CERTIFICATE_NAME)
MAX_VALIDITY = timedelta(days=3 * 366)

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_NEW = "restore it, or make new keys with `cleanroom init` and have the contract signed again"
_USAGES = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def host_name(role: Role) -> str:
    """The DNS name in the certificate of the party with this role. It is a label, not an address."""
    return f"{role}.cleanroom.internal"


@dataclass(frozen=True, slots=True, repr=False)
class PartyKeys:
    """A party's keys, loaded and checked."""

    signing: SigningKey
    certificate: x509.Certificate
    _tls_key: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return "PartyKeys"

    def certificate_der(self) -> bytes:
        """The certificate as the contract pins it."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def certificate_sha256(self) -> str:
        """SHA-256 of the DER, 64 hex digits."""
        return hashlib.sha256(self.certificate_der()).hexdigest()

    def tls_pem(self) -> tuple[bytes, bytes]:
        """(private key, certificate) as PEM, for the TLS library only: it takes no other form."""
        return _pem(self._tls_key), self.certificate.public_bytes(Encoding.PEM)


def create_keys(folder: Path, role: Role, clock: Clock, *, validity: timedelta) -> PartyKeys:
    """Make fresh keys and write them to `folder`, mode 0600. SettingsError when one of the files exists.

    The certificate is valid from MAX_CLOCK_SKEW seconds before now, for `validity` ≤ MAX_VALIDITY.
    """
    if not timedelta(0) < validity <= MAX_VALIDITY:
        raise MisuseError("a certificate is valid for at most three years")
    make_private_folder(folder, SettingsError)
    for name in FILE_NAMES:
        if os.path.lexists(folder / name):
            raise SettingsError("exists already", where=str(folder / name),
                                todo="nothing was changed; keys are never overwritten")
    signing, tls_key = Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(tls_key, role, clock.now(), validity)
    contents = (_pem(signing), _pem(tls_key), certificate.public_bytes(Encoding.PEM))
    for name, data in zip(FILE_NAMES, contents, strict=True):
        write_private(folder / name, data, SettingsError)
    return PartyKeys(SigningKey(signing), certificate, tls_key)


def load_keys(folder: Path, role: Role, clock: Clock) -> PartyKeys:
    """Load and check the keys of the party with this role, with the newest TLS certificate that has begun.

    SettingsError names the file that is missing, malformed, of the wrong type, open to other users of the
    machine, or a certificate that does not belong to the key or the role, or is outside its validity.
    """
    signing = load_signing_key(folder)
    key_path, path = tls_files(folder, clock)
    certificate, tls_key = _load_certificate(path), _load_private(key_path)
    if not isinstance(tls_key, ec.EllipticCurvePrivateKey) or not isinstance(tls_key.curve, ec.SECP256R1):
        raise SettingsError("not an ECDSA P-256 key", where=str(key_path), todo=_NEW)
    try:
        _check_certificate(certificate, tls_key, role, path)
    except ValueError:
        raise SettingsError("not a certificate in PEM form", where=str(path), todo=_NEW) from None
    _check_validity(certificate, clock.now(), path)
    return PartyKeys(signing, certificate, tls_key)


def tls_files(folder: Path, clock: Clock) -> tuple[Path, Path]:
    """The key and the newest certificate that has begun. SettingsError when one cannot be read."""
    for generation in _generations(folder):
        key, certificate = (folder / name for name in _names(generation))
        if generation == 1 or clock.now() >= begin_of(_load_certificate(certificate)):
            break
    return key, certificate


def next_certificate(folder: Path, clock: Clock) -> x509.Certificate | None:
    """The newest certificate, when its time has not come. SettingsError when it cannot be read."""
    certificate = _load_certificate(folder / _names(_generations(folder)[0])[1])
    return certificate if clock.now() < begin_of(certificate) else None


def add_certificate(folder: Path, role: Role, begin: datetime, validity: timedelta,
                    announce: Callable[[bytes], None]) -> None:
    """Make the next TLS key and certificate, shown from `begin` on; `announce` gets its DER before it is in place.

    SettingsError when a file cannot be written; then the present certificate stays.
    """
    key_name, certificate_name = _names(_generations(folder)[0] + 1)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, role, begin, validity)
    (folder / key_name).unlink(missing_ok=True)  # of a rotation that was interrupted
    write_private(folder / key_name, _pem(key), SettingsError)
    announce(certificate.public_bytes(Encoding.DER))
    write_private(folder / certificate_name, certificate.public_bytes(Encoding.PEM), SettingsError)


def forget_replaced(folder: Path, clock: Clock) -> None:
    """Delete the TLS keys and certificates of generations before the present one."""
    begun = [each for each in _generations(folder) if each == 1
             or clock.now() >= begin_of(_load_certificate(folder / _names(each)[1]))]
    for generation in begun[1:]:
        for name in _names(generation):
            (folder / name).unlink(missing_ok=True)


def begin_of(certificate: x509.Certificate) -> datetime:
    """When a node shows its certificate for the first time: by its own clock, so not before it is valid elsewhere."""
    return certificate.not_valid_before_utc + timedelta(seconds=limits.MAX_CLOCK_SKEW)


def load_signing_key(folder: Path) -> SigningKey:
    """Only the key that signs: a contract needs no certificate. SettingsError as in `load_keys`."""
    key = _load_private(folder / SIGNING_KEY_NAME)
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError("not an Ed25519 key", where=str(folder / SIGNING_KEY_NAME), todo=_NEW)
    return SigningKey(key)


def _self_signed(key: ec.EllipticCurvePrivateKey, role: Role, now: datetime,
                 validity: timedelta) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host_name(role))])
    usage = x509.KeyUsage(digital_signature=True, content_commitment=False, key_encipherment=False,
                          data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
                          encipher_only=False, decipher_only=False)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(seconds=limits.MAX_CLOCK_SKEW))
        .not_valid_after(now + validity)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host_name(role))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(_USAGES), critical=False)
        .sign(key, hashes.SHA256())
    )


def _check_certificate(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, role: Role,
                       path: Path) -> None:
    """The certificate is of this key and role, for both directions. ValueError: unreadable extension."""
    mine = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if mine != key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise SettingsError(f"does not belong to the key in {TLS_KEY_NAME}", where=str(path), todo=_NEW)
    names = _extension(certificate, x509.SubjectAlternativeName)
    if names is None or names.get_values_for_type(x509.DNSName) != [host_name(role)]:
        raise SettingsError(f"not a certificate for {host_name(role)}", where=str(path), todo=_NEW)
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is None or constraints.ca:
        raise SettingsError("a certificate that may issue others", where=str(path), todo=_NEW)
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    if usages is None or not set(_USAGES) <= set(usages):
        raise SettingsError("not for both server and client authentication", where=str(path), todo=_NEW)


def _check_validity(certificate: x509.Certificate, now: datetime, path: Path) -> None:
    if now >= certificate.not_valid_after_utc:
        raise SettingsError(f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}", where=str(path),
                            todo=_NEW)
    if now < certificate.not_valid_before_utc:
        raise SettingsError(f"not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
                            where=str(path), todo="check the clock of this machine")


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _generations(folder: Path) -> list[int]:
    """Numbers of the certificates there, the newest first; number 1 is `init`'s, there or not."""
    later = (re.fullmatch(r"tls-([1-9]\d{0,5})\.cert\.pem", path.name) for path in folder.glob("tls-*"))
    return [*sorted((int(found[1]) for found in later if found), reverse=True), 1]


def _names(generation: int) -> tuple[str, str]:
    """File names of the TLS key and the certificate."""
    if generation == 1:
        return TLS_KEY_NAME, CERTIFICATE_NAME
    return f"tls-{generation}.key.pem", f"tls-{generation}.cert.pem"


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read(path, NOT_WRITABLE))
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise SettingsError("not a certificate in PEM form", where=str(path), todo=_NEW) from None


def _load_private(path: Path) -> Any:
    try:
        return load_pem_private_key(_read(path, OWNER_ONLY), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError("not an unencrypted private key in PEM form", where=str(path),
                            todo=_NEW) from None


def _read(path: Path, forbidden_mode: int) -> bytes:
    return read_checked(path, limits.MAX_KEY_FILE_BYTES, SettingsError, forbidden_mode, todo=_NEW)


def _pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
