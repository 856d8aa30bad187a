"""`cleanroom audit stamp`: a time stamp (RFC 3161) for a sealed run. The request and the answer travel by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cleanroom import limits
from cleanroom.adapters.private_files import read_checked, write_private
from cleanroom.audit import stamp as stamps
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.verify import Verified
from cleanroom.cli.evidence import check_run_folder
from cleanroom.errors import AuditError, UsageError


def stamp(folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
          request: Annotated[Path | None, typer.Option(help="Write the request for an authority here.")] = None,
          response: Annotated[Path | None, typer.Option(help="Keep this answer of an authority with the run.")] = None,
          ) -> None:
    """Ask a time stamping authority to confirm that this run's log exists, or keep its answer."""
    if (request is None) == (response is None):
        raise UsageError("give one of --request and --response", where="RUN",
                         todo="--request FILE writes what to send; --response FILE keeps what came back")
    check_run_folder(folder, {})
    head = read_checked(folder / HEAD_NAME, limits.MAX_EVIDENCE_BYTES, AuditError)
    if request is not None:
        write_private(request, stamps.request(head), AuditError)
        typer.echo("send it to an authority: curl -H 'Content-Type: application/timestamp-query' --data-binary "
                   f"@{request} URL > answer.tsr", err=True)
    elif response is not None:
        answer = read_checked(response, limits.MAX_STAMP_BYTES, AuditError)
        moment = stamps.check_imprint(answer, head, str(response))
        write_private(folder / stamps.STAMP_NAME, answer, AuditError)
        typer.echo(f"kept: {moment:%Y-%m-%dT%H:%M:%SZ}; the authority is checked by `cleanroom audit verify --tsa`",
                   err=True)


def stamp_line(folder: Path, found: Verified, authorities: Path | None) -> str:
    """What to print about the stamp of a verified run; "" when there is none and none was asked for. AuditError."""
    path = folder / stamps.STAMP_NAME
    if not path.exists():
        if authorities is not None:
            raise AuditError("there is no time stamp", where=str(path), todo="`cleanroom audit stamp` gets one")
        return ""
    head = read_checked(folder / HEAD_NAME, limits.MAX_EVIDENCE_BYTES, AuditError)
    answer = read_checked(path, limits.MAX_STAMP_BYTES, AuditError)
    if authorities is None:
        stamps.check_imprint(answer, head, str(path))
        return (f"  NOT covered: {stamps.STAMP_NAME} is about this log, but whose it is was not checked: name the "
                "authority's certificate with --tsa")
    pem = read_checked(authorities, limits.MAX_EVIDENCE_BYTES, AuditError)
    trusted = stamps.read_authorities(pem, str(authorities))
    verified = stamps.verify_stamp(answer, head, trusted, found.ended, str(path))
    return f"  time stamp: {verified.time:%Y-%m-%dT%H:%M:%SZ} by {verified.authority}"
