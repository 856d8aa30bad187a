"""A complete contract between two parties with real keys; every setting can be replaced or taken away by its path."""

from __future__ import annotations

import base64
import copy
import tempfile
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cleanroom.adapters.demo_settings import ADVERTISER, RETAILER, demo_terms
from cleanroom.adapters.key_files import PartyKeys, create_keys
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Contract, Role
from cleanroom.contract.sign import sign_contract

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NAMES = {"advertiser": ADVERTISER, "retailer": RETAILER}
GONE = object()  # in place of a value: the setting is taken away


class At:
    """A clock that stands."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@cache
def keys(role: Role, which: int = 0) -> PartyKeys:
    """Keys of a party; another `which` gives other keys."""
    return create_keys(Path(tempfile.mkdtemp()), role, At(), validity=timedelta(days=900 + which))


def party(role: Role) -> dict[str, Any]:
    own = keys(role)
    return {"name": NAMES[role], "contact": f"dpo@{role}.example.org",
            "signing_key": base64.b64encode(own.signing.public).decode(),
            "certificate": base64.b64encode(own.certificate_der()).decode()}


def document(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The contract as a document, with settings replaced by dotted path ("consent.notices.0.partner")."""
    found = copy.deepcopy(demo_terms())
    found["parties"] = {role: party(role) for role in ROLES}
    for path, value in (changes or {}).items():
        where: Any = found
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in parents:
            where = where[part]
        if value is GONE:
            del where[last]
        else:
            where[last] = value
    return found


def contract(changes: dict[str, Any] | None = None) -> Contract:
    return Contract.model_validate(document(changes))


def signed(changes: dict[str, Any] | None = None, roles: tuple[Role, ...] = ROLES) -> Contract:
    found = contract(changes)
    for role in roles:
        found = sign_contract(found, role, keys(role).signing)
    return found


def as_toml(value: dict[str, Any], path: str = "") -> str:
    """A document as TOML; enough for contracts."""
    tables = {key: item for key, item in value.items() if isinstance(item, dict)}
    lists = {key: item for key, item in value.items() if isinstance(item, list) and item and isinstance(item[0], dict)}
    text = "".join(f"{key} = {_toml(item)}\n" for key, item in value.items() if key not in tables | lists)
    for key, item in tables.items():
        text += f"[{path}{key}]\n{as_toml(item, f'{path}{key}.')}"
    for key, items in lists.items():
        text += "".join(f"[[{path}{key}]]\n{as_toml(item)}" for item in items)
    return text


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, int) else "[" + ", ".join(map(_toml, value)) + "]" \
        if isinstance(value, list) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
