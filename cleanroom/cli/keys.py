"""`cleanroom keys`: change the certificate of a party's node while its contracts go on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.key_files import add_certificate, forget_replaced, load_keys, next_certificate
from cleanroom.adapters.party import load_party
from cleanroom.adapters.private_files import read_checked
from cleanroom.adapters.rotation_files import RotationFiles
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.init import VALIDITY
from cleanroom.contract.check import signing_key
from cleanroom.contract.model import Contract, Role, other
from cleanroom.contract.rotation import Rotation
from cleanroom.errors import CleanroomError, ContractError
from cleanroom.limits import MAX_ROTATION_BYTES

Party = Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")]
Notice = Annotated[int, typer.Option(min=0, max=365, help="Days until the next certificate is shown.")]
Overlap = Annotated[int, typer.Option(min=0, max=365, help="Days after that for which the present one is accepted.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Change the certificate of a party's node.")
    for command in (rotate, accept):
        group.command()(command)
    app.add_typer(group, name="keys")


def rotate(folder: Party, notice: Notice = 7, overlap: Overlap = 14) -> None:
    """Make the node's next certificate and announce it; again before it is shown: announce it again."""
    settings, clock = load_party(folder), SystemClock()
    keys, files = load_keys(settings.key_directory, settings.role, clock), RotationFiles(folder)
    now, present = clock.now().replace(microsecond=0), keys.certificate_der()
    switch, path = now + timedelta(days=notice), files.path(keys.signing.public, present)

    def announce(following: bytes) -> None:  # while our node still shows the present one, which they accept
        rotation = Rotation(present, following, now, switch, switch + timedelta(days=overlap))
        files.keep(rotation.record(keys.signing), keys.signing.public)
        _tell_all(folder, settings.role, path)

    if next_certificate(settings.key_directory, clock) is None:
        forget_replaced(settings.key_directory, clock)
        add_certificate(settings.key_directory, settings.role, switch, VALIDITY, announce)
    else:
        _tell_all(folder, settings.role, path)
    typer.echo(path)


def accept(folder: Party, file: Annotated[Path, typer.Argument(metavar="FILE", help="What `rotate` printed there.")],
           ) -> None:
    """Keep the other party's next certificate from a file, when its node could not tell ours."""
    settings, record = load_party(folder), read_checked(file, MAX_ROTATION_BYTES, ContractError)
    peer, store = other(settings.role), ContractStore(folder)
    for signer in sorted({signing_key(contract, peer) for contract in store.installed().values()}):
        try:
            rotation = RotationFiles(folder).keep(record, signer)
        except ContractError:
            continue
        typer.echo(f"shown from {rotation.switch_at:%Y-%m-%d %H:%M} UTC on; the present certificate is accepted until "
                   f"{rotation.until:%Y-%m-%d %H:%M}", err=True)
        return
    raise ContractError(f"not a rotation that the {peer} of a contract here has signed", where=str(file))


def _tell_all(folder: Path, role: Role, path: Path) -> None:
    """Hand the record to each partner's node, under one of its contracts."""
    contracts = ContractStore(folder).installed().values()
    for contract in {signing_key(each, other(role)): each for each in contracts}.values():
        _tell(folder, contract, path)


def _tell(folder: Path, contract: Contract, path: Path) -> None:
    from cleanroom.node.client import Dial  # noqa: PLC0415 - gRPC loads only where it is used
    from cleanroom.node.local import LocalNode  # noqa: PLC0415

    peer = contract.party(other(load_party(folder).role)).name
    try:
        with LocalNode(folder) as node, Dial(node, contract) as dial:
            dial.reach()
            dial.rotate(path.read_bytes())
    except CleanroomError as error:
        typer.echo(f"{peer} has not been told ({error}): give them {path} for `cleanroom keys accept`, or run this "
                   "again before the next certificate is shown", err=True)
    else:
        typer.echo(f"{peer} has been told", err=True)
