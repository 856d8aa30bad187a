"""`cleanroom node`: the long-running node of a party."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.cli.language import Lang, Language


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(node)


def node(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
         lang: Lang = Language.EN) -> None:
    """Answer runs of the contracts in DIR/contracts until stopped (Ctrl-C or SIGTERM)."""
    from cleanroom.node.local import LocalNode  # noqa: PLC0415 - gRPC loads only where it is used
    from cleanroom.node.server import NodeServer  # noqa: PLC0415

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with LocalNode(folder, lang) as local:
        server = NodeServer(local)
        address = server.start()
        typer.echo(f"{local.settings.role} node listens on {address}; {len(local.contracts())} contracts in force",
                   err=True)
        try:
            server.wait()
        finally:
            server.stop()
