"""This product beside open-source private set intersection, on the same sizes and the same two cores, in one run.

    python benchmarks/peers.py --rows 10000 100000 [--repeats 3] [--slow] [--cache DIR]
                               [--limit SECONDS]

Installs the peers from PyPI into a virtual environment of their own, in a temporary folder or in DIR, which then stays.
Prints one Markdown table a size; progress goes to stderr. docs/benchmarks.md says what is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.cli.bench import describe_machine
from cleanroom.cli.bench_run import bench_run
from cleanroom.cli.plan_table import byte_text
from cleanroom.errors import CleanroomError

WORKERS = Path(__file__).parent / "peers"
CORES = 2
# Versions with wheels for CPython 3.11 on Linux x86-64 (the first one for glibc 2.35 on); the first that installs.
PACKAGES = {"openmined-psi": ("2.0.6", "2.0.5"), "spu": ("0.9.5", "0.9.3b0")}
HEADER = ("tool", "protocol", "seconds (range)", "over cleanroom's", "traffic", "memory of a party", "who learns what")


class Tool(NamedTuple):
    """One row: a worker script in `peers/` with its variant, from a package; no package is this product."""

    name: str
    protocol: str
    reveals: str
    package: str = ""
    script: str = ""
    variant: str = ""
    slow: bool = False  # minutes at 100,000 rows


class Figures(NamedTuple):
    """One run: seconds, bytes both sides sent (None: unknown), the larger party's memory in bytes."""

    seconds: float
    sent: int | None
    memory: int


class NoResultError(Exception):
    """Why a tool gave no figures."""


ONE_SIDE = "one side: which of its rows matched; both: the other's size"
PRODUCT = Tool("cleanroom", "X25519, padded, and lattice-encrypted sums of 10 columns",
               "both: noised totals of 12 groups, padded sizes; nobody: who matched, or how many exactly")
TOOLS = (
    PRODUCT,
    Tool("OpenMined PSI", "ECDH P-256, Golomb-coded set", ONE_SIDE, "openmined-psi", "openmined.py", "GCS-rows"),
    Tool("OpenMined PSI", "ECDH P-256, raw", ONE_SIDE, "openmined-psi", "openmined.py", "RAW-rows"),
    Tool("OpenMined PSI", "ECDH P-256, raw, cardinality", "one side: exactly how many matched; both: the other's size",
         "openmined-psi", "openmined.py", "RAW-size"),
    Tool("SecretFlow SPU", "ECDH Curve25519", ONE_SIDE, "spu", "secretflow.py", "ECDH-CURVE_25519"),
    Tool("SecretFlow SPU", "ECDH Curve25519, Elligator2", ONE_SIDE, "spu", "secretflow.py",
         "ECDH-CURVE_25519_ELLIGATOR2", slow=True),
    Tool("SecretFlow SPU", "ECDH FourQ", ONE_SIDE, "spu", "secretflow.py", "ECDH-CURVE_FOURQ"),
    Tool("SecretFlow SPU", "RR22 (vector OLE)", ONE_SIDE, "spu", "secretflow.py", "RR22"),
)


def main() -> None:
    """Install, run in turns, print."""
    arguments = parsed(sys.argv[1:])
    tools = [tool for tool in TOOLS if arguments.slow or not tool.slow]
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)  # every process from here on has these cores only
    machine, arithmetic = describe_machine(), choose_arithmetic(1)
    arithmetic.executor.close()
    with tempfile.TemporaryDirectory(prefix="cleanroom-peers-") as temporary:
        python, installed = install(arguments.cache or Path(temporary) / "environment")
        for rows in arguments.rows:
            found = compare(tools, rows, arguments.repeats, arguments.limit, python, installed, Path(temporary))
            print(f"\n{rows:,} × {rows:,} rows, {rows // 2:,} in common; {datetime.now(UTC):%Y-%m-%d}; "
                  f"{machine['processor']}, both parties on {len(cores)} cores, this product's arithmetic "
                  f"{arithmetic.backend.name}; load {machine['load']:g} at the start; medians of {arguments.repeats}\n")
            print(table([row(tool, each, found[PRODUCT], installed) for tool, each in found.items()]), flush=True)


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=_rows, nargs="+", default=[10_000, 100_000], help="people on each side")
    parser.add_argument("--repeats", type=int, default=3, choices=range(1, 100), metavar="1..99")
    parser.add_argument("--slow", action="store_true", help="also the tools that take minutes at 100,000 rows")
    parser.add_argument("--cache", type=Path, help="where the peers' environment is kept")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which a run is given up")
    return parser.parse_args(words)


def _rows(text: str) -> int:
    rows = int(text)
    if not 1_000 <= rows <= 10_000_000:
        raise argparse.ArgumentTypeError("between 1000 and 10000000")
    return rows


def install(folder: Path) -> tuple[Path, dict[str, str]]:
    """The environment's Python, and of each package the version or why it is not there (starts with "not")."""
    python = (folder / "bin" / "python").absolute()
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603
    return python, {name: _install(python, name, versions) for name, versions in PACKAGES.items()}


