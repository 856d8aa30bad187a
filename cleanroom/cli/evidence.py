"""What `cleanroom audit verify` does with one folder: whose keys count, and every file in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from cleanroom import __version__, limits
from cleanroom.adapters.audit_files import NO_RUN, read_evidence
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.private_files import read_checked
from cleanroom.adapters.run_files import (
    COMPLIANCE_NAME,
    COMPLIANCE_PAGE_NAME,
    LINKED_NAME,
    MEASUREMENT_NAME,
    RECORD_NAME,
    REPORT_NAME,
    RESULTS_NAME,
    read_last_head,
    read_reports,
    run_folders,
)
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.log import LOG_NAME
from cleanroom.audit.receipt import RECEIPT_NAME, TABLE_NAME, OpenedReceipt, open_receipt
from cleanroom.audit.verify import CONTRACT_NAME, Evidence, Verified, verify_chain, verify_repeats, verify_run
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.effective import effective
from cleanroom.contract.model import Contract, Role
from cleanroom.contract.parse import contract_hash, parse_signed_json
from cleanroom.contract.sign import verify_signatures
from cleanroom.errors import AuditError, ContractError
from cleanroom.report.compliance.document import compliance_document
from cleanroom.report.compliance.linked import render_linked
from cleanroom.report.compliance.page import render_compliance
from cleanroom.report.compliance.record import render_record
from cleanroom.report.html import render_html
from cleanroom.report.recheck import check_measurement, check_rendered, measurement_text
from cleanroom.report.tables import render_csv
from cleanroom.report.wording import LANGUAGES

PAGES: Final[Mapping[str, Callable[..., str]]] = {REPORT_NAME: render_html, COMPLIANCE_PAGE_NAME: render_compliance}
RENDERED = {RESULTS_NAME: render_csv, REPORT_NAME: render_html}
COMPLIANCE = {COMPLIANCE_NAME: measurement_text, COMPLIANCE_PAGE_NAME: render_compliance, LINKED_NAME: render_linked,
              RECORD_NAME: render_record}


@dataclass(frozen=True, slots=True)
class Checked:
    """A verified folder: its contract, the files that were checked, and those that only another version can check.

    `measurement` is the document in measurement.json; None for a run without one.
    """

    verified: Verified
    contract: Contract
    covered: tuple[str, ...]
    uncovered: tuple[str, ...]
    measurement: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class CheckedRuns:
    """A party's whole `runs` folder: sealed runs, names of those without a head, and whether the end is known."""

    sealed: tuple[Checked, ...]
    unsealed: tuple[str, ...]
    complete: bool


def check_folder(folder: Path) -> Path:
    """The folder, when there is one; AuditError otherwise."""
    if not folder.is_dir():
        raise AuditError("no such folder", where=str(folder), todo=NO_RUN)
    return folder


def read_anchors(files: Sequence[Path]) -> dict[bytes, Contract]:
    """The signed contracts that the verifier brought, by hash. ContractError when both have not signed one."""
    found = {}
    for file in files:
        contract = read_contract(file)
        verify_signatures(contract)
        found[contract_hash(contract)] = contract
    return found


def check_run_folder(folder: Path, anchors: dict[bytes, Contract]) -> Checked:
    """Verify one run's folder. AuditError names the first bad item.

    With `anchors` its contract must be one of them; without, its own keys are believed: that proves only that the
    folder fits together.
    """
    contract = _read_contract(check_folder(folder))
    digest = contract_hash(contract)
    if anchors and digest not in anchors:
        raise AuditError("not the contract named with --contract", where=str(folder / CONTRACT_NAME))
    evidence, reports = read_evidence(folder, digest.hex()), read_reports(folder)
    with _inside(folder):
        found = verify_run(evidence, _keys(contract))
        measurement = _check_measurement(contract, found, evidence, reports)
        covered, uncovered = _check_reports(contract, found, measurement, reports)
    release = (RECEIPT_NAME, TABLE_NAME) if found.receipt else ()
    return Checked(found, contract, (CONTRACT_NAME, LOG_NAME, HEAD_NAME, *release, *covered), uncovered,
                   measurement)


