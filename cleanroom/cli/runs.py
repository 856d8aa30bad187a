"""`cleanroom runs`: the runs of a party's node, and a person's word about them."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.party import load_party
from cleanroom.adapters.run_files import STATE_NAME
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.run_states import Run
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.resume import resume
from cleanroom.cli.run_words import cost_of_run, run_line, run_lines
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import SettingsError, UsageError
from cleanroom.node.cancelling import cancel_interrupted
from cleanroom.node.local import LocalNode
from cleanroom.report.mode import mode

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")]
Which = Annotated[str, typer.Argument(metavar="RUN", help="First digits of a run's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The runs of this party: what they wait for, and a person's word.")
    group.command("list")(list_runs)
    for command in (show, approve, refuse, cancel, resume):
        group.command()(command)
    app.add_typer(group, name="runs")


def list_runs(folder: Folder, as_json: AsJson = False) -> None:
    """Print all runs, the newest first: id, state and step, contract, who dialled, when it came, why it ended."""
    found = _register(folder).runs()
    if as_json:
        typer.echo(json.dumps([_document(each) for each in found], indent=2))
        return
    for each in found:
        typer.echo(run_line(each))


def show(folder: Folder, run: Which, as_json: AsJson = False) -> None:
    """Print one run: its state, what it costs in privacy, and what our node sends in it."""
    found = _register(folder).find(run)
    contract = _contract(folder, found)
    if as_json:
        cost = cost_of_run(folder, contract) if contract is not None else None
        told = mode(contract) if contract is not None else {}
        typer.echo(json.dumps({**told, **_document(found), "privacy": cost}, indent=2))
        return
    for line in run_lines(folder, found, contract):
        typer.echo(line)


def approve(folder: Folder, run: Which,
            yes: Annotated[bool, typer.Option("--yes", help="Do not ask: you have read what `show` prints.")] = False,
            ) -> None:
    """Let a waiting run begin, after showing what it costs and sends."""
    register, found = _find(folder, run)
    if found.state != "awaiting_approval":
        raise UsageError("the run is not waiting for approval", where="RUN",
                         todo="`cleanroom runs list DIR` shows its state")
    contract = _contract(folder, found)
    if contract is None:
        raise UsageError("the contract of this run is not here any more", where="RUN", todo="refuse the run")
    for line in run_lines(folder, found, contract):
        typer.echo(line, err=True)
    if not yes:
        typer.confirm("Let it begin?", abort=True, err=True)
    register.approve(found.run, os.getuid())
    typer.echo("approved; it begins when it is its turn", err=True)


def refuse(folder: Folder, run: Which) -> None:
    """Refuse a run that waits. The other party is told that nobody approved it."""
    register, found = _find(folder, run)
    register.refuse(found.run)
    typer.echo("refused; nothing was sent or spent", err=True)


def cancel(folder: Folder, run: Which) -> None:
    """End a run at its next message or chunk, or at once if it was interrupted. What it spent of the privacy budget
    stays spent."""
    register, found = _find(folder, run)
    if found.state == "interrupted":
        said = _cancel_interrupted(folder, found)
    else:
        register.cancel(found.run)
        said = "it ends at its next message, and both parties record that"
    typer.echo(f"cancelled; {said}", err=True)


def _cancel_interrupted(folder: Path, found: Run) -> str:
    with LocalNode(folder) as node:
        if cancel_interrupted(node, bytes.fromhex(found.run), _contract(folder, found)):
            return "it is over, and the other party was told"
    if found.dialled == "peer":
        return "it is over here, and the other party is told when it comes back to the run"
    return "it is over here; the other party could not be told, and its node ends the run when its own time is over"


def _find(folder: Path, run: str) -> tuple[RunRegister, Run]:
    register = _register(folder)
    return register, register.find(run)


def _register(folder: Path) -> RunRegister:
    load_party(folder)  # a wrong folder must not get a register
    state = folder / STATE_NAME
    if not state.is_dir():
        raise SettingsError("this party has made no run yet", where=str(state),
                            todo="`cleanroom node` or `cleanroom match` makes one")
    return RunRegister(state, SystemClock())


def _contract(folder: Path, run: Run) -> Contract | None:
    """The contract of a run, while it is here. None: its file was removed."""
    found = ContractStore(folder).installed()
    return next((each for each in found.values() if contract_hash(each).hex() == run.contract_hash), None)


def _document(run: Run) -> dict[str, Any]:
    values = dataclasses.asdict(run)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