def _install(python: Path, name: str, versions: Iterable[str]) -> str:
    reasons = []
    for version in versions:
        _say(f"installing {name} {version}")
        done = subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",  # noqa: S603
                               "--only-binary=:all:", f"{name}=={version}"],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return version
        reasons.append(reason(done.stderr))
    return f"not installable here: {reasons[0]}"


def reason(output: str) -> str:
    """The last error of pip's or a worker's output, in one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR") or "Error" in line]
    return (errors or lines or ["it said nothing"])[-1].removeprefix("ERROR: ")[:160]


def compare(tools: Sequence[Tool], rows: int, repeats: int, limit: float, python: Path, installed: dict[str, str],
            folder: Path) -> dict[Tool, list[Figures] | str]:
    """Figures of each tool, one a repetition, or why there are none. The tools take turns."""
    found: dict[Tool, list[Figures] | str] = {}
    for tool in tools:
        state = installed.get(tool.package, "")
        found[tool] = state if state.startswith("not") else []
    for repeat in range(repeats):
        for tool, figures in found.items():
            if isinstance(figures, list):
                _say(f"{rows:,} rows, {repeat + 1} of {repeats}: {tool.name}, {tool.protocol}")
                try:
                    with tempfile.TemporaryDirectory(dir=folder) as own:
                        figures.append(run(tool, rows, limit, python, Path(own)))
                except (NoResultError, CleanroomError) as error:
                    found[tool] = f"failed: {error}"
    return found


def run(tool: Tool, rows: int, limit: float, python: Path, folder: Path) -> Figures:
    """One run of both parties. NoResultError or CleanroomError says why there is no result, or a wrong one."""
    if not tool.package:
        product = bench_run(folder, rows).document()
        return Figures(product["stage_seconds"], sum(product["traffic"]["measured"].values()),
                       max(product["peak_memory_bytes"].values()))
    parties = [write_keys(folder / str(rank), rank * rows // 2, rows) for rank in range(2)]
    _work(tool, parties, limit, python)
    results = [_result(party) for party in parties]
    if results[0]["matches"] != rows - rows // 2:
        raise NoResultError(f"found {results[0]['matches']} matches, not {rows - rows // 2}")
    sent = [result["sent"] for result in results if result["sent"] is not None]
    return Figures(max(result["seconds"] for result in results), sum(sent) if sent else None,
                   max(result["memory"] for result in results))


def _result(party: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((party / "result.json").read_text(encoding="ascii"))
    except FileNotFoundError:
        output = (party / "log").read_text(encoding="utf-8", errors="replace")
        raise NoResultError(f"a party ended without a result: {reason(output)}") from None
    return found


def _work(tool: Tool, parties: Sequence[Path], limit: float, python: Path) -> None:
    """Both workers, to their end."""
    ports, end, processes = _free_ports(), time.monotonic() + limit, []
    try:
        for rank, party in enumerate(parties):
            with (party / "log").open("w", encoding="utf-8") as log:
                processes.append(subprocess.Popen(  # noqa: S603 - our own worker
                    [str(python), str(WORKERS / tool.script), str(rank), *ports, str(party), tool.variant],
                    stdout=log, stderr=log, cwd=party, env={"PATH": os.environ["PATH"]}))
        while any(process.poll() is None for process in processes):
            if time.monotonic() > end:
                raise NoResultError(f"given up after {limit:g} s")
            for process, party in zip(processes, parties, strict=True):
                if process.poll() and not (party / "result.json").exists():  # the other one would wait for it
                    output = (party / "log").read_text(encoding="utf-8", errors="replace")
                    raise NoResultError(f"exit code {process.returncode}: {reason(output)}")
            time.sleep(0.05)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def write_keys(folder: Path, first: int, rows: int) -> Path:
    """keys.csv of a party: `rows` addresses from number `first` on."""
    folder.mkdir()
    lines = "".join(f"person.{number:09d}@example.org\n" for number in range(first, first + rows))
    (folder / "keys.csv").write_text(f"id\n{lines}", encoding="ascii")
    return folder


def _free_ports() -> tuple[str, str]:
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1]), str(two.getsockname()[1])


def row(tool: Tool, found: list[Figures] | str, product: list[Figures] | str, installed: dict[str, str]) -> list[str]:
    """A line of the table. Ratios are medians of the ratios of each turn."""
    version = installed.get(tool.package, "")
    name = tool.name if version.startswith("not") else f"{tool.name} {version}".strip()
    if isinstance(found, str):
        return [name, tool.protocol, found, "", "", "", tool.reveals]
    seconds = [each.seconds for each in found]
    turns = [] if isinstance(product, str) else list(zip(found, product, strict=True))
    ratio = f"{median(own.seconds / ours.seconds for own, ours in turns):.2f}" if turns else ""
    sent = [each.sent for each in found if each.sent is not None]
    about = "about " if tool.package == "spu" else ""  # measured outside, on the loopback device
    return [name, tool.protocol, f"{median(seconds):.2f} ({min(seconds):.2f}–{max(seconds):.2f})", ratio,
            about + byte_text(round(median(sent))) if sent else "unknown",
            byte_text(round(median(each.memory for each in found))), tool.reveals]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [HEADER, ["---"] * len(HEADER), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _say(text: str) -> None:
    print(f"• {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
