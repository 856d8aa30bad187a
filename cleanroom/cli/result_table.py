"""The measurement on the terminal: released groups, then the comparison with the control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from cleanroom.report.format import ENGLISH
from cleanroom.report.mode import notice_of

GROUP_COLUMNS = (("people", "matched_people"), ("conversion", "conversion_rate"),
                 ("sales / person", "sales_per_person"), ("average basket", "average_basket"))
Result = Mapping[str, Any]


def print_results(document: Mapping[str, Any]) -> None:
    """Print two tables and the privacy line to stdout; what the mode let a party learn stands first."""
    console = Console(width=None if Console().is_terminal else 110)
    if notice := notice_of(document, "en"):
        console.print(notice, style="bold", highlight=False)
    console.print(_groups(document))
    console.print(_comparison(document))
    privacy, hidden = document["privacy"], document["suppression"]
    console.print(f"{hidden['suppressed']} of {hidden['groups']} groups suppressed (under {hidden['threshold']} "
                  f"matched people); privacy spent {privacy['run']['epsilon']} of {privacy['budget']['epsilon']} "
                  f"(epsilon), {privacy['left']['epsilon']} left.", highlight=False)


def _groups(document: Mapping[str, Any]) -> Table:
    currency = document["contract"]["campaign"]["currency"]
    table = Table(title=document["contract"]["title"], box=SIMPLE, title_justify="left")
    table.add_column("group")
    for title, _ in GROUP_COLUMNS:
        table.add_column(title, justify="right")
    results = [result for result in document["results"] if result["group"] is not None and result["against"] is None]
    for release in document["released"]:
        for group in release["groups"]:
            key = group["group"]
            cells = [_cell(results, key, name, currency) for _, name in GROUP_COLUMNS]
            table.add_row(_label(key), *(["suppressed", *[""] * (len(cells) - 1)] if group["suppressed"] else cells))
    return table


def _comparison(document: Mapping[str, Any]) -> Table:
    currency = document["contract"]["campaign"]["currency"]
    word = "Incremental" if document["effect"] == "incremental" else "Association (control not randomised)"
    table = Table(title=f"{word}: exposed minus control, 95 % interval", box=SIMPLE, title_justify="left")
    for title in ("group", "measure", "difference", "from", "to"):
        table.add_column(title, justify="left" if title in ("group", "measure") else "right")
    for result in document["results"]:
        if result["metric"] == "lift" and ("difference" in result["name"] or "sales_relative" in result["name"]):
            table.add_row(_label(result["group"] or {}, "all strata, standardised"), result["name"].replace("_", " "),
                          *_interval(result, currency))
    return table


def _interval(result: Result, currency: str) -> Sequence[str]:
    if result["value"] is None:
        return (result["note"].replace("_", " "), "", "")
    return [_signed(result[key], result["unit"], currency) for key in ("value", "low", "high")]


def _signed(value: float | None, unit: str, currency: str) -> str:
    if value is None:
        return "unbounded"
    if unit == "ratio":
        return ("+" if value > 0 else "") + ENGLISH.percent(value)
    return ENGLISH.difference(value, unit, currency, "pts")


def _cell(results: Sequence[Result], key: Mapping[str, str], name: str, currency: str) -> str:
    for result in results:
        if result["group"] == key and result["name"] == name and result["value"] is not None:
            half = (result["high"] - result["low"]) / 2 if None not in (result["high"], result["low"]) else None
            text = ENGLISH.quantity(result["value"], result["unit"], currency)
            return text if half is None else f"{text} ± {ENGLISH.quantity(half, result['unit'], currency)}"
    return "-"


def _label(key: Mapping[str, str], empty: str = "everyone") -> str:
    return ", ".join(key.values()) or empty
