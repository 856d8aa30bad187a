"""`cleanroom doctor`: what this machine and this party's node would use."""

from __future__ import annotations

import hashlib
import platform
import shutil
import socket
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from cryptography import x509

from cleanroom import __version__
from cleanroom.adapters.backends import choose_arithmetic, dask_executor
from cleanroom.adapters.contract_files import load_contracts
from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.key_files import begin_of, load_keys, next_certificate
from cleanroom.adapters.party import PartySettings, load_party
from cleanroom.adapters.reading import Reading
from cleanroom.adapters.rotation_files import RotationFiles
from cleanroom.adapters.system import SystemClock, SystemEntropy
from cleanroom.contract.effective import check_policy
from cleanroom.contract.model import Contract, Role, other
from cleanroom.contract.sign import check_foreign, check_in_force
from cleanroom.errors import CleanroomError
from cleanroom.flow import check_plan
from cleanroom.primitives.backend import Backend

LIBRARIES = ("cryptography", "pycryptodome", "grpcio", "protobuf", "pandas", "numpy", "opendp", "duckdb")
RENEW_DAYS = 30  # a rotation takes three weeks by default


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A party's folder.")] = None) -> None:
    """Print versions, kernel, disk and, with DIR, settings, certificate, contracts and the peer's reachability."""
    for title, value in [*_machine(), *(_party(folder) if folder else ())]:
        typer.echo(f"{title:<22} {value}")


def _machine() -> Iterator[tuple[str, str]]:
    yield "cleanroom", __version__
    yield "python", platform.python_version()
    for name in LIBRARIES:
        yield name, version(name)
    arithmetic = choose_arithmetic(1)
    with arithmetic.executor:
        rate = _points_per_second(arithmetic.backend)
    yield "kernel", f"{arithmetic.backend.name}, {rate:,.0f} points/s on one core"
    if arithmetic.reason:
        yield "", f"the faster C kernel is not used: {arithmetic.reason}"
    yield "clock", f"{SystemClock().now():%Y-%m-%d %H:%M:%S} UTC"


def _points_per_second(backend: Backend) -> float:
    entropy = SystemEntropy()
    points = backend.power_base(np.frombuffer(entropy.bytes(32 * 1000), np.uint8).reshape(-1, 32))
    started = time.perf_counter()
    backend.power(entropy.bytes(32), points)
    return len(points) / (time.perf_counter() - started)


def _party(folder: Path) -> Iterator[tuple[str, str]]:
    settings = load_party(folder)
    yield "party", f"{settings.party.name} ({settings.role})"
    yield "listens on", settings.node.listen
    yield "workers", str(settings.node.workers or "one per core")
    yield "executor", _executor(settings)
    yield "peer silence", f"{settings.node.peer_silence} s"
    yield "run limit", f"{settings.node.run_limit} s"
    yield "free disk", f"{shutil.disk_usage(folder).free / 1e9:,.0f} GB"
    with Reading(settings) as reading:
        yield from ((f"data.{name}", _table(reading, name, settings.data[name].label)) for name in settings.data)
    yield from _contracts(folder, settings)
    yield "peer", f"{settings.node.peer}: {_reach(settings.node.peer)}"


def _executor(settings: PartySettings) -> str:
    if settings.node.executor is None:
        return "this machine"
    try:
        with dask_executor(settings) as cluster:
            found = cluster.machines()
    except CleanroomError as error:
        return f"{settings.node.executor}: {error}"
    return f"{settings.node.executor}: {len(found)} workers with {sum(found.values())} threads, over TLS"


def _table(reading: Reading, name: str, label: str) -> str:
    try:
        return f"{label}: {', '.join(reading.header(name))}"
    except CleanroomError as error:
        return f"MISSING: {error}"


def _contracts(folder: Path, settings: PartySettings) -> Iterator[tuple[str, str]]:
    clock = SystemClock()
    keys = load_keys(settings.key_directory, settings.role, clock)
    yield "certificate", f"{_validity(keys.certificate, clock.now())}, SHA-256 {keys.certificate_sha256}"
    following = next_certificate(settings.key_directory, clock)
    if following is not None:
        yield "next certificate", f"shown from {begin_of(following):%Y-%m-%d %H:%M} UTC on"
    found, errors = load_contracts(folder)
    yield from _peers(folder, found.values(), settings.role, clock.now())
    for contract in found.values():
        try:
            check_foreign(contract, settings.role, keys.signing.public, keys.certificate_der(),
                          RotationFiles(folder).accepted(contract.party(settings.role), clock.now()))
            check_in_force(contract, clock.now())
            check_policy(contract, settings.role, settings.policy)
            ContractStore(folder).check_live(contract, clock.now())
            check_plan(contract)
        except CleanroomError as error:
            yield "contract", f"{contract.id} v{contract.version}: {error}"
        else:
            yield "contract", f"{contract.id} v{contract.version}: in force until {contract.not_after:%Y-%m-%d}"
    yield from (("contract", str(error)) for error in errors)


def _peers(folder: Path, contracts: Iterable[Contract], role: Role, now: datetime) -> Iterator[tuple[str, str]]:
    """The certificates that are accepted from the other party, once each."""
    files = RotationFiles(folder)
    ders = {der for contract in contracts for der in files.accepted(contract.party(other(role)), now)}
    for der in sorted(ders):
        try:
            said = _validity(x509.load_der_x509_certificate(der), now)
        except (ValueError, x509.InvalidVersion):
            said = "not a certificate"
        yield "peer's certificate", f"{said}, SHA-256 {hashlib.sha256(der).hexdigest()}"


def _validity(certificate: x509.Certificate, now: datetime) -> str:
    days = (certificate.not_valid_after_utc - now).days
    if days < 0:
        return "EXPIRED"
    return f"valid for {days} more days" + (", RENEW IT: `cleanroom keys rotate` there" if days < RENEW_DAYS else "")


def _reach(address: str) -> str:
    host, _, port = address.rpartition(":")
    started = time.monotonic()
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=3).close()
    except OSError as error:
        return f"not reachable ({error})"
    return f"answers after {(time.monotonic() - started) * 1000:.0f} ms (certificate not checked here)"
