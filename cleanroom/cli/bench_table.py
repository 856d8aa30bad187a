"""The figures of `cleanroom bench` on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from cleanroom.cli.plan_table import byte_text
from cleanroom.contract.check import ROLES
from cleanroom.report.format import ENGLISH
from cleanroom.report.wording import words

Item = Mapping[str, Any]
OPERATIONS: Final = {"x25519": "X25519, one scalar and many points", "hash_to_curve": "Hash to curve",
                     "validation": "Validation of a received point", "ntt": "NTT of one ciphertext polynomial"}


def print_bench(document: Item) -> None:
    """Print both tables to stdout."""
    console = Console(width=None if Console().is_terminal else 110, highlight=False)
    machine = document["machine"]
    console.print(f"{machine['processor']}, {machine['cores']} cores, {byte_text(machine['memory_bytes'])} of memory, "
                  f"load {machine['load']:g} at the start")
    console.print(f"{machine['openssl']}, cryptography {machine['cryptography']}")
    console.print(f"Backend: {document['backend']}" + (f" ({document['reason']})" if document["reason"] else ""))
    console.print(_kernel(document))
    run = document["run"]
    console.print(f"One run: {run['rows']:,} × {run['rows']:,} people, {run['common']:,} in common, {run['cells']} "
                  f"cells, {run['columns']} columns, {run['protocol']}, both nodes on this machine")
    console.print(_stages(run))
    console.print(_totals(run))


def _kernel(document: Item) -> Table:
    table = _table("Arithmetic, medians", "operation", "threads", "µs each", "OpenSSL, one core", "times faster")
    for item in document["kernel"]:
        table.add_row(OPERATIONS[item["operation"]], str(item["threads"]), ENGLISH.number(item["microseconds"], 2),
                      ENGLISH.number(item["openssl_microseconds"], 2), ENGLISH.number(item["ratio"], 1))
    return table


def _stages(run: Item) -> Table:
    table = _table("Seconds of each stage, as each node sees it", "stage", *ROLES)
    for stage in run["stages"]:
        title = words("en").get(f"n_{stage['stage']}", stage["stage"])
        table.add_row(title, *(_seconds(stage[role]) for role in ROLES))
    table.add_section()
    table.add_row("All stages", _seconds(run["stage_seconds"]), "")
    table.add_row("Whole process, with its start and reports", _seconds(run["seconds"]), "")
    return table


def _totals(run: Item) -> Table:
    traffic = run["traffic"]
    table = _table("", "", *ROLES, "both", "a row")
    for title, sent in (("Sent", traffic["measured"]), ("As `cleanroom plan` foresees", traffic["predicted"])):
        both = sum(sent.values())
        each = (byte_text(sent[role]) for role in ROLES)
        table.add_row(title, *each, byte_text(both), byte_text(both // run["rows"]))
    table.add_row("Deviation", "", "", f"{traffic['deviation_percent']:+.2f} %", "")
    table.add_row("Largest memory", *(byte_text(run["peak_memory_bytes"][role]) for role in ROLES), "", "")
    table.add_row("Processor time", *(f"{run['processor_seconds'][role]:.1f} s" for role in ROLES), "", "")
    return table


def _seconds(value: float | None) -> str:
    return "" if value is None else ENGLISH.number(value, 2)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=SIMPLE, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    return table
