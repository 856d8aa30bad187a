"""The option `--lang` of the commands that write or print a report."""

from __future__ import annotations

import enum
from typing import Annotated

import typer


class Language(enum.StrEnum):
    """Languages of the HTML page."""

    EN = "en"
    FR = "fr"


Lang = Annotated[Language, typer.Option("--lang", help="Language of the HTML report.")]
