"""Contract files on disk: read, append a signature, and the folder of contracts a node acts on."""

from __future__ import annotations

from pathlib import Path

from cleanroom import limits
from cleanroom.adapters.private_files import read_checked
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash, parse_contract
from cleanroom.errors import CleanroomError, ContractError

FOLDER_NAME = "contracts"


def read_contract(path: Path) -> Contract:
    """The contract in a file. ContractError when it is missing or breaks a rule; signatures are not checked."""
    return parse_contract(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The file as text. ContractError when it cannot be read, is too large or is not UTF-8."""
    data = read_checked(path, limits.MAX_CONTRACT_BYTES, ContractError, todo="name the contract's TOML file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ContractError("not UTF-8 text", where=str(path), todo="save it as UTF-8") from None


def write_text(path: Path, text: str) -> None:
    """Replace or create a file in one step; an interrupted write leaves the old one."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ContractError(f"cannot be written ({error.strerror})", where=str(path)) from None


def load_contracts(folder: Path) -> tuple[dict[bytes, Contract], list[CleanroomError]]:
    """Contracts of a party's folder by hash, and the errors of the files that hold none."""
    found: dict[bytes, Contract] = {}
    errors: list[CleanroomError] = []
    for path in sorted((folder / FOLDER_NAME).glob("*.toml")):
        try:
            contract = read_contract(path)
        except CleanroomError as error:
            errors.append(error)
        else:
            found[contract_hash(contract)] = contract
    return found, errors
