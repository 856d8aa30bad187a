"""A party's public card: what the other side needs to write it into a contract. Nothing in it is secret."""

from __future__ import annotations

import base64
import json
import tomllib
from pathlib import Path

from pydantic import ValidationError

from cleanroom.adapters.contract_files import read_text, write_text
from cleanroom.adapters.key_files import PartyKeys
from cleanroom.adapters.party import PartySettings
from cleanroom.contract.check import check_certificate, decode_base64
from cleanroom.contract.model import Party
from cleanroom.contract.policy import Policy
from cleanroom.errors import ContractError

CARD_NAME = "card.toml"


def write_card(folder: Path, settings: PartySettings, keys: PartyKeys) -> None:
    """Write card.toml, which is a contract's [parties.<role>] table, with the party's policy if it has one."""
    values = {"name": settings.party.name, "contact": settings.party.contact,
              "signing_key": base64.b64encode(keys.signing.public).decode(),
              "certificate": base64.b64encode(keys.certificate_der()).decode()}
    lines = [f"[parties.{settings.role}]", *(f"{field} = {_json(value)}" for field, value in values.items())]
    if settings.policy is not None:
        lines += [f"\n[parties.{settings.role}.policy]", *_policy(settings.policy)]
    write_text(folder / CARD_NAME, "\n".join(lines) + "\n")


def read_card(path: Path, role: str) -> str:
    """The card's text, checked to be of the party with this role. ContractError otherwise."""
    text = read_text(path)
    parse_card(text, role, str(path))
    return text.strip()


def parse_card(text: str, role: str, source: str) -> Party:
    """What a card says. ContractError when it is not the card of a party with this role."""
    refused = ContractError(f"not the card of a {role}", where=source,
                            todo=f"use the {CARD_NAME} that the {role}'s `cleanroom init` made")
    try:
        document = tomllib.loads(text)
        if set(document) != {"parties"} or set(document["parties"]) != {role}:
            raise refused
        party = Party.model_validate(document["parties"][role])
        check_certificate(decode_base64(party.certificate, "certificate"), "certificate")
    except (tomllib.TOMLDecodeError, ValidationError, ContractError, TypeError, ValueError):
        raise refused from None
    return party


def _policy(policy: Policy) -> list[str]:
    return [f"{name} = {_json(value)}" for name, value in policy.model_dump(mode="json", exclude_none=True).items()]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # texts, whole numbers and lists of them are TOML as well
