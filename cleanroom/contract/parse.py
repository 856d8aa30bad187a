"""From TOML text to a `Contract`, and to the canonical bytes that are hashed and signed."""

from __future__ import annotations

import hashlib
import tomllib

from pydantic import ValidationError

from cleanroom import limits
from cleanroom.contract.check import check_shape
from cleanroom.contract.model import Contract
from cleanroom.errors import ContractError
from cleanroom.primitives.canonical import canonical_json

PAYLOAD_TYPE = "application/vnd.cleanroom.contract+json"

_PLAIN = {"extra_forbidden": "unknown setting", "missing": "this setting is missing"}


def parse_contract(text: str, source: str) -> Contract:
    """Parse and check one contract. `source` names it in errors.

    Raises ContractError naming the first bad setting: TOML syntax, unknown or missing key, wrong type or
    bound, or a combination that `check_shape` refuses. Signatures are not verified here.
    """
    if len(text.encode()) > limits.MAX_CONTRACT_BYTES:
        raise ContractError(f"larger than {limits.MAX_CONTRACT_BYTES} bytes", where=source,
                            todo="a contract is a short document; check the file")
    try:
        contract = Contract.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"not valid TOML: {error}", where=source, todo="mend the file") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        setting = ".".join(str(part) for part in first["loc"])
        what = _PLAIN.get(first["type"], first["msg"].removeprefix("Value error, ").replace("Input should", "must"))
        raise ContractError(f"{setting}: {what}", where=source, todo="see docs/contract.md for this setting") from error
    check_shape(contract, source)
    return contract


def canonical_contract(contract: Contract) -> bytes:
    """RFC 8785 bytes of everything but the signatures: what both parties sign."""
    return canonical_json(contract.model_dump(mode="json", exclude={"signatures"}, exclude_none=True))


def signed_json(contract: Contract) -> bytes:
    """The contract with its signatures as canonical JSON: the copy that stands in a run's evidence."""
    return canonical_json(contract.model_dump(mode="json", exclude_none=True))


def parse_signed_json(data: bytes, source: str) -> Contract:
    """The contract in a run's evidence, checked like the TOML form. ContractError."""
    try:
        contract = Contract.model_validate_json(data)
    except ValidationError as error:
        raise ContractError("not the contract of a run", where=source) from error
    check_shape(contract, source)
    return contract


def contract_hash(contract: Contract) -> bytes:
    """SHA-256 of the canonical contract (32 bytes); it names the contract everywhere."""
    return hashlib.sha256(canonical_contract(contract)).digest()
