"""What the workers of both peers share: arguments, keys and the result file. Only the standard library.

A worker is called with its rank (0 learns the result), two loopback ports, its folder with keys.csv (header `id`, one
key a line), and its variant. It writes result.json into its folder.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Party(NamedTuple):
    """The arguments of a worker."""

    rank: int
    ports: tuple[int, int]
    folder: Path
    variant: str

    @property
    def keys_file(self) -> Path:
        """The party's own keys."""
        return self.folder / "keys.csv"

    def keys(self) -> list[str]:
        """The keys, read."""
        return self.keys_file.read_text(encoding="ascii").splitlines()[1:]

    def report(self, started: float, matches: int | None, sent: int | None) -> None:
        """Seconds since `started` (monotonic), matches found (None: not told), bytes this side sent (None: unknown)."""
        seconds = time.monotonic() - started
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        memory = 1024 * int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[1])
        result = {"seconds": seconds, "matches": matches, "sent": sent, "memory": memory}
        (self.folder / "result.json").write_text(json.dumps(result), encoding="ascii")


def party() -> Party:
    """This process's."""
    rank, first, second, folder, variant = sys.argv[1:]
    return Party(int(rank), (int(first), int(second)), Path(folder), variant)


def loopback_bytes() -> int:
    """Bytes that this machine has sent over loopback so far, headers and other programs included."""
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[9]) for line in lines if line.split()[0] == "lo:")
