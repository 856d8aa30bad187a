"""`cleanroom audit prove-consent` and `verify-consent`: one consent record of a run, shown without the others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cleanroom import limits
from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.consent_files import kept_lines
from cleanroom.adapters.private_files import read_checked, write_private
from cleanroom.audit.events import Event, Kind
from cleanroom.cli.evidence import check_run_folder
from cleanroom.consent.evidence import Opened, prove, verify_proof
from cleanroom.errors import AuditError, DataError

Folder = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or a copy of it.")]


def prove_consent(folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder in the party's `runs`.")],
                  row: Annotated[int, typer.Argument(min=1, help="Row of people or members, counted from 1 without "
                                                                 "the header.")],
                  out: Annotated[Path | None, typer.Option(help="Write the proof here; default: print it.")] = None,
                  ) -> None:
    """Open the consent record of one person that the run used, with the proof that it was used."""
    proof = prove(kept_lines(folder), row, str(folder))
    if out is None:
        sys.stdout.write(proof.decode() + "\n")
    else:
        write_private(out, proof, DataError)


def verify_consent(proof: Annotated[Path, typer.Argument(metavar="PROOF", help="What `prove-consent` wrote.")],
                   folder: Folder) -> None:
    """Check a consent record against the signed log of the run: it was used, and stood there before the protocol."""
    opened = verify_proof(read_checked(proof, limits.MAX_EVIDENCE_BYTES, AuditError).rstrip(b"\n"), str(proof))
    check_run_folder(folder, {})
    events, _ = read_log(folder)
    check_root(opened, events, str(proof))
    for name, value in sorted(opened.record.items()):
        typer.echo(f"{name}: {value}")
    typer.echo(f"verified: one of {opened.size} consent records that run {opened.run} used", err=True)


def check_root(opened: Opened, events: tuple[Event, ...], where: str) -> None:
    """The verified log of the run names this root and size, before any size was declared. AuditError else."""
    kinds = [event.kind for event in events]
    roots = [event for event in events if event.kind == Kind.CONSENT_ROOT]
    if events[0].fields["run_id"] != opened.run or len(roots) != 1:
        raise AuditError("the proof is of another run", where=where)
    if (roots[0].fields["root"], roots[0].fields["count"]) != (opened.root, opened.size):
        raise AuditError("the log holds another consent root", where=where)
    if Kind.SIZES_DECLARED in kinds[:roots[0].seq]:
        raise AuditError("the consent root was logged after the protocol had started", where=where)
