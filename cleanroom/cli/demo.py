"""`cleanroom demo`: both parties on this machine, on real retail data, as two processes over mutual TLS."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.demo_data import write_demo_parties
from cleanroom.adapters.demo_settings import demo_terms_text
from cleanroom.adapters.run_files import MEASUREMENT_NAME, RunFiles
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.verify import compare_runs
from cleanroom.cli.evidence import check_run_folder, read_anchors
from cleanroom.cli.language import Lang, Language
from cleanroom.cli.pair import agree, free_addresses, running_node
from cleanroom.cli.result_table import print_results
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role
from cleanroom.errors import UsageError

CONTRACT_FILE = "contract.toml"
TERMS_FILE = "terms.toml"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(out: Annotated[Path, typer.Option(help="Where to put both parties; must not exist.")] = Path("demo"),
         prepare: Annotated[bool, typer.Option("--prepare", help="Only write data, and settings where there are none; "
                                               "DIR may exist.")] = False,
         lang: Lang = Language.EN) -> None:
    """Build both parties from the Complete Journey data, sign a contract, match, report and verify."""
    if out.exists() and not prepare:
        raise UsageError("exists already", where=str(out), todo="choose another folder with --out, or remove it")
    parties: dict[Role, Path] = {role: out / role for role in ROLES}
    _step("Two parties from the Complete Journey data")
    sizes = write_demo_parties(out, free_addresses(), SystemClock().now())
    typer.echo(f"  advertiser: {sizes.people:,} people, {sizes.exposures:,} exposures; retailer: {sizes.members:,} "
               f"members, {sizes.purchases:,} purchase lines", err=True)
    terms = out / TERMS_FILE
    if not terms.exists():
        terms.write_text(demo_terms_text(), encoding="utf-8")
    if prepare:
        typer.echo(out)
        return
    _step("Keys, and a contract that both sign")
    contract = out / CONTRACT_FILE
    agree(parties, terms, contract)
    _step("The retailer's node, and the advertiser's run with it")
    with running_node(parties["retailer"], lang):
        from cleanroom.cli.match import run_match  # noqa: PLC0415 - gRPC must not be loaded before the fork of the node
        finished = run_match(parties["advertiser"], contract, lang)
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
