"""Rotations of certificates that a party keeps: its own, and those its partners have signed."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from cleanroom import limits
from cleanroom.adapters.private_files import Stamp, make_private_folder, read_checked, replace_private, stamp
from cleanroom.contract.check import decode_base64
from cleanroom.contract.model import Party
from cleanroom.contract.rotation import Rotation, accepted, read_rotation
from cleanroom.errors import CleanroomError, ContractError
from cleanroom.primitives.dsse import key_id

FOLDER_NAME: Final = "rotations"


class RotationFiles:
    """`rotations/KEY/CERTIFICATE.json`: one record for each signing key and certificate that is replaced."""

    def __init__(self, party: Path) -> None:
        self._folder = party / FOLDER_NAME

    def __repr__(self) -> str:
        return "RotationFiles"

    def stamp(self) -> frozenset[Stamp]:
        """What changes when somebody touches a record."""
        return stamp((self._folder,))

    def accepted(self, party: Party, now: datetime) -> tuple[bytes, ...]:
        """Certificates (DER) that are this party's at `now`, the newest first. ContractError: no base64."""
        signer = decode_base64(party.signing_key, "signing_key")
        return accepted(decode_base64(party.certificate, "certificate"), self._of(signer), now)

    def keep(self, record: bytes, signer: bytes) -> Rotation:
        """Verify and keep a record; of two about one certificate the later, of one second the one that came last.
        ContractError when it is none, or one too many."""
        rotation, folder = read_rotation(record, signer), self._folder / key_id(signer)
        path = self.path(signer, rotation.previous)
        if not path.exists() and len(list(folder.glob("*.json"))) >= limits.MAX_ROTATIONS:
            raise ContractError(f"{limits.MAX_ROTATIONS} rotations of this party are kept already", where=str(folder))
        if not path.exists() or self._read(path, signer).issued_at <= rotation.issued_at:
            make_private_folder(folder, ContractError)
            replace_private(path, record, ContractError)
        return rotation

    def path(self, signer: bytes, previous: bytes) -> Path:
        """The file of the record that replaces a certificate."""
        return self._folder / key_id(signer) / f"{hashlib.sha256(previous).hexdigest()}.json"

    def _of(self, signer: bytes) -> list[Rotation]:
        found = []
        for path in sorted((self._folder / key_id(signer)).glob("*.json")):
            with suppress(CleanroomError):  # a file that somebody damaged replaces nothing
                found.append(self._read(path, signer))
        return found

    def _read(self, path: Path, signer: bytes) -> Rotation:
        return read_rotation(read_checked(path, limits.MAX_ROTATION_BYTES, ContractError), signer)
