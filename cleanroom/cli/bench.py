"""`cleanroom bench`: this machine's speed, operation by operation and end to end."""

from __future__ import annotations

import json
import os
import platform
import re
import tempfile
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from cryptography.hazmat.backends.openssl import backend as openssl

from cleanroom import __version__
from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.adapters.bench_data import check_rows
from cleanroom.cli.bench_rates import Rate, kernel_rates
from cleanroom.cli.bench_run import bench_run
from cleanroom.cli.bench_table import print_bench
from cleanroom.contract.protocols import ECDH, SALTED

SCHEMA: Final = "cleanroom-bench/1"


class Mode(StrEnum):
    """The names of the protocols on the command line."""

    BLINDED = "blinded"
    SALTED_HASH = "salted-hash"


_PROTOCOLS: Final = {Mode.BLINDED: ECDH, Mode.SALTED_HASH: SALTED}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(rows: Annotated[int, typer.Option(help="People on each side of the run; half of them are on both.")] = 10_000,
          mode: Annotated[Mode, typer.Option(help="How people are matched.")] = Mode.BLINDED,
          as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Measure the arithmetic beside OpenSSL, then one run between two nodes on this machine. Leaves nothing behind."""
    check_rows(rows)
    machine = describe_machine()  # before the load that we make
    typer.echo("• Arithmetic beside OpenSSL", err=True)
    arithmetic = choose_arithmetic(1)
    arithmetic.executor.close()
    rates = [_entry(rate) for rate in kernel_rates()]
    typer.echo(f"• A run of {rows:,} × {rows:,} people, two processes on this machine", err=True)
    with tempfile.TemporaryDirectory(prefix="cleanroom-bench-") as folder:
        run = bench_run(Path(folder), rows, _PROTOCOLS[mode])
    document = {"schema": SCHEMA, "machine": machine, "backend": arithmetic.backend.name, "reason": arithmetic.reason,
                "kernel": rates, "run": run.document()}
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_bench(document)


def _entry(rate: Rate) -> dict[str, Any]:
    return {"operation": rate.operation, "threads": rate.threads, "microseconds": round(rate.microseconds, 3),
            "openssl_microseconds": round(rate.baseline, 3), "ratio": round(rate.ratio, 2)}


def describe_machine() -> dict[str, Any]:
    """Processor, cores, memory, load and versions; no names of hosts or users."""
    return {"processor": _processor(), "cores": len(os.sched_getaffinity(0)),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "load": round(os.getloadavg()[0], 2), "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(), "software": __version__, "cryptography": version("cryptography"),
            "openssl": openssl.openssl_version_text()}


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor()
