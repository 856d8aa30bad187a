"""`cleanroom demo`: both parties on this machine, on real retail data, as two processes over mutual TLS."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.card import CARD_NAME
from cleanroom.adapters.demo_data import write_demo_parties
from cleanroom.adapters.demo_settings import demo_terms_text
from cleanroom.adapters.run_files import MEASUREMENT_NAME, RunFiles
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.verify import compare_runs
from cleanroom.cli.contract import make_contract, sign_file
from cleanroom.cli.evidence import check_run_folder, read_anchors
from cleanroom.cli.init import create_party
from cleanroom.cli.result_table import print_results
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role
from cleanroom.errors import PeerUnavailableError, UsageError

START_SECONDS = 60
CONTRACT_FILE = "contract.toml"
TERMS_FILE = "terms.toml"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(out: Annotated[Path, typer.Option(help="Where to put both parties; must not exist.")] = Path("demo"),
         prepare: Annotated[bool, typer.Option("--prepare", help="Only write data, and settings where there are none; "
                                               "DIR may exist.")] = False,
         ) -> None:
    """Build both parties from the Complete Journey data, sign a contract, match, report and verify."""
    if out.exists() and not prepare:
        raise UsageError("exists already", where=str(out), todo="choose another folder with --out, or remove it")
    parties: dict[Role, Path] = {role: out / role for role in ROLES}
    _step("Two parties from the Complete Journey data")
    sizes = write_demo_parties(out, _free_addresses(), SystemClock().now())
    typer.echo(f"  advertiser: {sizes.people:,} people, {sizes.exposures:,} exposures; retailer: {sizes.members:,} "
               f"members, {sizes.purchases:,} purchase lines", err=True)
    terms = out / TERMS_FILE
    if not terms.exists():
        terms.write_text(demo_terms_text(), encoding="utf-8")
    if prepare:
        typer.echo(out)
        return
    _step("Keys, and a contract that both sign")
    for folder in parties.values():
        create_party(folder)
    contract = out / CONTRACT_FILE
    make_contract(contract, terms, {role: folder / CARD_NAME for role, folder in parties.items()})
    for folder in (*parties.values(), parties["advertiser"]):
        sign_file(folder, contract)
    _step("The retailer's node, and the advertiser's run with it")
    with _node(parties["retailer"]):
        from cleanroom.cli.match import run_match  # noqa: PLC0415 - gRPC must not be loaded before the fork of the node
        finished = run_match(parties["advertiser"], contract)
    _step("Verification of both parties' evidence, offline")
    runs = {role: RunFiles(folder).find("last") for role, folder in parties.items()}
    anchors = read_anchors([contract])
    compare_runs(*(check_run_folder(folder, anchors).verified for folder in runs.values()))
    shutil.copyfile(finished.results.measurement, out / MEASUREMENT_NAME)
    print_results(finished.results.document)
    for role, folder in runs.items():
        typer.echo(f"{role} report: {folder / 'report.html'}")
        typer.echo(f"{role} compliance: {folder / 'compliance.html'}")
    typer.echo(f"measurement: {out / MEASUREMENT_NAME}")
    typer.echo(f"verify again: cleanroom audit verify {runs['advertiser']} {runs['retailer']} --contract {contract}")


def _step(text: str) -> None:
    typer.echo(f"• {text}", err=True)


def _free_addresses() -> tuple[str, str]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{first.getsockname()[1]}", f"127.0.0.1:{second.getsockname()[1]}"


@contextmanager
def _node(folder: Path) -> Iterator[None]:
    log = folder / "node.log"
    command = [sys.executable, "-m", "cleanroom.cli.main", "node", str(folder)]
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ)  # noqa: S603 - own program
        try:
            _await(process, log)
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def _await(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while "listens on" not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > end:
            raise PeerUnavailableError("the retailer's node did not start", where=str(log), todo="read this log")
        time.sleep(0.1)
