"""`cleanroom plan`: what a contract would give and cost, before any run: precision, privacy, time and traffic."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.party import load_party
from cleanroom.adapters.profile import profile_party
from cleanroom.adapters.run_files import STATE_NAME
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.language import Lang, Language
from cleanroom.cli.pages import write_page
from cleanroom.cli.plan_document import Network, plan_document
from cleanroom.cli.plan_table import print_plan
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import Cost, spent
from cleanroom.errors import UsageError
from cleanroom.flow import check_plan
from cleanroom.measures.planning import Assumptions
from cleanroom.report.forecast import render_plan
from cleanroom.session.costs import NATIVE, OPENSSL


@dataclass
class Sizes:
    """What is known of the parties: people by cell and of the retailer, and what each read ledger has recorded."""

    cells: tuple[float, ...] | None = None
    retailer: int | None = None
    spent: dict[str, Cost] = field(default_factory=dict)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


def plan(contract: Annotated[Path, typer.Argument(metavar="CONTRACT", help="The contract's TOML file.")],
         advertiser_people: Annotated[int | None, typer.Option(min=1, help="People the advertiser brings.")] = None,
         retailer_people: Annotated[int | None, typer.Option(min=1, help="People the retailer brings.")] = None,
         overlap: Annotated[float, typer.Option(help="Share of the advertiser's people the retailer knows.")] = 0.5,
         conversion: Annotated[float, typer.Option(help="Share of matched people who buy in the window.")] = 0.3,
         mean: Annotated[float, typer.Option(help="Sales per matched person, whole currency units.")] = 50.0,
         sd: Annotated[float, typer.Option(help="Standard deviation of that, whole currency units.")] = 80.0,
         party: Annotated[list[Path] | None, typer.Option(help="A party's folder, to count its people.")] = None,
         workers: Annotated[int, typer.Option(min=0, help="Cores of each node; 0: those of this machine.")] = 0,
         bandwidth: Annotated[float, typer.Option(min=0.01, help="Between the nodes, megabit a second.")] = 100.0,
         html: Annotated[Path | None, typer.Option(help="Also write the plan as a page to this new file.")] = None,
         lang: Lang = Language.EN,
         as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Predict precision, suppression, privacy, time and traffic of a run. Contacts nobody; writes only --html."""
    agreed = read_contract(contract)
    derived = check_plan(agreed)
    sizes = _sizes(agreed, derived, party or [], advertiser_people, retailer_people)
    assumed = Assumptions(sizes.cells or (), sizes.retailer or 0, overlap, conversion, mean, sd)
    assumed.check(derived)
    document = plan_document(derived, assumed, sizes.spent, _network(workers, bandwidth))
    if html is not None:
        write_page(html, render_plan(document, lang))
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_plan(document)


def _network(workers: int, bandwidth: float) -> Network:
    arithmetic = choose_arithmetic(1)
    arithmetic.executor.close()
    costs = NATIVE if arithmetic.backend.name.startswith("native") else OPENSSL
    return Network(workers or os.cpu_count() or 1, bandwidth, arithmetic.backend.name, costs)


def _sizes(contract: Contract, derived: Plan, parties: Sequence[Path], advertiser: int | None,
           retailer: int | None) -> Sizes:
    """Counted where a folder is named, else given, else the contract's maximum, spread evenly over the cells."""
    found = Sizes()
    for folder in parties:
        _count(contract, folder, found)
    if (found.cells and advertiser) or (found.retailer and retailer):
        raise UsageError("a number of people and a folder to count them in do not go together",
                         todo="leave out --party or the number of the same side")
    if found.cells is None:
        everyone = advertiser or contract.match.max_people_advertiser
        found.cells = (everyone / len(derived.cells),) * len(derived.cells)
    found.retailer = found.retailer or retailer or contract.match.max_people_retailer
    return found


def _count(contract: Contract, folder: Path, found: Sizes) -> None:
    settings = load_party(folder)
    profile = profile_party(settings, contract, SystemClock().now())
    if settings.role == "advertiser":
        found.cells = tuple(float(cell.people) for cell in profile.cells)
    else:
        found.retailer = profile.sent
    ledger = folder / STATE_NAME / "ledger.sqlite"
    if ledger.exists():  # opening it would create one
        found.spent[settings.role] = spent(SQLiteLedger(ledger), contract.id)
