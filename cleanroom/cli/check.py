"""`cleanroom check`: what a party would send, and what is excluded and why. Touches no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.party import load_party
from cleanroom.adapters.profile import profile_party
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.check_table import print_check
from cleanroom.cli.language import Lang, Language
from cleanroom.cli.pages import write_page
from cleanroom.errors import UsageError
from cleanroom.flow import check_plan
from cleanroom.report.checkup import checkup, render_check
from cleanroom.report.mode import mode
from cleanroom.rules import CURRENT, PACKS


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
          contract: Annotated[Path | None, typer.Option(help="The contract; without it only the files.")] = None,
          rules: Annotated[int, typer.Option(help="Version of the rules; an older one replays.")] = CURRENT.version,
          html: Annotated[Path | None, typer.Option(help="Also write it as a page to this new file.")] = None,
          lang: Lang = Language.EN,
          as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Read the party's tables as a run would, apply the consent gate, and count. Writes only --html."""
    if rules not in PACKS:
        raise UsageError(f"there are no rules of version {rules}", todo=f"one of {sorted(PACKS)}")
    settings = load_party(folder)
    agreed = None
    if contract is not None:
        agreed = check_plan(read_contract(contract)).contract
    now = SystemClock().now()
    document = {
        **({} if agreed is None else mode(agreed)),
        "party": {"role": settings.role, "name": settings.party.name}, "at": now.isoformat(timespec="seconds"),
        "contract": None if agreed is None else {"id": agreed.id, "version": agreed.version, "title": agreed.title},
        **profile_party(settings, agreed, now, PACKS[rules]).document()}
    if html is not None:
        write_page(html, render_check(document, lang))
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    print_check(checkup(document, lang))
    typer.echo("These counts are exact and for this party only.", err=True)
