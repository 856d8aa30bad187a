"""What an interruption costs: `python benchmarks/resume.py --rows 100000`.

Both parties on this machine as two processes, a TCP proxy between them: a whole run with and without a journal, by
turns; a run whose connection is reset when 90 % of its bytes have come down; one whose advertiser is killed there and
taken up again.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cleanroom.adapters.bench_data import write_bench_parties
from cleanroom.adapters.synth.generate import TERMS_NAME
from cleanroom.cli.pair import COMMAND, agree, free_addresses, running_node
from cleanroom.contract.check import ROLES

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "node"))
from proxy import Proxy


@contextmanager
def parties(rows: int, within: int) -> Iterator[tuple[Path, Proxy]]:
    """Fresh parties with their contract, the retailer's node running, and a proxy before it."""
    with tempfile.TemporaryDirectory(prefix="cleanroom-bench-") as name:
        folder, (one, two) = Path(name), free_addresses()
        write_bench_parties(folder, rows, (one, two))
        agree({role: folder / role for role in ROLES}, folder / TERMS_NAME, folder / "contract.toml")
        for role in ROLES:
            path = folder / role / "party.toml"
            path.write_text(path.read_text().replace("[node]\n", f"[node]\nresume_within = {within}\n"))
        behind = free_addresses()[0]
        retailer = folder / "retailer" / "party.toml"
        listens = two if f'listen = "{two}"' in retailer.read_text() else one
        retailer.write_text(retailer.read_text().replace(f'listen = "{listens}"', f'listen = "{behind}"'))
        with running_node(folder / "retailer"):
            proxy = Proxy(listens, behind, [])
            try:
                yield folder, proxy
            finally:
                proxy.close()


def command(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """A command of the advertiser as a process."""
    return subprocess.Popen([*COMMAND, *words, "--contract", str(folder / "contract.toml")],  # noqa: S603 - our own
                            stdout=subprocess.DEVNULL)


def whole(rows: int, within: int) -> tuple[float, int]:
    """Seconds of a run, and the bytes that came down."""
    with parties(rows, within) as (folder, proxy):
        started = time.monotonic()
        if command(folder, "match", str(folder / "advertiser")).wait():
            raise SystemExit("the run failed")
        return time.monotonic() - started, proxy.passed["down"]


def interrupted(rows: int, at: int, strike: Callable[[Proxy, subprocess.Popen[bytes]], None],
                again: bool) -> tuple[float, float]:
    """Seconds before and after the interruption, at so many bytes."""
    with parties(rows, 3600) as (folder, proxy):
        started = time.monotonic()
        process = command(folder, "match", str(folder / "advertiser"))
        while proxy.passed["down"] < at:
            time.sleep(0.005)
        struck = time.monotonic()
        strike(proxy, process)
        if again:
            process.wait()
            process = command(folder, "runs", "resume", str(folder / "advertiser"))
        if process.wait():
            raise SystemExit("the run did not go on")
        return struck - started, time.monotonic() - struck


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {options.rows:,} people a side")
    both = [(whole(options.rows, 3600), whole(options.rows, 0)) for _ in range(options.pairs)]
    ratios = sorted(with_[0] / without[0] for with_, without in both)
    seconds = statistics.median(with_[0] for with_, _ in both)
    print(f"a run with journal {seconds:.2f} s; with/without: median {statistics.median(ratios):.3f} "
          f"({ratios[0]:.3f} … {ratios[-1]:.3f}, {len(ratios)} pairs)")
    at = int(0.9 * both[0][0][1])
    before, after = interrupted(options.rows, at, lambda proxy, _: proxy.cut(), again=False)
    print(f"cut after 90 % of the bytes ({before:.2f} s): {after:.2f} s more, {after / seconds:.0%} of a run")
    before, after = interrupted(options.rows, at, lambda _, process: os.kill(process.pid, signal.SIGKILL), again=True)
    print(f"killed there ({before:.2f} s) and taken up again: {after:.2f} s more, {after / seconds:.0%} of a run")


if __name__ == "__main__":
    main()
