"""`cleanroom contract` commands that change who is bound: card, trust, propose, accept, revoke, list."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.card import CARD_NAME, write_card
from cleanroom.adapters.contract_files import read_contract, read_text, write_text
from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.key_files import load_keys, load_signing_key
from cleanroom.adapters.party import load_party
from cleanroom.adapters.system import SystemClock
from cleanroom.contract.check import ROLES, decode_base64
from cleanroom.contract.effective import check_policy, effective
from cleanroom.contract.model import Contract, other
from cleanroom.contract.parse import contract_hash
from cleanroom.contract.revocation import revoke_contract
from cleanroom.contract.rules import check_rules
from cleanroom.contract.sign import sign_contract, verify_signature, verify_signatures
from cleanroom.contract.versions import check_next
from cleanroom.contract.write import with_signatures
from cleanroom.errors import CleanroomError, UsageError
from cleanroom.flow import check_plan

File = Annotated[Path, typer.Argument(metavar="FILE", help="The contract's TOML file.")]
Party = Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")]
Which = Annotated[str, typer.Argument(metavar="FILE|ID", help="A file, or the id or hash that `list` shows.")]


def card(folder: Party) -> None:
    """Write the party's public card again, after a change of its name, contact, keys or policy."""
    settings = load_party(folder)
    write_card(folder, settings, load_keys(settings.key_directory, settings.role, SystemClock()))
    typer.echo(folder / CARD_NAME)


def trust(folder: Party, file: Annotated[Path, typer.Argument(metavar="CARD", help="The other party's card.toml.")],
          ) -> None:
    """Let the holder of this card propose contracts to our node. Compare both digests with them by another way."""
    settings = load_party(folder)
    party = ContractStore(folder).trust(file, settings.role)
    for title, value in (("certificate", party.certificate), ("signing key", party.signing_key)):
        typer.echo(f"{title} SHA-256 {hashlib.sha256(decode_base64(value, title)).hexdigest()}")
    typer.echo(f"{party.name} may propose contracts now. Read both digests to each other on the telephone: if they "
               f"differ, delete {folder / 'trusted'}", err=True)


def sign(folder: Party, file: File) -> None:
    """Sign a contract with the party's key, and keep a copy for the party's node once both have signed."""
    if sign_file(folder, file):
        typer.echo("both parties have signed; the node acts on it now", err=True)
    else:
        typer.echo("signed; now `cleanroom contract propose` sends it to the other party's node, or give them the file "
                   "to sign, and sign again here when they have", err=True)


def sign_file(folder: Path, file: Path) -> bool:
    """Add the party's signature to the file. Returns whether both signatures are there; then it is installed."""
    text, signed = _signed(folder, file)
    store = ContractStore(folder)
    if len(signed.signatures) == len(ROLES):
        verify_signatures(signed)
        store.install(signed, text)
    write_text(file, text)
    for change in effective(signed)[1]:
        typer.echo(f"note: {change.text()}", err=True)
    return len(signed.signatures) == len(ROLES)


def propose(folder: Party, file: File) -> None:
    """Send a contract that we have signed to the other party's node, where a person may accept it."""
    settings, contract = load_party(folder), read_contract(file)
    check_rules(contract, str(file))
    verify_signature(contract, settings.role)
    ContractStore(folder).check_not_revoked(contract)
    installed = _send(folder, contract, read_text(file))
    typer.echo("the other party's node keeps the contract: both have signed" if installed else
               f"the other party's node has it: there, `cleanroom contract accept DIR {contract.id}` signs", err=True)
    typer.echo(contract_hash(contract).hex())


def accept(folder: Party, which: Which) -> None:
    """Sign what the other party has signed, keep it for our node, and send it back to theirs."""
    settings, store = load_party(folder), ContractStore(folder)
    file = Path(which) if Path(which).is_file() else store.find_proposal(which)
    contract = read_contract(file)
    verify_signature(contract, other(settings.role))
    text, signed = _signed(folder, file)
    path = store.install(signed, text)
    if file.exists():
        write_text(file, text)
    for change in effective(signed)[1]:
        typer.echo(f"note: {change.text()}", err=True)
    try:
        _send(folder, signed, text)
    except CleanroomError as error:
        typer.echo(f"signed and in force here, but the other party does not have it yet ({error}): run `cleanroom "
                   f"contract propose {folder} {path}` later, or give them the file", err=True)
    else:
        typer.echo("both parties have signed, and both nodes keep the contract", err=True)
    typer.echo(contract_hash(signed).hex())


def revoke(folder: Party, which: Which) -> None:
    """End a contract (all its versions) at once. The other party is told now if its node answers, else at its hello."""
    settings, store = load_party(folder), ContractStore(folder)
    found = [read_contract(Path(which))] if Path(which).is_file() else [
        each for each in (*store.installed().values(), *store.proposals().values())
        if which in (each.id, contract_hash(each).hex())]
    if not found:
        raise UsageError(f"no contract or proposal in {folder} has this id", todo="see `cleanroom contract list`")
    key = load_signing_key(settings.key_directory)
    for contract in found:
        store.revoke(contract, revoke_contract(contract, settings.role, key, SystemClock().now()))
        typer.echo(f"{contract.id} version {contract.version} is revoked here", err=True)
    all(_tell(folder, contract, store.revocation(contract)) for contract in found)  # a node that is away stays away


def list_contracts(folder: Party) -> None:
    """Print the party's contracts and proposals: id, version, state, hash and file."""
    store, now = ContractStore(folder), SystemClock().now()
    for state, contract, path in store.waiting():
        try:
            store.check_live(contract, now)
            said = state if contract.not_before <= now < contract.not_after else f"{state}, outside its validity"
        except CleanroomError as error:
            said = error.what
        typer.echo(f"{contract.id}  version {contract.version}  {contract_hash(contract).hex()[:16]}  {said}  {path}")


def _signed(folder: Path, file: Path) -> tuple[str, Contract]:
    """Text and contract with our signature, once everything that must be true before a person signs is checked."""
    settings, contract, store = load_party(folder), read_contract(file), ContractStore(folder)
    check_rules(contract, str(file))
    check_policy(contract, settings.role, settings.policy)
    check_plan(contract)
    store.check_not_revoked(contract)
    check_next(contract, store.installed().values())
    signed = sign_contract(contract, settings.role, load_signing_key(settings.key_directory))
    return with_signatures(read_text(file), signed), signed


def _send(folder: Path, contract: Contract, text: str) -> bool:
    from cleanroom.node.client import Dial  # noqa: PLC0415 - gRPC loads only where it is used
    from cleanroom.node.local import LocalNode  # noqa: PLC0415

    with LocalNode(folder) as node, Dial(node, contract) as dial:
        node.check_ours(contract)
        dial.reach()
        return dial.propose(text)


def _tell(folder: Path, contract: Contract, record: bytes) -> bool:
    from cleanroom.node.client import Dial  # noqa: PLC0415
    from cleanroom.node.local import LocalNode  # noqa: PLC0415

    try:
        with LocalNode(folder) as node, Dial(node, contract) as dial:
            dial.reach()
            dial.revoke(record)
    except CleanroomError as error:
        typer.echo(f"the other party has not been told about version {contract.version} ({error}); it learns it when "
                   "its node next calls ours, or by the same command again", err=True)
        return False
    typer.echo(f"the other party's node has been told about version {contract.version}", err=True)
    return True
