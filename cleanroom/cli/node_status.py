"""`cleanroom node status`: what a party's folder tells about its node, running or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cleanroom.node.status import is_ready, status


def node_status(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
                as_json: Annotated[bool, typer.Option("--json", help="Print the document as JSON.")] = False) -> None:
    """Print runs, contracts, budgets, expiry and last errors. Ends with 1 unless the node runs and is ready."""
    found = status(folder)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        for title, value in _lines(found):
            typer.echo(f"{title:<22} {value}")
    if not is_ready(found):
        raise typer.Exit(1)


def _lines(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    node, audit, runs = found["node"], found["audit"], found["runs"]
    yield "node", f"{found['role']}, listens on {node['listen']}"
    yield "running", f"since {node['since']}" if node["running"] else "no"
    for name, reason in found["ready"].items():
        yield f"ready: {name}", reason or "yes"
    if found["certificate_days"] is not None:
        yield "certificate", f"valid for {found['certificate_days']:.0f} more days"
    yield "free disk", f"{found['disk']['free_bytes'] / 1e9:,.1f} GB"
    yield from _contracts(found)
    yield "waiting", f"{runs['waiting']} runs, {found['proposals']} proposals"
    for each in runs["newest"]:
        ended = f"{each['error']}: {each['reason']}" if each["error"] else each["step"]
        yield "run", f"{each['run'][:12]}  {each['asked']}  {each['contract']}  {each['state']}  {ended}"
    yield "audit head", f"{audit['head'][:16]}, {audit['reason'] or 'verifies'}" if audit["head"] else "none yet"


def _contracts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in found["contracts"]:
        left = "unknown" if each["left_epsilon"] is None else f"{each['left_epsilon']:g} of {each['budget_epsilon']:g}"
        why = f" ({each['reason']})" if each["reason"] else ""
        yield "contract", f"{each['id']} v{each['version']}: {each['state']}{why}, until {each['until']}, ε left {left}"
