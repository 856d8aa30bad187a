"""measurement.json against its published JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from report_kit import contract, document, everything

from cleanroom.measures.estimate import Unit
from cleanroom.report.document import DECIMALS, SCHEMA
from cleanroom.report.facts import Texts

PATH = Path(__file__).parents[2] / "docs" / "schema" / "measurement-1.schema.json"
PUBLISHED = json.loads(PATH.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(PUBLISHED)
TEXTS = {"fr": Texts({"R-05": "Retiré"}, (("Lignes", "Leur nombre."),), (("Unité", "Une personne."),))}


def test_the_schema_is_valid_and_of_this_version() -> None:
    Draft202012Validator.check_schema(PUBLISHED)
    assert PUBLISHED["properties"]["schema"]["const"] == SCHEMA


@pytest.mark.parametrize("changes", [
    {}, {"of": contract(assignment="randomised")}, {"suppressed": everything()},
    {"suppressed": (("control", "singles"),)}, {"role": "advertiser", "clipping": (), "translations": TEXTS},
    {"admitted": 0, "refused": (), "excluded": {}},
], ids=["full", "randomised", "suppressed", "part", "advertiser", "nobody"])
def test_every_document_follows_it(changes: Mapping[str, Any]) -> None:
    found = json.loads(json.dumps(document(**changes)))
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(found)] == []


@pytest.mark.parametrize("spoil", [
    lambda found: found.pop("evidence"), lambda found: found.update(extra=1),
    lambda found: found["results"][0].update(value="12"), lambda found: found["results"][0].update(unit="euros"),
    lambda found: found["released"][0]["groups"][0]["people"].update(value=1.5),
    lambda found: found["evidence"].update(audit_root="C0")],
    ids=["missing", "unknown", "text", "unit", "fraction", "hash"])
def test_what_does_not_follow_it_is_found(spoil: Any) -> None:
    found = json.loads(json.dumps(document()))
    spoil(found)
    assert not VALIDATOR.is_valid(found)


def test_every_unit_is_published() -> None:
    assert set(PUBLISHED["$defs"]["result"]["properties"]["unit"]["enum"]) == set(DECIMALS) == set(Unit.__args__)


def _properties(node: Any, path: str = "$") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(node, dict):
        for name, entry in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
            yield f"{path}.{name}", entry
        for name, value in node.items():
            yield from _properties(value, f"{path}.{name}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _properties(value, f"{path}[{index}]")


def test_every_field_is_described() -> None:
    silent = [path for path, entry in _properties(PUBLISHED)
              if not {"description", "$ref", "const"} & entry.keys()]
    assert silent == []
