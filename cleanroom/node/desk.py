"""What a party has on its desk before it computes anything: settings, keys, and the contracts it acts on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cleanroom.adapters.contract_files import load_contracts
from cleanroom.adapters.contract_store import ContractStore
from cleanroom.adapters.key_files import PartyKeys, load_keys
from cleanroom.adapters.party import PartySettings, load_party
from cleanroom.adapters.private_files import Stamp
from cleanroom.adapters.rotation_files import RotationFiles
from cleanroom.adapters.system import SystemClock
from cleanroom.contract.effective import check_policy
from cleanroom.contract.model import Contract, Party
from cleanroom.contract.sign import check_foreign, check_in_force
from cleanroom.errors import ContractError


class Desk:
    """A party's settings, keys and contracts, read from its folder. Changes nothing there. SettingsError."""

    def __init__(self, folder: Path) -> None:
        self.settings: PartySettings = load_party(folder)
        self.clock = SystemClock()
        self.keys: PartyKeys = load_keys(self.settings.key_directory, self.settings.role, self.clock)
        self.store = ContractStore(folder)
        self.rotations = RotationFiles(folder)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.role})"

    def contracts(self) -> dict[bytes, Contract]:
        """Contracts of the party's folder that are ours and in force at this moment, by hash."""
        return {key: each for key, each in self.known().items() if _holds(self.check, each)}

    def refusals(self) -> list[tuple[str, Exception]]:
        """Files of the party's folder of contracts that are not acted on at this moment: the contract, and why."""
        found, errors = load_contracts(self.settings.folder)
        refused = ((f"{each.id} version {each.version}", self._refusal(each)) for each in found.values())
        return [*(("", error) for error in errors), *((name, error) for name, error in refused if error is not None)]

    def _refusal(self, contract: Contract) -> Exception | None:
        try:
            self.check(contract)
        except Exception as error:
            return error
        return None

    def known(self) -> dict[bytes, Contract]:
        """Contracts that both signed and that are ours, in force or not: their peer may be told what is wrong."""
        return {key: each for key, each in self.store.installed().items() if _holds(self.check_ours, each)}

    def stamp(self) -> frozenset[Stamp]:
        """What changes when somebody touches a file that says whom to trust."""
        return self.store.stamp() | self.rotations.stamp()

    def accepted(self, party: Party) -> tuple[bytes, ...]:
        """Certificates (DER) that are a party's at this moment, newest first: as named, and by its rotations."""
        return self.rotations.accepted(party, self.clock.now())

    def is_of(self, caller: bytes, party: Party) -> bool:
        """Whether a caller's certificate (its SHA-256) is one of them."""
        return caller in {hashlib.sha256(der).digest() for der in self.accepted(party)}

    def renew_keys(self) -> None:
        """Show the next certificate when its time has come. SettingsError when it cannot be read."""
        self.keys = load_keys(self.settings.key_directory, self.settings.role, self.clock)

    def check_ours(self, contract: Contract) -> None:
        """The contract names our keys and our name. ContractError says what does not fit."""
        settings = self.settings
        check_foreign(contract, settings.role, self.keys.signing.public, self.keys.certificate_der(),
                      self.accepted(contract.party(settings.role)))
        if contract.party(settings.role).name != settings.party.name:
            raise ContractError(f"the contract gives the {settings.role} another name than party.toml",
                                todo="people consented to a name: both must be the same")

    def check(self, contract: Contract) -> None:
        """The contract is ours, in force now and honours our policy. ContractError says what is not.

        Whether this software can run it was checked when it was signed, and is again when a run begins.
        """
        self.check_ours(contract)
        check_in_force(contract, self.clock.now())
        self.store.check_live(contract, self.clock.now())
        check_policy(contract, self.settings.role, self.settings.policy)

    def learn(self, contract: Contract, record: bytes) -> None:
        """Keep the peer's proof that it revoked the contract, if it is one."""
        with suppress(ContractError):
            self.store.revoke(contract, record)


def _holds(check: Callable[[Contract], None], contract: Contract) -> bool:
    try:
        check(contract)
    except Exception:  # whatever is wrong with one contract, the others stay usable
        return False
    return True
