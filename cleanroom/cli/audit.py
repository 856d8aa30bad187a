"""`cleanroom audit`: verify a run's evidence offline, and print it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cleanroom import limits
from cleanroom.adapters.audit_files import NO_RUN, read_evidence, read_log
from cleanroom.adapters.private_files import read_checked
from cleanroom.adapters.run_files import CONTRACT_NAME
from cleanroom.audit.events import ENDINGS
from cleanroom.audit.verify import Verified, compare_runs, verify_run
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.parse import contract_hash, parse_signed_json
from cleanroom.contract.sign import verify_signatures
from cleanroom.errors import AuditError, ContractError

Folder = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or a copy of it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Verify and read the evidence of a run. Offline.")
    group.command()(verify)
    group.command("report")(report)
    app.add_typer(group, name="audit")


def verify(folder: Folder,
           peer: Annotated[Path | None, typer.Argument(metavar="[PEER]", help="The other party's folder of this run.")]
           = None) -> None:
    """Check every signature, hash and line; with two folders also that both parties tell the same story."""
    found = verify_folder(folder)
    typer.echo(_summary(found))
    if peer is not None:
        second = verify_folder(peer)
        typer.echo(_summary(second))
        compare_runs(found, second)
        typer.echo("both parties' records agree")


def verify_folder(folder: Path) -> Verified:
    """Verify one run's folder. AuditError names the first bad item."""
    try:
        data = read_checked(folder / CONTRACT_NAME, limits.MAX_CONTRACT_BYTES, AuditError, todo=NO_RUN)
        contract = parse_signed_json(data, str(folder / CONTRACT_NAME))
        verify_signatures(contract)
    except ContractError as error:
        raise AuditError(error.what, where=CONTRACT_NAME) from None
    keys = {role: signing_key(contract, role) for role in ROLES}
    return verify_run(read_evidence(folder, contract_hash(contract).hex()), keys)


def report(folder: Folder) -> None:
    """Print the events of a run's log. This reads; only `verify` proves."""
    events, torn = read_log(folder)
    for event in events:
        fields = ", ".join(f"{name}={value}" for name, value in event.fields.items())
        typer.echo(f"{event.time}  {event.kind.value:<22} {fields}")
    if torn:
        typer.echo("the last line is unfinished: the node stopped in the middle of it", err=True)
    elif not events or events[-1].kind not in ENDINGS:
        typer.echo("the log stops before the run's end: the node stopped in the middle of the run", err=True)


def _summary(found: Verified) -> str:
    signers = " and ".join(found.signed_by)
    return (f"verified: {found.role}, run {found.run_id}, contract {found.contract_id}, {found.events} events, "
            f"{found.outcome.value}, signed by {signers}, root {found.root}")
