"""Nothing a user can type or set is undocumented, and nothing the documents point at is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

import cleanroom.cli.main as command
from cleanroom.adapters import party
from cleanroom.adapters.layout import LAYOUTS
from cleanroom.contract import model
from cleanroom.contract.keys import KEY_TYPES, KEYS_OF

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
EVERYTHING = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """(path, command) of every command that does something."""
    for name, child in group.commands.items():
        if hasattr(child, "commands"):
            yield from commands(child, (*path, name))
        else:
            yield " ".join((*path, name)), child


COMMANDS = dict(commands(typer.main.get_command(command.application())))


def test_the_walk_finds_the_commands() -> None:
    assert {"match", "contract sign", "audit verify"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    assert f"cleanroom {name}" in EVERYTHING


@pytest.mark.parametrize(("name", "option"), [
    (name, option) for name, found in COMMANDS.items() for parameter in found.params
    for option in parameter.opts if option.startswith("--") and option != "--help"])
def test_every_option_is_documented_with_its_command(name: str, option: str) -> None:
    about = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    assert any(f"cleanroom {name}" in text and re.search(rf"{option}(?![\w-])", text) for text in about)


def test_every_command_of_the_documents_exists() -> None:
    words = re.findall(r"`cleanroom ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*)\b(?![:/.]))?", EVERYTHING)
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    for first, second in words:
        assert f"{first} {second}" in COMMANDS if first in groups and second else first in {*COMMANDS, *groups}


def settings(section: str, fields: type[BaseModel]) -> list[str]:
    return [f"{section}.{name}" for name in fields.model_fields]


CONTRACT_SECTIONS = {"match": model.Match, "campaign": model.Campaign, "calendar": model.Calendar,
                     "purchases": model.Purchases, "consent": model.Consent, "disclosure": model.Disclosure}
CONTRACT_LISTS = {"parties": model.Party, "dimensions": model.Dimension, "statistics": model.Statistic,
                  "releases": model.Release}
CONTRACT_TEXT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", [
    *(name for name in model.Contract.model_fields if name not in {*CONTRACT_SECTIONS, "parties"}),
    *(setting for section, fields in CONTRACT_SECTIONS.items() for setting in settings(section, fields))])
def test_every_setting_of_a_contract_is_documented(setting: str) -> None:
    assert f"`{setting}`" in CONTRACT_TEXT


@pytest.mark.parametrize(("table", "setting"), [
    (table, name) for table, fields in CONTRACT_LISTS.items() for name in fields.model_fields])
def test_every_setting_of_a_contracts_tables_is_documented_in_its_row(table: str, setting: str) -> None:
    row = next(line for line in CONTRACT_TEXT.splitlines() if line.startswith(f"| `{table}"))
    assert f"`{setting}`" in row


def test_every_section_of_the_model_is_covered_here() -> None:
    made = {name for name, found in vars(model).items() if isinstance(found, type) and issubclass(found, BaseModel)
            and found.__module__ == model.__name__}
    covered = {found.__name__ for found in (*CONTRACT_SECTIONS.values(), *CONTRACT_LISTS.values())}
    assert made - covered - {"_Document", "BaseModel"} == {"Contract", "Parties", "Signature", "Lookbacks"}


@pytest.mark.parametrize("setting", [
    *settings("party", party.PartySection), *settings("node", party.NodeSection), *settings("keys", party.KeysSection),
    *settings("data.<table>", party.TableSource), *settings("databases.<name>", party.DatabaseSection)])
def test_every_setting_of_a_party_is_documented(setting: str) -> None:
    assert f"`{setting}`" in (ROOT / "docs" / "party.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("table", "column"), sorted({
    (table, column) for layouts in LAYOUTS.values() for table, layout in layouts.items()
    for column in layout.required}))
def test_every_required_column_is_documented(table: str, column: str) -> None:
    rows = [line for line in (ROOT / "docs" / "party.md").read_text(encoding="utf-8").splitlines()
            if f"`{table}`" in line]
    assert any(f"`{column}`" in row for row in rows)


REFERENCES = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", EVERYTHING)))


@pytest.mark.parametrize(("file", "test"), REFERENCES)
def test_every_test_the_documents_name_exists(file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert test in found if test else any(name.startswith("test_") for name in found)


def test_the_threat_table_names_a_test_in_every_row() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    part = text.split("## Threats, controls, tests")[1].split("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert [row for row in rows if "`tests/" not in row] == []


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`(cleanroom/[\w/]+\.py)`", EVERYTHING))))
def test_every_source_file_the_documents_name_exists(file: str) -> None:
    assert (ROOT / file).is_file()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("name", [*KEYS_OF, *KEY_TYPES, "match.keys", "match.normalisation", "match.shared_values"])
def test_every_profile_and_key_type_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
