"""`cleanroom plan`: from a draft contract alone, and with both parties' folders."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent.parent / "protocol"))

from kit import party

from cleanroom.cli.main import application
from cleanroom.contract.check import ROLES
from cleanroom.errors import UsageError


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "contract.toml"
    terms = files("cleanroom.adapters").joinpath("demo_terms.toml").read_text("utf-8")
    parties = (f"[parties.{role}]\n" + "".join(f"{name} = {json.dumps(text)}\n" for name, text in party(role).items())
               for role in ROLES)
    path.write_text("\n".join([terms, *parties]), encoding="utf-8")
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(application(), ["plan", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_the_document_answers_every_question(draft: Path) -> None:
    found = json.loads(run(draft, "--json", "--advertiser-people", 4000, "--retailer-people", 5000))
    assert found["assumed"]["matched"] == 2000
    assert found["privacy"]["run"] == {"epsilon": "4", "delta": "0.000002"}
    assert found["privacy"]["runs_allowed"] == 2
    assert found["run"]["padding"] == {"most_per_cell_and_pattern": 50, "dummies": 400, "advertiser_rows": 4200,
                                       "retailer_rows": 5425}
    assert len(found["groups"]) == 10
    assert all(0 <= group["suppressed"] <= 1 for group in found["groups"])
    named = [item for item in found["precision"] if item["name"] == "conversion_difference"]
    assert all(item["detectable"] > item["half"] > item["noise"] > 0 for item in named)
    assert found["run"]["seconds"] == pytest.approx(sum(stage["seconds"] for stage in found["run"]["stages"]))


def test_the_table_is_for_people(draft: Path) -> None:
    text = run(draft)
    assert "one run spends ε 4" in text
    assert "pays for 2 runs" in text
    assert "Whole run" in text
    assert "░" in text


def test_fewer_people_mean_wider_intervals(draft: Path) -> None:
    many, few = (json.loads(run(draft, "--json", "--advertiser-people", n))["precision"] for n in (5000, 2000))
    assert all(b["half"] > a["half"] for a, b in zip(many, few, strict=True)
               if a["name"] == "sales_per_person" and a["half"] and b["half"])


@pytest.mark.parametrize(("language", "words"), [("en", "How precise the answers will be"),
                                                 ("fr", "Quelle précision attendre")])
def test_the_page_holds_what_the_table_says(draft: Path, tmp_path: Path, language: str, words: str) -> None:
    page, said = tmp_path / "plan.html", json.loads(run(draft, "--json", "--html", tmp_path / "plan.html", "--lang",
                                                        language))
    text = page.read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in text
    assert words in text
    assert text.count('<svg class="chart"') == 5
    assert "NaN" not in text
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert said["contract"]["title"] in text


def test_a_page_never_replaces_a_file(draft: Path, tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    page.write_text("mine")
    result = CliRunner().invoke(application(), ["plan", str(draft), "--html", str(page)])
    assert isinstance(result.exception, UsageError)
    assert page.read_text() == "mine"
