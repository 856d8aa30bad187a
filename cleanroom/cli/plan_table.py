"""The forecast of a run on the terminal: groups, precision with bars, privacy, time and traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from cleanroom.report.forecast import is_shown
from cleanroom.report.format import ENGLISH
from cleanroom.report.mode import notice_of
from cleanroom.report.select import base_name
from cleanroom.report.wording import words

BAR: Final = 16  # characters of the widest bar of a metric
SAMPLING, NOISE = "█", "░"
Item = Mapping[str, Any]


def print_plan(document: Item) -> None:
    """Print the tables to stdout."""
    console = Console(width=None if Console().is_terminal else 118, highlight=False)
    assumed = document["assumed"]
    if notice := notice_of(document, "en"):
        console.print(notice, style="bold")
    console.print(f"[bold]{document['contract']['title']}[/bold]", markup=True)
    console.print(f"Assumed: {assumed['advertiser_people']:,} people of the advertiser, {assumed['retailer_people']:,} "
                  f"of the retailer, {assumed['matched']:,} in both; {assumed['conversion']:.1%} buy; "
                  f"{assumed['mean']:g} ± {assumed['sd']:g} {document['contract']['currency']} a person; no effect.")
    console.print(_groups(document))
    console.print(_precision(document))
    console.print(_stages(document["run"]))
    for line in (*_privacy(document["privacy"]), *_padding(document["run"])):
        console.print(line)


def _groups(document: Item) -> Table:
    table = _table("Groups", ("group", "matched people", f"suppressed (under {document['contract']['threshold']})"))
    for item in document["groups"]:
        table.add_row(_label(item["group"]), ENGLISH.number(item["people"]), _chance(item["suppressed"]))
    return table


def _precision(document: Item) -> Table:
    """Rates and differences of each group. A bar is as long as the half-width, within its metric."""
    table = _table(f"95 % intervals: half-width, {SAMPLING} sampling and {NOISE} privacy noise; smallest detectable "
                   "effect at 80 % power", ("result", "group", "±", "sampling", "noise", "detectable", ""))
    table.columns[1].justify = table.columns[6].justify = "left"
    currency, shown = document["contract"]["currency"], [item for item in document["precision"] if is_shown(item)]
    for name in dict.fromkeys(base_name(item) for item in shown):
        items = [item for item in shown if base_name(item) == name]
        widest = max(item["half"] or 0.0 for item in items)
        for index, item in enumerate(items):
            table.add_row("" if index else _title(item), _label(item["group"]), *_numbers(item, currency),
                          _bar(item, widest))
        table.add_section()
    return table


def _title(item: Item) -> str:
    name = base_name(item)
    title = words("en").get(f"n_{name}", name.replace("_", " ").capitalize())
    return f"{title}, difference" if item["metric"] == "lift" else title


def _numbers(item: Item, currency: str) -> Sequence[str]:
    if item["half"] is None:
        return (item["note"].replace("_", " "), "", "", "")
    unit = "points" if item["unit"] == "share" else ""
    return ["" if item[key] is None else ENGLISH.difference(item[key], item["unit"], currency, unit).lstrip("+")
            for key in ("half", "sampling", "noise", "detectable")]


def _bar(item: Item, widest: float) -> str:
    if not item["half"] or not widest:
        return ""
    length = max(1, round(BAR * float(item["half"]) / widest))
    share = float((item["sampling"] or 0.0) / item["half"]) ** 2  # of the variance: the two parts add up
    sampling = round(length * share)
    return SAMPLING * sampling + NOISE * (length - sampling)


def _stages(run: Item) -> Table:
    table = _table(f"Time and traffic: {run['backend']}, {run['workers']} cores a node, {run['bandwidth']:g} Mbit/s",
                   ("stage", "seconds", "advertiser sends", "retailer sends"))
    for stage in run["stages"]:
        if stage["seconds"] >= 0.005 or stage["advertiser_bytes"] + stage["retailer_bytes"] > 10_000:
            table.add_row(words("en")[f"n_{stage['stage']}"], ENGLISH.compact(stage["seconds"]),
                          byte_text(stage["advertiser_bytes"]), byte_text(stage["retailer_bytes"]))
    table.add_section()
    table.add_row("Whole run", ENGLISH.compact(run["seconds"]), byte_text(run["advertiser_bytes"]),
                  byte_text(run["retailer_bytes"]))
    return table


def _privacy(privacy: Item) -> list[str]:
    run, budget = privacy["run"], privacy["budget"]
    lines = [f"Privacy: one run spends ε {run['epsilon']} (match {privacy['transcript']['epsilon']}, release "
             f"{privacy['release']['epsilon']}) and δ {run['delta']}; the budget of ε {budget['epsilon']}, δ "
             f"{budget['delta']} pays for {_runs(privacy['runs_allowed'])}."]
    return lines + [f"The {role}'s ledger has recorded ε {ledger['spent']['epsilon']}: {_runs(ledger['runs_left'])} "
                    "left." for role, ledger in privacy["ledgers"].items()]


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _padding(run: Item) -> list[str]:
    padding = run["padding"]
    return [f"Padding: {padding['dummies']:,} dummies ({padding['most_per_cell_and_pattern']} a cell and key pattern); "
            f"padded lists of about {padding['advertiser_rows']:,} and {padding['retailer_rows']:,} rows."]


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, box=SIMPLE, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold", no_wrap=not column)
    return table


def _label(group: Mapping[str, str] | None) -> str:
    return "same mix of strata" if group is None else ", ".join(group.values()) or "everyone"


def _chance(probability: float) -> str:
    if probability < 0.0005:
        return "under 0.1 %"
    return "over 99.9 %" if probability > 0.9995 else f"{100 * probability:.1f} %"


def byte_text(count: int) -> str:
    """A number of bytes, rounded: `12.3 MB`."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
