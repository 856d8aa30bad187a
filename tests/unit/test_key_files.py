import hashlib
import os
import ssl
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from cleanroom.adapters.key_files import FILE_NAMES, create_keys, host_name, load_keys, load_signing_key
from cleanroom.errors import MisuseError, SettingsError
from cleanroom.primitives.dsse import verify

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
SIGNING, TLS, CERTIFICATE = FILE_NAMES


@dataclass
class FixedClock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def folder(tmp_path):
    create_keys(tmp_path / "keys", "advertiser", FixedClock(), validity=YEAR)
    return tmp_path / "keys"


def refused(folder, moment=NOW, role="advertiser") -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_keys(folder, role, FixedClock(moment))
    assert "-----" not in str(caught.value)
    return caught.value


def pem(key, encryption=None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def replace_file(path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)


def test_keys_are_loaded_as_they_were_made(tmp_path):
    made = create_keys(tmp_path, "retailer", FixedClock(), validity=YEAR)
    loaded = load_keys(tmp_path, "retailer", FixedClock())
    assert loaded.signing.public == made.signing.public == load_signing_key(tmp_path).public
    assert loaded.certificate_der() == made.certificate_der()
    assert loaded.tls_pem() == made.tls_pem()
    verify(made.signing.public, "t", b"x", loaded.signing.sign("t", b"x"))


def test_keys_are_fresh_each_time(tmp_path):
    one, two = (create_keys(tmp_path / name, "retailer", FixedClock(), validity=YEAR) for name in "ab")
    assert one.signing.public != two.signing.public
    assert one.tls_pem()[0] != two.tls_pem()[0]
    assert one.certificate.serial_number != two.certificate.serial_number


def test_only_the_owner_can_read_them(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILE_NAMES)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_certificate_is_what_the_contract_pins(folder):
    keys = load_keys(folder, "advertiser", FixedClock())
    certificate = x509.load_der_x509_certificate(keys.certificate_der())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert names.get_values_for_type(x509.DNSName) == ["advertiser.cleanroom.internal"]
    assert set(usages) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert certificate.version == x509.Version.v3
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (
        NOW - timedelta(seconds=300), NOW + YEAR)
    assert keys.certificate_sha256 == hashlib.sha256(keys.certificate_der()).hexdigest()


def test_nothing_secret_is_shown(folder):
    keys = load_keys(folder, "advertiser", FixedClock())
    assert (repr(keys), str(keys), repr(keys.signing)) == ("PartyKeys", "PartyKeys", "SigningKey")


@pytest.mark.parametrize("name", FILE_NAMES)
def test_keys_are_never_overwritten(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(SettingsError, match=name):
        create_keys(tmp_path, "advertiser", FixedClock(), validity=YEAR)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "precious"


@pytest.mark.parametrize("validity", [timedelta(0), timedelta(days=-1), timedelta(days=4000)])
def test_validity_is_bounded(tmp_path, validity):
    with pytest.raises(MisuseError):
        create_keys(tmp_path, "advertiser", FixedClock(), validity=validity)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o602, 0o610, 0o666])
@pytest.mark.parametrize("name", [SIGNING, TLS])
def test_a_key_that_others_can_reach_is_refused(folder, name, mode):
    (folder / name).chmod(mode)
    error = refused(folder)
    assert error.where.endswith(name)
    assert f"{mode:04o}" in error.what
    assert "chmod" in error.todo


def test_a_certificate_may_be_read_but_not_written_by_others(folder):
    (folder / CERTIFICATE).chmod(0o644)
    load_keys(folder, "advertiser", FixedClock())
    (folder / CERTIFICATE).chmod(0o664)
    assert refused(folder).where.endswith(CERTIFICATE)


