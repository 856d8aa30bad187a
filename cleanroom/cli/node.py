"""`cleanroom node`: the long-running node of a party, and its status."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cleanroom.cli.language import Lang, Language

RUN = "run"


class _RunByDefault(TyperGroup):
    """`node DIR` means `node run DIR`; a folder named as a command is written `./status`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front where there is none."""
        return super().parse_args(ctx, args if not args or args[0] in {*self.commands, "--help"} else [RUN, *args])


def register(app: typer.Typer) -> None:
    """Add the group."""
    from cleanroom.cli.node_status import node_status  # noqa: PLC0415 - as below

    group = typer.Typer(cls=_RunByDefault, no_args_is_help=True,
                        help="The long-running node of a party: `node DIR` starts it.")
    group.command(RUN)(run)
    group.command("status")(node_status)
    app.add_typer(group, name="node")


def run(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
        lang: Lang = Language.EN) -> None:
    """Answer runs of the contracts in DIR/contracts until stopped (Ctrl-C, SIGTERM or SIGHUP)."""
    from cleanroom.node.local import LocalNode  # noqa: PLC0415 - gRPC loads only where it is used
    from cleanroom.node.log import Event, configure, note  # noqa: PLC0415
    from cleanroom.node.observer import observed  # noqa: PLC0415
    from cleanroom.node.server import NodeServer  # noqa: PLC0415

    for told in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends the node as cleanly as a service manager does
        signal.signal(told, lambda *_: sys.exit(0))
    with LocalNode(folder, lang) as local:
        configure(local.settings.node.log)
        server = NodeServer(local)
        address = server.start()
        try:
            with observed(local):
                note(Event.NODE_STARTED,
                     f"{local.settings.role} node listens on {address}; {len(local.contracts())} contracts in force")
                server.wait()
        finally:
            server.stop()
            note(Event.NODE_STOPPED, f"{local.settings.role} node stopped")
