"""`cleanroom report`: a run's measurement again, in another form."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.private_files import read_checked
from cleanroom.adapters.run_files import MEASUREMENT_NAME, RunFiles
from cleanroom.cli.language import Lang, Language
from cleanroom.errors import DataError
from cleanroom.report.html import render_html
from cleanroom.report.tables import render_csv

MAX_BYTES = 64 * 1024 * 1024  # 65,536 released sums with their intervals


class Format(enum.StrEnum):
    """Output forms."""

    HTML = "html"
    JSON = "json"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
           run: Annotated[str, typer.Argument(metavar="RUN", help="First digits of a run's id, or `last`.")] = "last",
           form: Annotated[Format, typer.Option("--format", help="Output form.")] = Format.HTML,
           lang: Lang = Language.EN) -> None:
    """Print the report of a finished run."""
    path = RunFiles(folder).find(run) / MEASUREMENT_NAME
    if not path.exists():
        raise DataError("this run has no measurement: it did not finish", where=str(path.parent),
                        todo="`cleanroom audit report` shows how it ended")
    document = json.loads(read_checked(path, MAX_BYTES, DataError))
    if form == Format.JSON:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        typer.echo(render_html(document, lang) if form == Format.HTML else render_csv(document), nl=False)
