"""`cleanroom init`: a party's folder, keys and public card."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.card import CARD_NAME, write_card
from cleanroom.adapters.contract_files import FOLDER_NAME
from cleanroom.adapters.key_files import create_keys
from cleanroom.adapters.party import FILE_NAME, load_party
from cleanroom.adapters.party_template import party_template
from cleanroom.adapters.system import SystemClock
from cleanroom.errors import UsageError

VALIDITY = timedelta(days=365)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder; made if missing.")],
         role: Annotated[str, typer.Option(help="advertiser or retailer (only without a party.toml).")] = "",
         name: Annotated[str, typer.Option(help="Legal name (only without a party.toml).")] = "",
         contact: Annotated[str, typer.Option(help="Data protection contact (only without one).")] = "") -> None:
    """Make a party's settings (unless party.toml exists), its keys, and the public card for the contract."""
    create_party(folder, role, name, contact)
    typer.echo(f"keys and {FILE_NAME} are in {folder}; give {folder / CARD_NAME} to the other party", err=True)
    typer.echo(folder / CARD_NAME)


def create_party(folder: Path, role: str = "", name: str = "", contact: str = "") -> None:
    """What `init` does, for the demo too."""
    if not (folder / FILE_NAME).exists():
        if role not in ("advertiser", "retailer") or not name or not contact:
            raise UsageError(f"there is no {FILE_NAME} in this folder", where=str(folder),
                             todo="give --role advertiser or retailer, --name and --contact for a new party")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAME).write_text(party_template(role, name, contact), encoding="utf-8")
    settings = load_party(folder)
    keys = create_keys(settings.key_directory, settings.role, SystemClock(), validity=VALIDITY)
    (folder / FOLDER_NAME).mkdir(exist_ok=True)
    write_card(folder, settings, keys)
