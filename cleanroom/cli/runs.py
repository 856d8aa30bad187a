"""`cleanroom runs`: the runs of a party."""

from __future__ import annotations

import typer

from cleanroom.cli.resume import resume


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The runs of this party.")
    group.command()(resume)
    group.callback()(_group)  # a group, also while it has one command
    app.add_typer(group, name="runs")


def _group() -> None:
    """The runs of this party."""
