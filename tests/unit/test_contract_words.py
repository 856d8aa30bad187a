"""`contract new`, `show` and `diff` at the command line, and contract texts that cannot be read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from contract_kit import NAMES, as_toml, contract, document, party, signed
from typer.testing import CliRunner

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.demo_settings import demo_terms, demo_terms_text
from cleanroom.cli.main import application
from cleanroom.cli.show_contract import contract_text
from cleanroom.contract.legal_lines import LINES, legal_toml
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import parse_contract
from cleanroom.errors import ContractError
from cleanroom.rules import rule


def flat(value: object, path: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        return {path: value}
    return {key: item for name, part in value.items()
            for key, item in flat(part, f"{path}.{name}" if path else name).items()}


LEGAL = flat(demo_terms()["legal"])


def without_legal() -> str:
    text = demo_terms_text()
    return text[:text.index("[legal]")] + text[text.index("[disclosure]"):]


@pytest.fixture
def cards(tmp_path: Path) -> list[str]:
    (tmp_path / "terms.toml").write_text(without_legal(), encoding="utf-8")
    options = ["--terms", str(tmp_path / "terms.toml")]
    for role in NAMES:
        lines = [f'{name} = "{value}"' for name, value in party(role).items()]
        (tmp_path / f"{role}.toml").write_text("\n".join([f"[parties.{role}]", *lines]) + "\n", encoding="utf-8")
        options += [f"--{role}", str(tmp_path / f"{role}.toml")]
    return options


def typed(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "no"
    return " ".join(value) if isinstance(value, list) else str(value)


ANSWERS = [typed(LEGAL[line.path]) for line in LINES]


def test_every_legal_setting_has_its_line_and_its_rule() -> None:
    assert sorted(LEGAL) == sorted(line.path for line in LINES)
    assert all(rule(line.rule).where == "contract" for line in LINES)


def test_new_asks_for_every_legal_piece_and_writes_them_with_comments(tmp_path: Path, cards: list[str]) -> None:
    file = tmp_path / "contract.toml"
    result = CliRunner().invoke(application(), ["contract", "new", str(file), *cards], input="\n".join(ANSWERS) + "\n")
    assert result.exception is None
    assert read_contract(file).legal == contract().legal
    text = file.read_text(encoding="utf-8")
    for line in LINES:
        assert f"# {line.english} ({line.rule})\n{line.key} = " in text


def test_an_answer_of_the_wrong_form_is_asked_again(tmp_path: Path, cards: list[str]) -> None:
    wrong = {"role_model": "friends", "arrangement_sha256": "12ab", "parties.retailer.country": "France",
             "proof.delay_days": "ten", "dpia.completed": "2025-02-30", "proof.available": "perhaps"}
    answers = [text for line, right in zip(LINES, ANSWERS, strict=True) for text in
               ([wrong[line.path], right] if line.path in wrong else [right])]
    file = tmp_path / "contract.toml"
    result = CliRunner().invoke(application(), ["contract", "new", str(file), *cards], input="\n".join(answers) + "\n")
    assert read_contract(file).legal == contract().legal
    assert result.stderr.count("réponse inutilisable") == len(wrong)


def test_the_legal_part_can_come_from_a_file(tmp_path: Path, cards: list[str]) -> None:
    text = demo_terms_text()
    (tmp_path / "legal.toml").write_text(text[text.index("[legal]"):text.index("[disclosure]")], encoding="utf-8")
    file = tmp_path / "contract.toml"
    result = CliRunner().invoke(application(), ["contract", "new", str(file), *cards, "--legal",
                                                str(tmp_path / "legal.toml")])
    assert result.exception is None
    assert read_contract(file).legal == contract().legal


def test_answers_that_break_a_rule_write_nothing(tmp_path: Path, cards: list[str]) -> None:
    late = [line.path for line in LINES].index("proof.delay_days")
    answers = "\n".join([*ANSWERS[:late], "99", *ANSWERS[late + 1:], ""])
    result = CliRunner().invoke(application(), ["contract", "new", str(tmp_path / "c.toml"), *cards], input=answers)
    assert isinstance(result.exception, ContractError)
    assert "C-04" in str(result.exception)
    assert not (tmp_path / "c.toml").exists()


def test_quotes_and_backslashes_survive_the_writing() -> None:
    values = {line.path: () if line.kind == "words" else 1 if line.kind == "number" else 'a "b" \\ c' for line in LINES}
    values |= {line.path: "" for line in LINES if line.kind == "day"}
    assert flat(tomllib.loads(legal_toml(values))["legal"])["dpia.ref"] == 'a "b" \\ c'


@pytest.mark.parametrize(("language", "says"), [
    ("en", ["Advertiser: Prairie Foods Advertising", "Signed by: Advertiser, Retailer", "at least 50 matched people",
            "Impact assessment: reference: DPIA-2025-07", "kept    C-01", "joint controllers",
            "at most 60,000 a person"]),
    ("fr", ["Annonceur : Prairie Foods Advertising", "Signé par : Annonceur, Distributeur", "au moins 50 personnes",
            "Analyse d'impact : référence : DPIA-2025-07", "respectée  C-01", "responsables conjoints", "base légale : "
            "consentement"])])
def test_show_prints_every_part_in_both_languages(language: str, says: list[str]) -> None:
    text = contract_text(signed(), language)
    assert [part for part in says if part not in text] == []
    assert [line.path for line in LINES if (line.french if language == "fr" else line.english) not in text] == []
    assert "{" not in text


def test_show_names_broken_rules_and_policies_that_win() -> None:
    agreed = contract({"legal.dpia.ref": "", "parties.retailer.policy": {"threshold": 70}})
    assert "BROKEN  C-06" in contract_text(agreed, "en")
    assert "ENFREINTE  C-06" in contract_text(agreed, "fr")
    assert "disclosure.threshold is 70 by the policy of the retailer, in place of 50" in contract_text(agreed, "en")
    assert "disclosure.threshold vaut 70 selon la politique du distributeur" in contract_text(agreed, "fr")


def test_diff_prints_words(tmp_path: Path, cards: list[str]) -> None:
    files = [str(tmp_path / f"{number}.toml") for number in (50, 45)]
    for number, file in zip((50, 45), files, strict=True):
        text = demo_terms_text().replace("threshold = 50 ", f"threshold = {number} ")
        (tmp_path / "terms.toml").write_text(text, encoding="utf-8")
        assert CliRunner().invoke(application(), ["contract", "new", file, *cards]).exception is None
    result = CliRunner().invoke(application(), ["contract", "diff", *files, "--lang", "fr"])
    assert result.stdout == "disclosure.threshold passe de 50 à 45 — protège moins les personnes\n"


@pytest.mark.parametrize(("text", "says"), [
    ("a." * 40_000 + "b = 1", "nested too deeply"), ("x = " + "[" * 40_000, "nested too deeply"),
    ('x = """a"""', "texts over several lines"), ("x = '''a'''", "texts over several lines"),
    ("x = " + "9" * 5000, "not valid TOML"), ("x = \x1b[31m", "not valid TOML"),
    ("x" * 300_000, "larger than 262144 bytes"),
    ('"\\u001b[31m\\u202e" = 1\n' + as_toml(document()), r"\[31m: unknown setting")])
def test_a_text_that_cannot_be_read_is_one_printable_line(text: str, says: str) -> None:
    with pytest.raises(ContractError, match=says) as caught:
        parse_contract(text, "contract.toml")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("hidden", ["\x9b", "\x7f", "\u202e", "\u2066", "\u2028"])
@pytest.mark.parametrize("setting", ["title", "legal.dpia.ref", "parties.retailer.name", "legal.record.purposes"])
def test_characters_that_would_deceive_a_reader_are_refused(setting: str, hidden: str) -> None:
    with pytest.raises(ValueError, match=setting):
        Contract.model_validate(document({setting: f"plain{hidden}text"}))


