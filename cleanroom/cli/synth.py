"""`cleanroom synth`: both parties' data from a seed, at any size, with a known truth beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.progress import display
from cleanroom.adapters.synth.generate import TERMS_NAME, TRUTH_NAME, write_synth
from cleanroom.adapters.synth.parameters import SYNTHETIC, Parameters
from cleanroom.contract.keys import KeyType
from cleanroom.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(synth)


def synth(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put both parties; must not exist.")],
          rows: Annotated[int, typer.Option(help="People on each side.")],
          seed: Annotated[int, typer.Option(help="Same seed and options, same data.")] = 1,
          overlap: Annotated[float, typer.Option(help="Share of the people who are on both sides.")] = 0.5,
          keys: Annotated[str, typer.Option(help="Match keys, in order of priority.")] = "email,phone,loyalty",
          lift: Annotated[float, typer.Option(help="Relative lift of conversion by exposure.")] = 0.1,
          conversion: Annotated[float, typer.Option(help="Mean conversion rate without exposure.")] = 0.25,
          exposed: Annotated[float, typer.Option(help="Share of the exposed arm; the rest is control.")] = 0.5,
          refused: Annotated[float, typer.Option(help="Share of people whose consent does not stand.")] = 0.08,
          ropo: Annotated[float, typer.Option(help="Share of store buyers who look online first.")] = 0.3) -> None:
    """Make two synthetic parties that can be matched, a contract's terms, and the truth about them."""
    parameters = Parameters(rows, seed, overlap, _key_types(keys), lift, conversion, exposed, refused, ropo)
    document = write_synth(folder, parameters, display())
    if document["terms"]["obstacle"]:
        typer.echo(f"this version cannot run a contract of this size: {document['terms']['obstacle']}", err=True)
    typer.echo(f"{rows} people on each side, {document['people']['common']} on both; the terms are in "
               f"{folder / TERMS_NAME}, the truth in {folder / TRUTH_NAME}", err=True)
    typer.echo(folder)


def _key_types(text: str) -> tuple[KeyType, ...]:
    names = [name.strip() for name in text.split(",")]
    unknown = sorted(set(names) - set(SYNTHETIC))
    if unknown:
        raise UsageError(f"--keys: {unknown[0]!r} is not one of {', '.join(SYNTHETIC)}")
    known: dict[str, KeyType] = {name: name for name in SYNTHETIC}
    return tuple(known[name] for name in names)
