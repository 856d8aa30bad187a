"""`cleanroom check`: what a party would send, and what is excluded and why. Touches no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.party import load_party
from cleanroom.adapters.profile import profile_party
from cleanroom.adapters.system import SystemClock
from cleanroom.errors import UsageError
from cleanroom.flow import check_plan
from cleanroom.rules import CURRENT, PACKS


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
          contract: Annotated[Path | None, typer.Option(help="The contract; without it only the files.")] = None,
          rules: Annotated[int, typer.Option(help="Version of the rules; an older one replays.")] = CURRENT.version,
          as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Read the party's files as a run would, apply the consent gate, and count."""
    if rules not in PACKS:
        raise UsageError(f"there are no rules of version {rules}", todo=f"one of {sorted(PACKS)}")
    settings = load_party(folder)
    agreed = None
    if contract is not None:
        agreed = check_plan(read_contract(contract)).contract
    document = profile_party(settings, agreed, SystemClock().now(), PACKS[rules]).document()
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for line in _lines(document, ""):
        typer.echo(line)
    typer.echo("These counts are exact and for this party only.", err=True)


def _lines(value: Any, indent: str) -> list[str]:
    lines: list[str] = []
    for key, item in value.items():
        title = str(key).replace("_", " ")
        if isinstance(item, dict):
            lines += [f"{indent}{title}:", *_lines(item, indent + "  ")]
        elif isinstance(item, list):
            lines.append(f"{indent}{title}:")
            lines += [indent + "  " + (_cell(entry) if isinstance(entry, dict) else str(entry)) for entry in item]
        else:
            lines.append(f"{indent}{title}: {item:,}" if isinstance(item, int) else f"{indent}{title}: {item}")
    return lines


def _cell(entry: dict[str, Any]) -> str:
    period = f", period {entry['period'] + 1}" if entry["period"] else ""
    return f"{', '.join(entry['values'])}{period}: {entry['people']:,}"
