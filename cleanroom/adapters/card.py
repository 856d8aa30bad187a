"""A party's public card: what the other side needs to write it into a contract. Nothing in it is secret."""

from __future__ import annotations

import base64
import json
import tomllib
from pathlib import Path

from cleanroom.adapters.contract_files import read_text, write_text
from cleanroom.adapters.key_files import PartyKeys
from cleanroom.adapters.party import PartySettings
from cleanroom.errors import ContractError

CARD_NAME = "card.toml"
_FIELDS = ("name", "contact", "signing_key", "certificate")


def write_card(folder: Path, settings: PartySettings, keys: PartyKeys) -> None:
    """Write card.toml, which is a contract's [parties.<role>] table."""
    values = {"name": settings.party.name, "contact": settings.party.contact,
              "signing_key": base64.b64encode(keys.signing.public).decode(),
              "certificate": base64.b64encode(keys.certificate_der()).decode()}
    lines = [f"{field} = {json.dumps(values[field], ensure_ascii=False)}" for field in _FIELDS]
    write_text(folder / CARD_NAME, "\n".join([f"[parties.{settings.role}]", *lines]) + "\n")


def read_card(path: Path, role: str) -> str:
    """The card's text, checked to be of the party with this role. ContractError otherwise."""
    text = read_text(path)
    try:
        parties = tomllib.loads(text)["parties"]
        complete = set(parties) == {role} and set(parties[role]) == set(_FIELDS)
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        complete = False
    if not complete:
        raise ContractError(f"not the card of a {role}", where=str(path),
                            todo=f"use the {CARD_NAME} that the {role}'s `cleanroom init` made")
    return text.strip()
