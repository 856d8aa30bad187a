"""`cleanroom audit`: verify a run's evidence offline, and print it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.run_files import run_folders
from cleanroom.audit.events import ENDINGS
from cleanroom.audit.log import LOG_NAME
from cleanroom.audit.verify import compare_receipt, compare_runs
from cleanroom.cli.consent_proof import prove_consent, verify_consent
from cleanroom.cli.evidence import Checked, check_folder, check_run_folder, check_runs, read_anchors, read_receipt
from cleanroom.cli.stamp import stamp, stamp_line
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import UsageError
from cleanroom.primitives.dsse import key_id

Folder = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or a copy of it.")]
FINGERPRINT = 32  # hex digits shown of a key's SHA-256


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Verify and read the evidence of a run. Offline.")
    group.command()(verify)
    group.command("report")(report)
    group.command()(prove_consent)
    group.command()(verify_consent)
    group.command()(stamp)
    app.add_typer(group, name="audit")


def verify(folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or a party's `runs` folder.")],
           peer: Annotated[Path | None, typer.Argument(
               metavar="[PEER]", help="The other party's folder of this run, or its receipt.json.")] = None,
           contract: Annotated[list[Path] | None, typer.Option(
               help="The contract that both signed, as you got it from a party: its keys are then the ones "
                    "believed. May be given several times.")] = None,
           tsa: Annotated[Path | None, typer.Option(
               help="Certificates (PEM) of time stamping authorities you trust: checks the run's time stamp.")] = None,
           ) -> None:
    """Check every signature, hash, line and reported number; with PEER also that both parties tell the same story."""
    anchors = read_anchors(contract or [])
    if run_folders(folder) and not (folder / LOG_NAME).exists():
        if peer is not None:
            raise UsageError("a whole `runs` folder has no PEER", where="PEER", todo="name one run, and the peer's")
        _verify_runs(folder, anchors, tsa)
        return
    found = check_run_folder(folder, anchors)
    stamped = [line] if (line := stamp_line(folder, found.verified, tsa)) else []
    compared = [] if peer is None else _compare(found, peer, anchors)
    whose = [*_identity(found.contract), _origin(anchors)]
    typer.echo("\n".join([_summary(found), *stamped, *compared[:-1], *whose, *compared[-1:]]))


def _compare(found: Checked, peer: Path, anchors: dict[bytes, Contract]) -> list[str]:
    """What to print about the other party's side, the verdict last."""
    if peer.is_file():
        compare_receipt(found.verified, read_receipt(peer, found.contract))
        return ["the other party's copy of the receipt agrees"]
    second = check_run_folder(peer, anchors)
    compare_runs(found.verified, second.verified)
    return [_summary(second), "both parties' records agree"]


def _verify_runs(folder: Path, anchors: dict[bytes, Contract], tsa: Path | None) -> None:
    runs = check_runs(folder, anchors)
    for run in runs.sealed:
        typer.echo(_summary(run))
        if line := stamp_line(folder / run.verified.run_id, run.verified, tsa):
            typer.echo(line)
    for name in runs.unsealed:
        typer.echo(f"NOT verified: run {name} has no signed head: it was interrupted, or the head was removed")
    typer.echo(f"{len(runs.sealed)} runs, linked without a gap" + ("" if runs.complete else (
        "; whether newer ones were removed is not known without the party's `state` folder")))
    for contract in {contract_hash(run.contract): run.contract for run in runs.sealed}.values():
        typer.echo("\n".join(_identity(contract)))
    typer.echo(_origin(anchors))


def report(folder: Folder) -> None:
    """Print the events of a run's log. This reads; only `verify` proves."""
    events, torn = read_log(check_folder(folder))
    for event in events:
        fields = ", ".join(f"{name}={value}" for name, value in event.fields.items())
        typer.echo(f"{event.time}  {event.kind.value:<22} {fields}")
    if torn:
        typer.echo("the last line is unfinished: the node stopped in the middle of it", err=True)
    elif not events or events[-1].kind not in ENDINGS:
        typer.echo("the log stops before the run's end: the node stopped in the middle of the run", err=True)


def _summary(checked: Checked) -> str:
    found = checked.verified
    lines = [f"verified: {found.role}, run {found.run_id}, contract {found.contract_id}, {found.events} events, "
             f"{found.outcome.value}, signed by {' and '.join(found.signed_by)}, root {found.root}",
             f"  files covered: {', '.join(checked.covered)}"]
    if checked.uncovered:
        lines.append(f"  NOT covered: {', '.join(checked.uncovered)}, written by cleanroom {found.software}: "
                     "verify with that version")
    return "\n".join(lines)


def _identity(contract: Contract) -> list[str]:
    """The contract's hash, and both parties with the start of their signing key's SHA-256."""
    lines = [f"contract {contract.id} version {contract.version}, SHA-256 {contract_hash(contract).hex()}"]
    for role in ROLES:
        digits = key_id(signing_key(contract, role))[:FINGERPRINT]
        groups = " ".join(digits[i:i + 4] for i in range(0, len(digits), 4))
        lines.append(f"  {role}: {contract.party(role).name}, signing key {groups}")
    return lines


def _origin(anchors: dict[bytes, Contract]) -> str:
    if anchors:
        return "contract and keys: those of --contract"
    return ("contract and keys were taken from the folder itself, which anybody can make up: compare the hash and both "
            "keys with what the parties gave you, or name the signed contract with --contract")
