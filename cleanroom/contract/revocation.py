"""A party's signed statement that it revokes a contract: it ends the contract at once, for both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cleanroom import limits
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.model import Contract, Role
from cleanroom.contract.parse import contract_hash
from cleanroom.errors import AuditError, ContractError
from cleanroom.primitives.canonical import canonical_json, parse_json
from cleanroom.primitives.dsse import SigningKey, parse_envelope, seal

PAYLOAD_TYPE: Final = "application/vnd.cleanroom.revocation+json"
_FIELDS: Final = {"contract", "id", "version", "role", "revoked_at"}
_WHERE: Final = "revocation"


@dataclass(frozen=True, slots=True)
class Revocation:
    """What a record says: contract hash (32 bytes), whose it is, and the revoker's own time as text."""

    contract: bytes
    role: Role
    revoked_at: str


def revoke_contract(contract: Contract, role: Role, key: SigningKey, now: datetime) -> bytes:
    """The signed record (DSSE, canonical JSON). ContractError when the key is not the one the contract names."""
    if key.public != signing_key(contract, role):
        raise ContractError(f"parties.{role}.signing_key is not this party's key", todo="use the right party")
    payload = canonical_json({"contract": contract_hash(contract).hex(), "id": contract.id, "version": contract.version,
                              "role": role, "revoked_at": f"{now:%Y-%m-%dT%H:%M:%SZ}"})
    return seal(PAYLOAD_TYPE, payload, [(key.public, key.sign(PAYLOAD_TYPE, payload))]).to_json()


def revoked_hash(record: bytes) -> bytes:
    """The hash (32 bytes) of the contract that a record speaks of; nothing is verified. ContractError: no record."""
    return _parse(record).contract


def verify_revocation(record: bytes, contract: Contract) -> Revocation:
    """What the record says, once it is about this contract and signed by the party it names. ContractError."""
    said = _parse(record)
    if said.contract != contract_hash(contract):
        raise ContractError("the revocation is about another contract", where=_WHERE)
    try:
        envelope = parse_envelope(record, where=_WHERE, limit=limits.MAX_REVOCATION_BYTES)
        envelope.verify(PAYLOAD_TYPE, {f"the {said.role}": signing_key(contract, said.role)}, where=_WHERE)
    except AuditError as error:
        raise ContractError(error.what, where=_WHERE) from None
    return said


def _parse(record: bytes) -> Revocation:
    try:
        envelope = parse_envelope(record, where=_WHERE, limit=limits.MAX_REVOCATION_BYTES)
        value = parse_json(envelope.payload, where=_WHERE, limit=limits.MAX_REVOCATION_BYTES, error=AuditError,
                           canonical=True)
    except AuditError:
        raise ContractError("not a revocation", where=_WHERE) from None
    if not isinstance(value, dict) or set(value) != _FIELDS:
        raise ContractError("not a revocation", where=_WHERE)
    digest, moment = str(value["contract"]), str(value["revoked_at"])
    role = next((each for each in ROLES if each == value["role"]), None)
    if role is None or not re.fullmatch(r"[0-9a-f]{64}", digest) or not re.fullmatch(r"[0-9TZ:-]{20}", moment):
        raise ContractError("not a revocation", where=_WHERE)
    return Revocation(bytes.fromhex(digest), role, moment)
