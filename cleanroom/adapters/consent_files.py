"""What opens the leaves of each run's consent tree, in the party's `state` folder: personal data, readable by its
owner only, and never part of a run's folder, which may be handed to others."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from cleanroom.adapters.private_files import UNFINISHED, make_private_folder, sync_folder
from cleanroom.adapters.run_files import RUNS_NAME, STATE_NAME
from cleanroom.errors import DataError, UsageError

FOLDER_NAME = "consents"


class KeptConsents:
    """`ports.ConsentProofs` of one run: `state/consents/RUN.jsonl`, mode 0600, written once."""

    def __init__(self, party: Path, run: str) -> None:
        self._path = party / STATE_NAME / FOLDER_NAME / f"{run}.jsonl"

    def __repr__(self) -> str:
        return "KeptConsents"

    @property
    def kept(self) -> bool:
        """Whether the run has its file."""
        return self._path.exists()

    def keep(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Write all lines durably, or none. DataError when the disk refuses or the run has its file already."""
        make_private_folder(self._path.parent, DataError)
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=UNFINISHED)  # mode 0600
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # against `remove_unfinished`
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, self._path)  # unlike a rename, fails when the name is taken
            sync_folder(self._path.parent)
        except OSError as bad:
            raise DataError(f"the consent evidence cannot be kept ({bad.strerror})", where=str(self._path),
                            todo="check the folder and the free space: no run starts without it") from None
        finally:
            temporary.unlink(missing_ok=True)


def kept_lines(run_folder: Path) -> Iterator[bytes]:
    """Lines kept for the run in `PARTY/runs/RUN`. UsageError when there are none."""
    folder = run_folder.absolute()
    path = folder.parent.parent / STATE_NAME / FOLDER_NAME / f"{folder.name}.jsonl"
    if folder.parent.name != RUNS_NAME or not path.is_file():
        raise UsageError("no consent evidence is kept for this run", where=str(run_folder),
                         todo="name a folder in `runs` of the party that ran it")
    with path.open("rb") as file:
        for line in file:
            yield line.rstrip(b"\n")
