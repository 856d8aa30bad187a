"""Verification of one run's folder, for the commands that need it."""

from __future__ import annotations

from pathlib import Path

from cleanroom import limits
from cleanroom.adapters.audit_files import read_evidence
from cleanroom.adapters.private_files import read_checked
from cleanroom.adapters.run_files import CONTRACT_NAME
from cleanroom.audit.verify import Verified, verify_run
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.parse import contract_hash, parse_signed_json
from cleanroom.contract.sign import verify_signatures
from cleanroom.errors import AuditError, ContractError


def verify_folder(folder: Path) -> Verified:
    """Verify one run's folder. AuditError names the first bad item."""
    try:
        contract = parse_signed_json(read_checked(folder / CONTRACT_NAME, limits.MAX_CONTRACT_BYTES, AuditError),
                                     str(folder / CONTRACT_NAME))
        verify_signatures(contract)
    except ContractError as error:
        raise AuditError(error.what, where=CONTRACT_NAME) from None
    keys = {role: signing_key(contract, role) for role in ROLES}
    return verify_run(read_evidence(folder, contract_hash(contract).hex()), keys)
