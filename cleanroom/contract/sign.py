"""Signing a contract, and the checks before a node acts on one."""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import datetime

from cleanroom.contract.check import ROLES, certificate, check_certificate, decode_base64, signing_key
from cleanroom.contract.model import Contract, Role, Signature
from cleanroom.contract.parse import PAYLOAD_TYPE, canonical_contract
from cleanroom.contract.rules import check_rules
from cleanroom.errors import AuditError, ContractError
from cleanroom.primitives.dsse import SigningKey, verify
from cleanroom.rules import rule


def sign_contract(contract: Contract, role: Role, key: SigningKey) -> Contract:
    """The contract with the party's signature in place. ContractError when the key is not the one it names."""
    if key.public != signing_key(contract, role):
        raise ContractError(f"parties.{role}.signing_key is not this party's key",
                            todo="put the key that `cleanroom init` printed into the contract, or use the right party")
    signature = key.sign(PAYLOAD_TYPE, canonical_contract(contract))
    kept = [entry for entry in contract.signatures if entry.role != role]
    entry = Signature(role=role, signature=base64.b64encode(signature).decode())
    ordered = sorted([*kept, entry], key=lambda item: item.role)
    return contract.model_copy(update={"signatures": tuple(ordered)})


def verify_signatures(contract: Contract) -> None:
    """Both parties signed exactly this text; otherwise ContractError says whose signature is missing or bad."""
    if len(contract.signatures) > len(ROLES):
        raise ContractError("signatures: more than one of a party")
    for role in ROLES:
        verify_signature(contract, role)


def verify_signature(contract: Contract, role: Role) -> None:
    """One party signed exactly this text, once; otherwise ContractError."""
    entries = [entry for entry in contract.signatures if entry.role == role]
    if len(entries) != 1:
        raise ContractError(f"the {role} has not signed the contract",
                            todo=f"the {role} runs `cleanroom contract sign`")
    try:
        verify(signing_key(contract, role), PAYLOAD_TYPE, canonical_contract(contract),
               decode_base64(entries[0].signature, f"signatures.{role}"))
    except AuditError as error:
        raise ContractError(f"the {role}'s signature does not fit: the contract was altered after signing",
                            todo="go back to the signed text, or sign the new one by both parties") from error


def check_in_force(contract: Contract, now: datetime) -> None:
    """The contract keeps C-01 … C-11 and, by C-12, is signed by both and valid at `now`."""
    check_rules(contract)
    try:
        verify_signatures(contract)
        _check_validity(contract, now)
    except ContractError as error:
        raise ContractError(f"C-12: {error.what} / {rule('C-12').french}", todo=error.todo) from error


def _check_validity(contract: Contract, now: datetime) -> None:
    if now < contract.not_before:
        raise ContractError(f"the contract is not valid before {contract.not_before.isoformat()}")
    if now >= contract.not_after:
        raise ContractError(f"the contract expired at {contract.not_after.isoformat()}",
                            todo="agree on a new version")


def check_foreign(contract: Contract, role: Role, own_key: bytes, own_certificate: bytes,
                  accepted: Collection[bytes]) -> None:
    """The contract is ours: it names our signing key, and our node's certificate is among those it makes `accepted`.
    Both certificates may be pinned."""
    for each in ROLES:
        check_certificate(certificate(contract, each), f"parties.{each}.certificate")
    if signing_key(contract, role) != own_key:
        raise ContractError(f"the contract names another {role}: its signing key is not ours",
                            todo="use the contract that was made with this party's key")
    if own_certificate not in accepted:
        raise ContractError(f"the contract pins another certificate for the {role}",
                            todo="renew the contract, or change certificates by `cleanroom keys rotate` only")