@pytest.mark.parametrize("name", [SIGNING, TLS])
def test_a_link_to_a_file_that_others_can_read_is_refused(folder, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    load_keys(folder, "advertiser", FixedClock())  # a link to a private file is how secrets are mounted
    elsewhere.chmod(0o644)
    assert refused(folder).where.endswith(name)


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    error = refused(folder)
    assert error.where.endswith(name)
    assert "cleanroom init" in error.todo


@pytest.mark.parametrize("name", FILE_NAMES)
@pytest.mark.parametrize("data", [
    b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\0" * 20_000,
])
def test_a_malformed_file_is_named(folder, name, data):
    replace_file(folder / name, data)
    assert refused(folder).where.endswith(name)


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_folder_or_pipe_in_its_place_is_refused(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name, 0o600)
    assert "regular" in refused(folder).what


@pytest.mark.parametrize(("name", "key", "text"), [
    (SIGNING, ec.generate_private_key(ec.SECP256R1()), "Ed25519"),
    (TLS, Ed25519PrivateKey.generate(), "P-256"),
    (TLS, ec.generate_private_key(ec.SECP384R1()), "P-256"),
    (TLS, rsa.generate_private_key(65537, 2048), "P-256"),
])
def test_a_key_of_the_wrong_type_is_refused(folder, name, key, text):
    replace_file(folder / name, pem(key))
    error = refused(folder)
    assert error.where.endswith(name)
    assert text in error.what


def test_an_encrypted_key_is_refused(folder):
    replace_file(folder / SIGNING, pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"pw")))
    assert "unencrypted" in refused(folder).what


def test_a_foreign_tls_key_is_refused(folder):
    replace_file(folder / TLS, pem(ec.generate_private_key(ec.SECP256R1())))
    error = refused(folder)
    assert error.where.endswith(CERTIFICATE)
    assert TLS in error.what


def test_the_other_roles_certificate_is_refused(folder):
    assert "retailer.cleanroom.internal" in refused(folder, role="retailer").what


@pytest.mark.parametrize(("moment", "text"), [
    (NOW + YEAR, "expired on 2026-03-01"),
    (NOW - timedelta(seconds=301), "not valid before"),
])
def test_a_certificate_outside_its_validity_is_refused(folder, moment, text):
    error = refused(folder, moment)
    assert error.where.endswith(CERTIFICATE)
    assert text in error.what


def test_a_certificate_for_one_direction_only_is_refused(folder, monkeypatch, tmp_path):
    monkeypatch.setattr("cleanroom.adapters.key_files._USAGES", [ExtendedKeyUsageOID.SERVER_AUTH])
    create_keys(tmp_path / "one", "advertiser", FixedClock(), validity=YEAR)
    monkeypatch.undo()
    assert "client" in refused(tmp_path / "one").what


HOST = x509.SubjectAlternativeName([x509.DNSName(host_name("advertiser"))])


@pytest.mark.parametrize(("extensions", "text"), [
    ([], "not a certificate for"),
    ([HOST], "may issue others"),
    ([HOST, x509.BasicConstraints(ca=True, path_length=None)], "may issue others"),
    ([HOST, x509.BasicConstraints(ca=False, path_length=None)], "client"),
])
def test_a_certificate_without_its_extensions_is_refused(folder, extensions, text):
    key = load_pem_private_key((folder / TLS).read_bytes(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host_name("advertiser"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + YEAR)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    replace_file(folder / CERTIFICATE, builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    assert text in refused(folder).what


def context(purpose, folder, own, peer) -> ssl.SSLContext:
    """Trusts the peer's certificate only."""
    result = ssl.SSLContext(purpose)
    result.minimum_version = ssl.TLSVersion.TLSv1_3
    result.verify_mode = ssl.CERT_REQUIRED
    result.load_cert_chain(folder / own / CERTIFICATE, folder / own / TLS)
    result.load_verify_locations(folder / peer / CERTIFICATE)
    return result


def test_two_nodes_can_speak_mutual_tls_1_3_with_pinned_certificates(tmp_path):
    now = FixedClock(datetime.now(UTC))
    for role in ("advertiser", "retailer"):
        create_keys(tmp_path / role, role, now, validity=YEAR)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context(ssl.PROTOCOL_TLS_SERVER, tmp_path, "retailer", "advertiser").wrap_bio(
        to_server, to_client, server_side=True)
    client = context(ssl.PROTOCOL_TLS_CLIENT, tmp_path, "advertiser", "retailer").wrap_bio(
        to_client, to_server, server_hostname=host_name("retailer"))
    waiting = [client, server]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert waiting == []
    assert client.version() == server.version() == "TLSv1.3"