def _check_measurement(contract: Contract, found: Verified, evidence: Evidence, reports: dict[str, bytes]) \
        -> dict[str, Any] | None:
    """The measurement, computed again; None when there are no reports."""
    if not reports:
        return None
    if MEASUREMENT_NAME not in reports:
        raise AuditError(f"cannot be checked without {MEASUREMENT_NAME}", where=next(iter(reports)))
    if evidence.table is None:
        raise AuditError("a run without a signed table has no results", where=MEASUREMENT_NAME)
    agreed, _ = effective(contract)
    return check_measurement(agreed, found, evidence.table, reports[MEASUREMENT_NAME], MEASUREMENT_NAME)


def _check_reports(contract: Contract, found: Verified, measurement: dict[str, Any] | None,
                   reports: dict[str, bytes]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the reports that were checked, and of those written by another version of the program."""
    if measurement is None:
        return (), ()
    rendered, compliance = ([name for name in names if name in reports] for names in (RENDERED, COMPLIANCE))
    if found.software != __version__:
        return (MEASUREMENT_NAME,), (*rendered, *compliance)
    for name in rendered:
        check_rendered(_renderer(name, reports[name]), measurement, reports[name], name)
    if compliance:
        document = compliance_document(contract, found, measurement)
        for name in compliance:
            check_rendered(_renderer(name, reports[name]), document, reports[name], name)
    return (MEASUREMENT_NAME, *rendered, *compliance), ()


def _renderer(name: str, data: bytes) -> Callable[[Mapping[str, Any]], str]:
    """What made a report; a page says its language."""
    if name not in PAGES:
        return {**RENDERED, **COMPLIANCE}[name]
    said = (language for language in LANGUAGES if f'<html lang="{language}">'.encode() in data[:100])
    return partial(PAGES[name], language=next(said, "en"))


def read_receipt(file: Path, contract: Contract) -> OpenedReceipt:
    """A receipt.json by itself, against the keys of `contract`. AuditError says what does not fit."""
    return open_receipt(read_checked(file, limits.MAX_EVIDENCE_BYTES, AuditError), _keys(contract))


def check_runs(runs: Path, anchors: dict[bytes, Contract]) -> CheckedRuns:
    """Verify every sealed run of a `runs` folder, and that none between them is missing. AuditError.

    Without the party's `state` beside the folder it is not known whether the newest runs are missing.
    """
    folders = run_folders(runs)
    sealed = {folder: check_run_folder(folder, anchors) for folder in folders if (folder / HEAD_NAME).exists()}
    for folder, checked in sealed.items():
        if checked.verified.run_id != folder.name:
            raise AuditError("the folder holds a run of another name", where=str(folder))
    last = read_last_head(runs)
    with _inside(runs):
        verify_chain([checked.verified for checked in sealed.values()], last)
        verify_repeats([checked.verified for checked in sealed.values()])
    unsealed = tuple(folder.name for folder in folders if folder not in sealed)
    return CheckedRuns(tuple(sealed.values()), unsealed, complete=bool(last))


def _read_contract(folder: Path) -> Contract:
    path = folder / CONTRACT_NAME
    data = read_checked(path, limits.MAX_CONTRACT_BYTES, AuditError, todo=NO_RUN)
    try:
        contract = parse_signed_json(data, str(path))
        verify_signatures(contract)
    except ContractError as error:
        raise AuditError(error.what, where=str(path)) from None
    return contract


def _keys(contract: Contract) -> dict[Role, bytes]:
    return {role: signing_key(contract, role) for role in ROLES}


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Errors about a file of the folder name the folder, too: two or more are verified at once."""
    try:
        yield
    except AuditError as error:
        raise AuditError(error.what, where=str(folder / error.where), todo=error.todo) from None
