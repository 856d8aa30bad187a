"""`cleanroom ledger`: what the privacy ledger holds, and taking over entries that it lost."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from cleanroom import limits
from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.party import load_party
from cleanroom.adapters.private_files import read_checked, write_private
from cleanroom.adapters.run_files import STATE_NAME
from cleanroom.audit.fields import CONTRACT_ID
from cleanroom.contract.check import signing_key
from cleanroom.contract.model import other
from cleanroom.disclosure.comparison import missing
from cleanroom.errors import DataError, SettingsError, UsageError
from cleanroom.ports import Entry
from cleanroom.primitives.canonical import canonical_json, parse_json

FORMAT = "cleanroom-ledger/1"
LEDGER_NAME = "ledger.sqlite"
_FIELDS = {"run", "part", "epsilon", "delta"}
_MAX_BYTES = 4 * 1024 * 1024  # MAX_LEDGER_ENTRIES of them

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The privacy ledger: show it, and mend one that lost entries.")
    for command in (show, export, import_entries):
        group.command("import" if command is import_entries else None)(command)
    app.add_typer(group, name="ledger")


def show(folder: Folder) -> None:
    """Print every entry, by contract: run, part, ε, δ, when, and who recorded it (own, partner, import)."""
    ledger = _open(folder)
    for contract in ledger.contracts():
        epsilon, delta = ledger.spent(contract)
        typer.echo(f"{contract}: ε {_plain(Decimal(str(epsilon)))}, δ {_plain(Decimal(str(delta)))} in all")
        for spend in ledger.history(contract):
            typer.echo(f"  {spend.run}  {spend.part:10}  ε {_plain(spend.epsilon)}  δ {_plain(spend.delta)}  "
                       f"{spend.at:%Y-%m-%d %H:%M}  {spend.origin}")


def _plain(amount: Decimal) -> str:
    """Decimal digits without an exponent or idle zeros."""
    return f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"


def export(folder: Folder, contract: Annotated[str, typer.Argument(metavar="ID", help="The contract's id.")],
           file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the entries.")]) -> None:
    """Write the entries of a contract for the other party. They say nothing about people."""
    entries = _open(folder).entries(contract)
    if not entries:
        raise UsageError("the ledger has no entry of this contract", where="ID", todo="`cleanroom ledger show DIR`")
    written = [{name: getattr(entry, name) for name in sorted(_FIELDS)} for entry in entries]
    document = {"format": FORMAT, "contract": contract, "entries": written}
    write_private(file, canonical_json(document) + b"\n", UsageError)
    typer.echo(f"{len(entries)} entries of {contract} in {file}", err=True)


def import_entries(folder: Folder, file: Annotated[Path, typer.Argument(metavar="FILE", help=(
        "What `cleanroom ledger export` wrote at the other party."))]) -> None:
    """Add the entries that our ledger lacks. What was spent can only grow."""
    contract, entries = read_entries(read_checked(file, _MAX_BYTES, DataError).rstrip(b"\n"), str(file))
    ledger = _open(folder)
    lacking = missing(ledger.entries(contract), entries)
    ledger.reconcile(contract, _partner(folder, contract), entries, "import")
    typer.echo(f"{len(lacking)} of {len(entries)} entries of {contract} were missing here and are added", err=True)


def read_entries(data: bytes, where: str) -> tuple[str, list[Entry]]:
    """Contract id and entries of an exported file. DataError when it is none."""
    value = parse_json(data, where=where, limit=_MAX_BYTES, error=DataError, canonical=True)
    if (not isinstance(value, dict) or set(value) != {"format", "contract", "entries"} or value["format"] != FORMAT
            or not CONTRACT_ID.accepts(value["contract"]) or not isinstance(value["entries"], list)):
        raise DataError("not the exported entries of a ledger", where=where, todo="`cleanroom ledger export` makes one")
    entries = [_entry(each, f"{where}, entry {number}") for number, each in enumerate(value["entries"], 1)]
    return value["contract"], entries


def _entry(value: object, where: str) -> Entry:
    if isinstance(value, dict) and set(value) == _FIELDS:
        entry = Entry(**value)
        bounds = ((entry.epsilon, limits.MAX_LEDGER_EPSILON), (entry.delta, limits.MAX_LEDGER_DELTA))
        if (isinstance(entry.run, str) and re.fullmatch(r"[0-9a-f]{32}", entry.run)
                and entry.part in ("transcript", "release")
                and all(type(each) is int and 0 <= each <= most for each, most in bounds)):
            return entry
    raise DataError("not an entry of a ledger", where=where)


def _partner(folder: Path, contract: str) -> str:
    """The peer's signing key in the newest version of the contract that is here, in hex."""
    found = [each for each in ContractStore(folder).installed().values() if each.id == contract]
    if not found:
        raise UsageError("there is no contract with this id here", where="FILE",
                         todo="install the signed contract first: `cleanroom contract list DIR`")
    newest = max(found, key=lambda each: each.version)
    return signing_key(newest, other(load_party(folder).role)).hex()


def _open(folder: Path) -> SQLiteLedger:
    load_party(folder)  # a wrong folder must not get a ledger
    state = folder / STATE_NAME
    if not state.is_dir():
        raise SettingsError("this party has no ledger yet", where=str(state),
                            todo="`cleanroom node` or `cleanroom match` makes one")
    return SQLiteLedger(state / LEDGER_NAME)
