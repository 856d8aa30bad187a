"""From TOML text to a `Contract`, and to the canonical bytes that are hashed and signed."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import lru_cache

from pydantic import ValidationError

from cleanroom import limits
from cleanroom.contract.check import check_shape
from cleanroom.contract.model import Contract
from cleanroom.contract.rules import rule_of_setting
from cleanroom.errors import ContractError
from cleanroom.primitives.canonical import canonical_json

_MAX_DOTS = 32  # a setting has at most four parts
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
PAYLOAD_TYPE = "application/vnd.cleanroom.contract+json"

_PLAIN = {"extra_forbidden": "unknown setting", "missing": "this setting is missing"}


@lru_cache(maxsize=256)  # a node reads its contracts at each call; the result cannot be changed
def parse_contract(text: str, source: str) -> Contract:
    """Parse and check one contract. `source` names it in errors.

    Raises ContractError naming the first bad setting: TOML syntax, unknown or missing key, wrong type or
    bound, or a combination that `check_shape` refuses. Signatures are not verified here.
    """
    if len(text.encode()) > limits.MAX_CONTRACT_BYTES:
        raise ContractError(f"larger than {limits.MAX_CONTRACT_BYTES} bytes", where=source,
                            todo="a contract is a short document; check the file")
    _check_depth(text, source)
    try:
        contract = Contract.model_validate(tomllib.loads(text))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        setting = _printable(".".join(str(part) for part in first["loc"]))
        what = _PLAIN.get(first["type"], first["msg"].removeprefix("Value error, ").replace("Input should", "must"))
        asked = rule_of_setting(first["loc"])
        raise ContractError(f"{setting}: {what}{' — ' if asked else ''}{asked}", where=source,
                            todo="see docs/contract.md for this setting") from error
    except RecursionError:
        raise _too_deep(source) from None
    except ValueError as error:  # TOML syntax, or a number of thousands of digits
        raise ContractError(f"not valid TOML: {_printable(str(error))}", where=source, todo="mend the file") from error
    check_shape(contract, source)
    return contract


def _check_depth(text: str, source: str) -> None:
    """No dotted key of hundreds of parts: the TOML parser's time grows with the square of their number."""
    for line in text.split("\n"):
        if '"""' in line or "'''" in line:
            raise ContractError("texts over several lines have no place in a contract", where=source,
                                todo="write each text between simple quotes, on one line")
        if _STRING.sub("", line).partition("#")[0].count(".") > _MAX_DOTS:
            raise _too_deep(source)


def _too_deep(source: str) -> ContractError:
    return ContractError("nested too deeply", where=source, todo="see docs/contract.md for the settings")


def _printable(text: str) -> str:
    return "".join(c for c in text[:limits.MAX_TEXT] if c.isprintable())


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
