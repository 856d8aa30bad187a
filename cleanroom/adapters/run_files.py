"""A party's `runs` folder: one folder a run, complete or with its audit log alone."""

from __future__ import annotations

import re
from pathlib import Path

from cleanroom.adapters.audit_files import write_head
from cleanroom.adapters.private_files import write_private
from cleanroom.errors import DataError, UsageError

RUNS_NAME = "runs"
STATE_NAME = "state"
LAST_HEAD_NAME = "last-head"
MEASUREMENT_NAME = "measurement.json"
REPORT_NAME = "report.html"
RESULTS_NAME = "results.csv"
CONTRACT_NAME = "contract.json"


class RunFiles:
    """Where runs of one party are kept. Files are 0600 and never overwritten."""

    def __init__(self, party: Path) -> None:
        self._runs = party / RUNS_NAME
        self._last = party / STATE_NAME / LAST_HEAD_NAME

    def folder(self, run_id: str) -> Path:
        """The folder of a run, existing or not."""
        return self._runs / run_id

    def find(self, text: str) -> Path:
        """The folder of the run whose id starts with `text`; "last" is the newest. UsageError otherwise."""
        names = self.names()
        if not names:
            raise UsageError("this party has made no run yet", where=str(self._runs),
                             todo="`cleanroom match` makes one; name the party's folder")
        if text == "last":
            return self._runs / names[-1]
        hits = [name for name in names if re.fullmatch(r"[0-9a-f]{4,32}", text) and name.startswith(text)]
        if len(hits) != 1:
            raise UsageError(f"{len(hits)} runs have an id that starts with this", where="RUN",
                             todo="give more digits of a run id in the folder `runs`, or `last`")
        return self._runs / hits[0]

    def names(self) -> list[str]:
        """Run ids, oldest first: an id starts with its time."""
        if not self._runs.is_dir():
            return []
        return sorted(entry.name for entry in self._runs.iterdir() if re.fullmatch(r"[0-9a-f]{32}", entry.name))

    def last_head(self) -> str:
        """Root of the newest sealed log in hex, or nothing: each log names the one before it."""
        return self._last.read_text(encoding="ascii").strip() if self._last.exists() else ""

    def seal(self, run_id: str, head: bytes, root: bytes) -> None:
        """Store the signed head of a finished log, and remember its root for the next run."""
        write_head(self.folder(run_id), head)
        self._last.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._last.with_suffix(".new")
        temporary.write_text(root.hex() + "\n", encoding="ascii")
        temporary.replace(self._last)

    def write(self, run_id: str, name: str, text: str) -> Path:
        """Store one result file of a run and return its path."""
        path = self.folder(run_id) / name
        write_private(path, text.encode(), DataError)
        return path
