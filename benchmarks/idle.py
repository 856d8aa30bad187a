"""What a node takes while it waits for a peer: `python benchmarks/idle.py [--seconds 60]`.

A node of its own process, with keys and one contract in force; resident memory, and processor time as a share of one
core, of it and all its children.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "node"))
import cleanroom.node  # noqa: F401  # isort: skip  # before gRPC: it reads its settings when it is loaded
from tiny import make_tiny

TICKS = os.sysconf("SC_CLK_TCK")  # a second
SETTLED = 5.0  # seconds after which a node has started


def family(process: int) -> list[int]:
    """A process and all below it."""
    children = [int(child) for task in Path(f"/proc/{process}/task").iterdir()
                for child in (task / "children").read_text().split()]
    return [process, *(each for child in children for each in family(child))]


def resident(process: int) -> float:
    """Megabytes."""
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def used(process: int) -> float:
    """Seconds of processor time so far, proc(5)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> None:
    """Start a node, look at it twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="cleanroom-idle-") as folder:
        party = make_tiny(Path(folder) / "both").retailer
        node = subprocess.Popen([sys.executable, "-m", "cleanroom.cli.main", "node", str(party)])  # noqa: S603 - ours
        try:
            time.sleep(SETTLED)
            before = sum(map(used, family(node.pid)))
            time.sleep(seconds)
            after, memory = sum(map(used, family(node.pid))), sum(map(resident, family(node.pid)))
        finally:
            node.terminate()
            node.wait()
    print(f"{memory:.0f} MB resident, {100 * (after - before) / seconds:.2f} % of a core over {seconds:.0f} s; "
          f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
