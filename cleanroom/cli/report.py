"""`cleanroom report`: a run's measurement again, in another form."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Annotated

import typer

from cleanroom.adapters.private_files import read_checked
from cleanroom.adapters.run_files import MEASUREMENT_NAME, RunFiles
from cleanroom.cli.evidence import check_run_folder
from cleanroom.cli.language import Lang, Language
from cleanroom.errors import DataError, UsageError
from cleanroom.report.compliance.document import compliance_document
from cleanroom.report.compliance.linked import render_linked
from cleanroom.report.compliance.page import render_compliance
from cleanroom.report.compliance.record import render_record
from cleanroom.report.html import render_html
from cleanroom.report.recheck import measurement_text
from cleanroom.report.tables import render_csv

MAX_BYTES = 64 * 1024 * 1024  # 65,536 released sums with their intervals


class Format(enum.StrEnum):
    """Output forms."""

    HTML = "html"
    JSON = "json"
    CSV = "csv"
    JSONLD = "jsonld"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The party's folder.")],
           run: Annotated[str, typer.Argument(metavar="RUN", help="First digits of a run's id, or `last`.")] = "last",
           form: Annotated[Format, typer.Option("--format", help="Output form.")] = Format.HTML,
           lang: Lang = Language.EN,
           compliance: Annotated[bool, typer.Option(
               "--compliance", help="The compliance report instead of the measurement; csv: its record of processing "
                                    "(Art. 30).")] = False,
           shared: Annotated[bool, typer.Option(
               "--shared", help="Of the compliance report, the form to give to others: counts of people as "
                                "ranges.")] = False) -> None:
    """Print the report of a finished run."""
    if shared and not compliance:
        raise UsageError("only the compliance report has a form to share", where="--shared", todo="add --compliance")
    if form == Format.JSONLD and not compliance:
        raise UsageError("only the compliance report is there as JSON-LD", where="--format", todo="add --compliance")
    path = RunFiles(folder).find(run) / MEASUREMENT_NAME
    if not path.exists():
        raise DataError("this run has no measurement: it did not finish", where=str(path.parent),
                        todo="`cleanroom audit report` shows how it ended")
    if compliance:
        typer.echo(_compliance(path.parent, form, lang, shared=shared), nl=False)
        return
    document = json.loads(read_checked(path, MAX_BYTES, DataError))
    if form == Format.JSON:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        typer.echo(render_html(document, lang) if form == Format.HTML else render_csv(document), nl=False)


def _compliance(folder: Path, form: Format, lang: Language, *, shared: bool) -> str:
    """Made anew from the run's evidence, which is verified first. AuditError names what does not fit."""
    checked = check_run_folder(folder, {})
    if checked.measurement is None:
        raise DataError("this run has no measurement", where=str(folder))
    document = compliance_document(checked.contract, checked.verified, checked.measurement, shared=shared)
    if form == Format.HTML:
        return render_compliance(document, lang)
    return {Format.JSON: measurement_text, Format.JSONLD: render_linked, Format.CSV: render_record}[form](document)
