"""What a party's folder knows about contracts: those both signed, proposals, revocations, and the cards it trusts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cleanroom import limits
from cleanroom.adapters.card import parse_card
from cleanroom.adapters.contract_files import FOLDER_NAME, load_contracts, read_contract, read_text, write_text
from cleanroom.adapters.private_files import Stamp, read_checked, stamp, write_private
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Contract, Party, Role, other
from cleanroom.contract.parse import contract_hash
from cleanroom.contract.revocation import verify_revocation
from cleanroom.contract.sign import verify_signatures
from cleanroom.contract.versions import check_next, check_not_superseded
from cleanroom.errors import CleanroomError, ContractError, ContractRevokedError, UsageError

PROPOSALS_NAME = "proposals"
REVOCATIONS_NAME = "revocations"
TRUSTED_NAME = "trusted"


class ContractStore:
    """The four folders of a party, read anew each time: a person may change them while the node runs."""

    def __init__(self, folder: Path) -> None:
        self._contracts = folder / FOLDER_NAME
        self._proposals = folder / PROPOSALS_NAME
        self._revocations = folder / REVOCATIONS_NAME
        self._trusted = folder / TRUSTED_NAME
        self._folder = folder

    def __repr__(self) -> str:
        return "ContractStore"

    def stamp(self) -> frozenset[Stamp]:
        """What changes when somebody touches a file of these folders."""
        return stamp((self._contracts, self._proposals, self._revocations, self._trusted))

    def installed(self) -> dict[bytes, Contract]:
        """Contracts that both parties have signed, by hash, in force or not."""
        return {key: each for key, each in load_contracts(self._folder)[0].items() if _signed(each)}

    def install(self, contract: Contract, text: str) -> Path:
        """Keep a contract that both have signed; a proposal of the same text is done. ContractError as `check_next`."""
        verify_signatures(contract)
        self.check_not_revoked(contract)
        installed = self.installed()
        check_next(contract, installed.values())
        self._contracts.mkdir(exist_ok=True)
        path = self._contracts / f"{contract.id}-v{contract.version}.toml"
        if contract_hash(contract) not in installed:  # the peer's comments do not replace those in our copy
            write_text(path, text)
        self._proposal(contract_hash(contract)).unlink(missing_ok=True)
        return path

    def proposals(self) -> dict[bytes, Contract]:
        """What the peer has proposed and nobody has accepted, by hash."""
        found = {}
        for path in sorted(self._proposals.glob("*.toml")):
            with suppress(CleanroomError):  # a file that a person put there
                contract = read_contract(path)
                found[contract_hash(contract)] = contract
        return found

    def propose(self, contract: Contract, text: str) -> None:
        """Keep a proposal of the peer. ContractError when too many wait."""
        path = self._proposal(contract_hash(contract))
        if not path.exists() and len(list(self._proposals.glob("*.toml"))) >= limits.MAX_PROPOSALS:
            raise ContractError(f"{limits.MAX_PROPOSALS} proposals wait already", where=PROPOSALS_NAME,
                                todo="accept some, or delete their files")
        self._proposals.mkdir(exist_ok=True)
        write_text(path, text)

    def find_proposal(self, name: str) -> Path:
        """The file of the proposal with this contract id or start of a hash. UsageError unless there is exactly one."""
        hits = [key for key, each in self.proposals().items()
                if name == each.id or (re.fullmatch(r"[0-9a-f]{6,64}", name) and key.hex().startswith(name))]
        if len(hits) != 1:
            raise UsageError(f"{len(hits)} proposals have this id or hash", where=str(self._proposals),
                             todo="`cleanroom contract list` shows them; name a file, or give more digits of the hash")
        return self._proposal(hits[0])

    def revocation(self, contract: Contract) -> bytes:
        """The record that revokes a contract, verified, or nothing."""
        path = self._revocation(contract_hash(contract))
        if not path.exists():
            return b""
        record = read_checked(path, limits.MAX_REVOCATION_BYTES, ContractError)
        verify_revocation(record, contract)
        return record

    def revoke(self, contract: Contract, record: bytes) -> None:
        """Keep a verified record; the first one stays. ContractError when it does not verify."""
        verify_revocation(record, contract)
        if not self.revocation(contract):
            self._revocations.mkdir(exist_ok=True)
            write_private(self._revocation(contract_hash(contract)), record, ContractError)

    def check_not_revoked(self, contract: Contract) -> None:
        """ContractRevokedError when either party revoked it."""
        if record := self.revocation(contract):
            said = verify_revocation(record, contract)
            raise ContractRevokedError(f"{contract.id} version {contract.version} was revoked by the {said.role} at "
                                       f"{said.revoked_at}", todo="agree on a new contract", record=record)

    def check_live(self, contract: Contract, now: datetime, installed: Iterable[Contract] | None = None) -> None:
        """Neither revoked nor superseded by one of `installed` (None: look). The two errors say which."""
        self.check_not_revoked(contract)
        check_not_superseded(contract, self.installed().values() if installed is None else installed, now)

    def trust(self, card: Path, role: Role) -> Party:
        """Keep the card of the other party: its node may now propose. ContractError when it is not a card."""
        text = read_text(card)
        party = parse_card(text, other(role), str(card))
        self._trusted.mkdir(exist_ok=True)
        write_text(self._trusted / f"{other(role)}.toml", text)
        return party

    def trusted(self, role: Role) -> Party | None:
        """The party whose card was trusted last, or nobody. `role` is our own."""
        path = self._trusted / f"{other(role)}.toml"
        return parse_card(read_text(path), other(role), str(path)) if path.exists() else None

    def waiting(self) -> list[tuple[str, Contract, Path]]:
        """Everything, for a person: (what it is, contract, file)."""
        known = [("signed by both", each, self._contracts / f"{each.id}-v{each.version}.toml")
                 for each in self.installed().values()]
        open_ = [("proposed", each, self._proposal(key)) for key, each in self.proposals().items()]
        return known + open_

    def _proposal(self, key: bytes) -> Path:
        return self._proposals / f"{key.hex()}.toml"

    def _revocation(self, key: bytes) -> Path:
        return self._revocations / f"{key.hex()}.json"


def _signed(contract: Contract) -> bool:
    try:
        verify_signatures(contract)
    except CleanroomError:
        return False
    return len(contract.signatures) == len(ROLES)
