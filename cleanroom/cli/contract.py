"""`cleanroom contract`: write, read, sign and verify a contract file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.card import read_card
from cleanroom.adapters.contract_files import FOLDER_NAME, read_contract, read_text, write_text
from cleanroom.adapters.key_files import load_keys, load_signing_key
from cleanroom.adapters.party import load_party
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.show_contract import contract_text
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role
from cleanroom.contract.parse import contract_hash, parse_contract
from cleanroom.contract.sign import check_foreign, check_in_force, sign_contract, verify_signatures
from cleanroom.contract.write import with_signatures
from cleanroom.errors import ContractError
from cleanroom.flow import check_plan

File = Annotated[Path, typer.Argument(metavar="FILE", help="The contract's TOML file.")]
Party = Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Write, read, sign and verify a contract.")
    for command in (new, show, sign, verify):
        group.command()(command)
    app.add_typer(group, name="contract")


def new(file: File,
        terms: Annotated[Path, typer.Option(help="TOML with everything but [parties]: see parties/terms.toml.")],
        advertiser: Annotated[Path, typer.Option(help="The advertiser's card.toml.")],
        retailer: Annotated[Path, typer.Option(help="The retailer's card.toml.")]) -> None:
    """Put the terms and both parties' cards together into an unsigned contract."""
    make_contract(file, terms, {"advertiser": advertiser, "retailer": retailer})
    typer.echo(f"{file} is ready to be read (`cleanroom contract show`) and signed by both", err=True)


def make_contract(file: Path, terms: Path, cards: dict[Role, Path]) -> None:
    """Write the contract file. ContractError when it would not be one that can be run, or exists."""
    if file.exists():
        raise ContractError("exists already", where=str(file), todo="choose another name; nothing was changed")
    parts = [read_text(terms).rstrip(), *(read_card(cards[role], role) for role in ROLES)]
    text = "\n\n".join(parts) + "\n"
    check_plan(parse_contract(text, str(terms)))
    write_text(file, text)


def show(file: File) -> None:
    """Print what a contract says, in words."""
    typer.echo(contract_text(read_contract(file)))


def sign(folder: Party, file: File) -> None:
    """Sign a contract with the party's key, and keep a copy for the party's node once both have signed."""
    if sign_file(folder, file):
        typer.echo("both parties have signed; the node acts on it now", err=True)
    else:
        typer.echo("signed; the other party signs next, then both put it into their folder with "
                   "`cleanroom contract sign`", err=True)


def sign_file(folder: Path, file: Path) -> bool:
    """Add the party's signature to the file. Returns whether both signatures are there; then it is installed."""
    settings = load_party(folder)
    contract = read_contract(file)
    check_plan(contract)
    signed = sign_contract(contract, settings.role, load_signing_key(settings.key_directory))
    complete = len(signed.signatures) == len(ROLES)
    if complete:
        verify_signatures(signed)  # before anything is written: the text may have changed since the other signed
    text = with_signatures(read_text(file), signed)
    write_text(file, text)
    if not complete:
        return False
    installed = folder / FOLDER_NAME / f"{signed.id}-v{signed.version}.toml"
    installed.parent.mkdir(exist_ok=True)
    write_text(installed, text)
    return True


def verify(file: File,
           folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Also: is it this party's?")] = None,
           ) -> None:
    """Check both signatures, the validity window, and that the contract can be run."""
    contract = read_contract(file)
    check_in_force(contract, SystemClock().now())
    plan = check_plan(contract)
    if folder is not None:
        settings = load_party(folder)
        keys = load_keys(settings.key_directory, settings.role, SystemClock())
        check_foreign(contract, settings.role, keys.signing.public, keys.certificate_der())
    typer.echo(f"contract {contract.id} version {contract.version}: signed by both, valid until "
               f"{contract.not_after:%Y-%m-%d}, {len(plan.cells)} cells, {len(plan.groups)} released groups")
    typer.echo(contract_hash(contract).hex())
