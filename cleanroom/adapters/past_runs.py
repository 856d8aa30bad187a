"""What a party keeps about its own earlier runs: a keyed digest and a keyed sketch each, in `state/past`.

One file a run, `state/past/CONTRACT/RUN`, mode 0600, written once: 32 bytes of the question's digest, then the sketch.
The key stands with the party's other keys. Nothing here is ever sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cleanroom.adapters.audit_files import read_evidence
from cleanroom.adapters.private_files import OWNER_ONLY, make_private_folder, read_checked, write_private
from cleanroom.adapters.run_files import RUNS_NAME, STATE_NAME
from cleanroom.audit.events import Kind
from cleanroom.audit.verify import Verified, verify_run
from cleanroom.contract.model import Role
from cleanroom.errors import AuditError, MachineError, SettingsError
from cleanroom.ports import EarlierRun, Entropy

FOLDER_NAME: Final = "past"
KEY_NAME: Final = "past-runs.key"
KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 32
_MAX_BYTES: Final = 64 * 1024 * 1024


class KeptRuns:
    """`ports.PastRuns` of one contract (by its id). `role`: the own one; `keys`: raw Ed25519 public keys of both."""

    def __init__(self, party: Path, key: bytes, contract: str, contract_hash: str, role: Role,
                 keys: Mapping[Role, bytes]) -> None:
        self._folder = party / STATE_NAME / FOLDER_NAME / contract
        self._runs = party / RUNS_NAME
        self._key, self._contract_hash, self._role, self._keys = key, contract_hash, role, keys

    def __repr__(self) -> str:
        return "KeptRuns"

    @property
    def key(self) -> bytes:
        """The key under which digests and sketches are made."""
        return self._key

    def sketches(self) -> Iterator[tuple[str, bytes]]:
        """Run id and sketch of each earlier run, oldest first."""
        for path in self._kept():
            yield path.name, self._read(path)[DIGEST_BYTES:]

    def has(self, run: str) -> bool:
        """Whether this run is kept."""
        return (self._folder / run).exists()

    def keep(self, run: str, question: bytes, sketch: bytes) -> None:
        """Durably store one run. MachineError when the disk refuses."""
        make_private_folder(self._folder, MachineError)
        write_private(self._folder / run, question + sketch, MachineError)

    def same(self, question: bytes) -> list[str]:
        """Finished runs of this very contract with this digest, whose evidence verifies; oldest first."""
        named = [path.name for path in self._kept() if self._read(path)[:DIGEST_BYTES] == question]
        return [run for run in named if self._verified(run) is not None]

    def finished(self, run: str) -> EarlierRun:
        """The table and the sizes of one of them. AuditError when its evidence does not verify."""
        found = self._verified(run)
        evidence = read_evidence(self._runs / run, self._contract_hash)
        if found is None or evidence.table is None:
            raise AuditError("the evidence of this run does not verify, or it did not finish", where=f"run {run}")
        sizes = next(event.fields for event in found.log if event.kind == Kind.SIZES_DECLARED)
        return EarlierRun(run, evidence.table, tuple(sizes["own"]), tuple(sizes["peer"]))

    def _verified(self, run: str) -> Verified | None:
        try:
            found = verify_run(read_evidence(self._runs / run, self._contract_hash), self._keys)
        except AuditError:
            return None
        own = (found.run_id, found.role) == (run, self._role)  # and not a copy of another run or of the peer's folder
        return found if own and found.outcome == Kind.RUN_ENDED else None

    def _kept(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if re.fullmatch(r"[0-9a-f]{32}", path.name))

    def _read(self, path: Path) -> bytes:
        return read_checked(path, _MAX_BYTES, SettingsError, OWNER_ONLY)


def past_runs_key(directory: Path, entropy: Entropy) -> bytes:
    """The party's key for what it keeps of its runs."""
    return kept_key(directory / KEY_NAME, entropy)


def kept_key(path: Path, entropy: Entropy) -> bytes:
    """A key of 32 bytes beside the party's other keys; made at first use. SettingsError when it is unsafe."""
    if not os.path.lexists(path):
        write_private(path, entropy.bytes(KEY_BYTES), SettingsError)
    key = read_checked(path, KEY_BYTES, SettingsError, OWNER_ONLY)
    if len(key) != KEY_BYTES:
        raise SettingsError("not a key of 32 bytes", where=str(path),
                            todo="restore it from a backup; without it earlier runs cannot be compared with new ones")
    return key
