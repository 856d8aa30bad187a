"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket and one loopback port, with passwords
(SCRAM) and TLS, run by an unprivileged user."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from adbc_driver_postgresql import dbapi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from loopback import free_port

OWNER, OWNER_PASSWORD = "owner", "owner's \\ word"
USER, PASSWORD = "reader", "pass'word \\with= marks"
ANY_USER = "nobody"  # the server refuses to be run by root


def program(name: str) -> str | None:
    """Of PATH, or of Debian's newest version."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return shutil.which(name) or (str(versions[-1]) if versions else None)


def run(name: str, *arguments: str | Path, folder: Path) -> None:
    """One of the server's programs, as its user. RuntimeError with what it said."""
    found = program(name) or name
    path = Path(found).resolve().with_name(name)  # initdb and pg_ctl are not on Debian's PATH
    user = {"user": ANY_USER, "group": _group(), "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run([path, *arguments], cwd=folder, check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, **user)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.decode(errors='replace')}")


def _group() -> int:
    import pwd

    return pwd.getpwnam(ANY_USER).pw_gid


@dataclass(frozen=True)
class Server:
    """A running server: `folder` holds its socket, its data and the certificate of its authority."""

    folder: Path
    port: int

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    def section(self, **changes: object) -> str:
        """[databases.crm] of a party.toml; None removes a line."""
        lines = {"host": str(self.folder), "port": self.port, "name": "crm", "user": USER,
                 "password_file": "keys/crm.password", **changes}
        written = {key: f'"{value}"' if isinstance(value, str) else str(value).lower() for key, value in lines.items()
                   if value is not None}
        return "\n[databases.crm]\n" + "".join(f"{key} = {value}\n" for key, value in written.items())

    def execute(self, *statements: str, database: str = "crm") -> None:
        with self.connected(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def fill(self, name: str, table: pa.Table) -> None:
        """A new table that the reader may read."""
        with self.connected("crm") as connection, connection.cursor() as cursor:
            cursor.adbc_ingest(name, table, mode="create")
            cursor.execute(f'GRANT SELECT ON "{name}" TO {USER}')

    def count(self, name: str) -> int:
        with self.connected("crm") as connection, connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            return int(cursor.fetch_arrow_table().column(0)[0].as_py())

    def empty(self) -> None:
        self.execute("DROP DATABASE IF EXISTS crm WITH (FORCE)", "CREATE DATABASE crm", database="postgres")

    def connected(self, database: str) -> dbapi.Connection:
        secret = OWNER_PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        return dbapi.connect(f"host='{self.folder}' port={self.port} user={OWNER} dbname={database} "
                             f"password='{secret}'", autocommit=True)

    def stop(self, mode: str = "immediate") -> None:
        run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop", folder=self.folder)


@contextmanager
def running() -> Iterator[Server]:
    """A new server with a user who may only read, and an empty database `crm`."""
    folder = Path(tempfile.mkdtemp(prefix="crm-", dir="/tmp"))  # the path of a Unix socket may have 107 bytes only
    try:
        server = Server(folder, free_port())
        _initialise(server)
        _start(server)
        server.execute(f"CREATE USER {USER} PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'", database="postgres")
        server.empty()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(server: Server) -> None:
    (server.folder / "secret").write_text(OWNER_PASSWORD)
    key, certificate, authority = _certificates()
    for name, content in {"key.pem": key, "certificate.pem": certificate, "authority.pem": authority}.items():
        (server.folder / name).write_bytes(content)
    (server.folder / "key.pem").chmod(0o600)
    for path in (server.folder, *server.folder.iterdir()):
        if os.geteuid() == 0:
            shutil.chown(path, ANY_USER, _group())
    run("initdb", "-D", server.folder / "data", "-U", OWNER, f"--pwfile={server.folder / 'secret'}",
        "--auth=scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", folder=server.folder)


def _start(server: Server) -> None:
    settings = {"unix_socket_directories": server.folder, "listen_addresses": "127.0.0.1", "port": server.port,
                "fsync": "off", "ssl": "on", "ssl_cert_file": server.folder / "certificate.pem",
                "ssl_key_file": server.folder / "key.pem", "log_statement": "all"}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    run("pg_ctl", "-D", server.folder / "data", "-w", "-l", server.folder / "log", "-o", options, "start",
        folder=server.folder)


def _certificates() -> tuple[bytes, bytes, bytes]:
    """Key and certificate of `localhost`, and the certificate of the authority that signed it."""
    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed("authority", root, root, is_authority=True)
    certificate = _signed("localhost", own, root, is_authority=False)
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption())
    return key, *(each.public_bytes(serialization.Encoding.PEM) for each in (certificate, authority))


def _signed(name: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, *,
            is_authority: bool) -> x509.Certificate:
    now = datetime.now(UTC)
    title = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    return (x509.CertificateBuilder().subject_name(title).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(signer, hashes.SHA256()))
