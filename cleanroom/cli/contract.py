"""`cleanroom contract`: write, read, sign and verify a contract file."""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.card import read_card
from cleanroom.adapters.contract_files import read_contract, read_text, write_text
from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.key_files import load_keys
from cleanroom.adapters.party import load_party
from cleanroom.adapters.rotation_files import RotationFiles
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.ask_legal import ask_legal
from cleanroom.cli.contract_life import accept, card, list_contracts, propose, revoke, sign, sign_file, trust
from cleanroom.cli.show_contract import contract_text
from cleanroom.contract.check import ROLES
from cleanroom.contract.difference import differences
from cleanroom.contract.effective import check_policy, effective
from cleanroom.contract.model import Role
from cleanroom.contract.parse import contract_hash, parse_contract
from cleanroom.contract.rules import check_rules
from cleanroom.contract.sign import check_foreign, check_in_force
from cleanroom.errors import ContractError
from cleanroom.flow import check_plan

__all__ = ["make_contract", "register", "sign_file"]


class Lang(enum.StrEnum):
    """Languages of a contract in words."""

    EN = "en"
    FR = "fr"


File = Annotated[Path, typer.Argument(metavar="FILE", help="The contract's TOML file.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Write, read, sign and verify a contract.")
    for command in (new, show, diff, sign, card, trust, propose, accept, verify, revoke):
        group.command()(command)
    group.command("list")(list_contracts)
    app.add_typer(group, name="contract")


def new(file: File,
        terms: Annotated[Path, typer.Option(help="TOML with everything but [parties]: see parties/terms.toml.")],
        advertiser: Annotated[Path, typer.Option(help="The advertiser's card.toml.")],
        retailer: Annotated[Path, typer.Option(help="The retailer's card.toml.")],
        legal: Annotated[Path | None, typer.Option(help="TOML with [legal], when the terms have none; without it each "
                                                        "legal piece is asked for.")] = None) -> None:
    """Put the terms, the legal part and both parties' cards together into an unsigned contract."""
    make_contract(file, terms, {"advertiser": advertiser, "retailer": retailer}, legal, ask=True)
    typer.echo(f"{file} is ready to be read (`cleanroom contract show`) and signed by both", err=True)


def make_contract(file: Path, terms: Path, cards: dict[Role, Path], legal: Path | None = None, *,
                  ask: bool = False) -> None:
    """Write the contract file. ContractError when it would break a rule, could not be run, or exists."""
    if file.exists():
        raise ContractError("exists already", where=str(file), todo="choose another name; nothing was changed")
    own = read_text(terms).rstrip()
    parts = [own, *(_legal(own, legal) if ask or legal else ()), *(read_card(cards[role], role) for role in ROLES)]
    text = "\n\n".join(parts) + "\n"
    contract = parse_contract(text, str(file))
    check_rules(contract, str(file))
    check_plan(contract)
    write_text(file, text)


def _legal(terms: str, file: Path | None) -> list[str]:
    """The legal part, unless the terms have it: from a file, else from the person at the terminal."""
    if re.search(r"^\[legal\]", terms, re.MULTILINE):
        return []
    return [read_text(file).strip() if file is not None else ask_legal().strip()]


def show(file: File, lang: Annotated[Lang, typer.Option(help="Language.")] = Lang.EN) -> None:
    """Print what a contract says, in words, and which rules it keeps."""
    typer.echo(contract_text(read_contract(file), lang.value))


def diff(old: Annotated[Path, typer.Argument(metavar="OLD", help="A contract's TOML file.")],
         new_file: Annotated[Path, typer.Argument(metavar="NEW", help="The other one.")],
         lang: Annotated[Lang, typer.Option(help="Language.")] = Lang.EN) -> None:
    """Print in words what differs between two contracts; what protects people less is marked."""
    for change in differences(read_contract(old), read_contract(new_file)):
        typer.echo(change.text(lang.value))


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
        check_foreign(contract, settings.role, keys.signing.public, keys.certificate_der(),
                      RotationFiles(folder).accepted(contract.party(settings.role), SystemClock().now()))
        check_policy(contract, settings.role, settings.policy)
        ContractStore(folder).check_live(contract, SystemClock().now())
    for change in effective(contract)[1]:
        typer.echo(f"note: {change.text()}", err=True)
    typer.echo(f"contract {contract.id} version {contract.version}: signed by both, valid until "
               f"{contract.not_after:%Y-%m-%d}, {len(plan.cells)} cells, {len(plan.groups)} released groups")
    typer.echo(contract_hash(contract).hex())
