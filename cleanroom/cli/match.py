"""`cleanroom match`: one run with the peer."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.progress import display
from cleanroom.cli.language import Lang, Language
from cleanroom.cli.result_table import print_results
from cleanroom.contract.effective import effective
from cleanroom.errors import RunCancelledError
from cleanroom.node.client import Dial
from cleanroom.node.local import Finished, LocalNode


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(match)


def match(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
          contract: Annotated[Path, typer.Option(help="The contract's TOML file, signed by both.")],
          lang: Lang = Language.EN,
          as_json: Annotated[bool, typer.Option("--json", help="Print the measurement as JSON.")] = False) -> None:
    """Run the contract once with the peer's node, and write the reports."""
    show_finished(run_match(folder, contract, lang), as_json=as_json)


def show_finished(finished: Finished, *, as_json: bool) -> None:
    """Print what a run found, and where its reports are."""
    for note in finished.notes:
        typer.echo(f"note: {note}", err=True)
    if as_json:
        json.dump(finished.results.document, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    print_results(finished.results.document)
    typer.echo(f"report:      {finished.results.report}", err=True)
    typer.echo(f"compliance:  {finished.results.compliance}", err=True)
    typer.echo(f"measurement: {finished.results.measurement}", err=True)


def run_match(folder: Path, contract_file: Path, language: Language = Language.EN) -> Finished:
    """One run as its initiator; the page it leaves is in `language`. Any CleanroomError of the run."""
    with LocalNode(folder, language) as node:
        contract = read_contract(contract_file)
        node.check(contract)
        for change in effective(contract)[1]:
            typer.echo(f"note: {change.text()}", err=True)
        with cancelling(), Dial(node, contract) as dial:
            return node.execute(contract, node.new_run(), display(), dial.link, initiator=True)


@contextmanager
def cancelling() -> Iterator[None]:
    """Ctrl-C cancels the run: the other party is told that, and not that something broke here."""
    before = signal.signal(signal.SIGINT, _cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _cancel(*_: object) -> None:
    raise RunCancelledError("the run was cancelled with Ctrl-C")
