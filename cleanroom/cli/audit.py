"""`cleanroom audit`: verify a run's evidence offline, and print it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.audit_files import read_log
from cleanroom.audit.verify import Verified, compare_runs
from cleanroom.cli.consent_proof import prove_consent, verify_consent
from cleanroom.cli.run_evidence import verify_folder

Folder = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or a copy of it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Verify and read the evidence of a run. Offline.")
    group.command()(verify)
    group.command("report")(report)
    group.command()(prove_consent)
    group.command()(verify_consent)
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


def report(folder: Folder) -> None:
    """Print the events of a run's log. This reads; only `verify` proves."""
    events, torn = read_log(folder)
    for event in events:
        fields = ", ".join(f"{name}={value}" for name, value in event.fields.items())
        typer.echo(f"{event.time}  {event.kind.value:<22} {fields}")
    if torn:
        typer.echo("the last line is unfinished: the node stopped in the middle of it", err=True)


def _summary(found: Verified) -> str:
    signers = " and ".join(found.signed_by)
    return (f"verified: {found.role}, run {found.run_id}, contract {found.contract_id}, {found.events} events, "
            f"{found.outcome.value}, signed by {signers}, root {found.root}")
