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
    from cleanroom.node.log import Event, configure, note  # noqa: PLC0415
    from cleanroom.node.server import NodeServer  # noqa: PLC0415

    for told in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends the node as cleanly as a service manager does
        signal.signal(told, lambda *_: sys.exit(0))
    with LocalNode(folder, lang) as local:
        configure(local.settings.node.log)
        server = NodeServer(local)
        address = server.start()
        note(Event.NODE_STARTED,
             f"{local.settings.role} node listens on {address}; {len(local.contracts())} contracts in force")
        try:
            server.wait()
        finally:
            server.stop()
            note(Event.NODE_STOPPED, f"{local.settings.role} node stopped")
