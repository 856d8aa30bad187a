"""`cleanroom synth`, and the commands that follow it."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from cleanroom.adapters.card import CARD_NAME
from cleanroom.adapters.contract_files import load_contracts
from cleanroom.cli import synth
from cleanroom.cli.contract import make_contract, sign_file
from cleanroom.cli.init import create_party
from cleanroom.contract.check import ROLES
from cleanroom.contract.sign import verify_signatures
from cleanroom.errors import UsageError

app = typer.Typer()
app.callback()(lambda: None)
synth.register(app)


def call(*words):
    return CliRunner().invoke(app, ["synth", *map(str, words)])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synth") / "out"
    result = call(folder, "--rows", 500, "--seed", 7, "--overlap", 0.4, "--keys", "loyalty, email", "--lift", 0.2)
    assert result.exit_code == 0
    assert result.stdout == f"{folder}\n"
    assert "500 people on each side, 200 on both" in result.stderr
    return folder


def test_options_reach_the_data(out):
    parameters = json.loads((out / "truth.json").read_text())["parameters"]
    assert parameters == {"rows": 500, "seed": 7, "overlap": 0.4, "keys": ["loyalty", "email"], "lift": 0.2,
                          "conversion": 0.25, "exposed": 0.5, "refused": 0.08, "ropo": 0.3}


def test_both_parties_can_sign_the_terms(out):
    for role in ROLES:
        create_party(out / role)
    contract = out / "contract.toml"
    make_contract(contract, out / "terms.toml", {role: out / role / CARD_NAME for role in ROLES})
    assert [sign_file(out / role, contract) for role in (*ROLES, "advertiser")] == [False, True, True]
    for role in ROLES:
        found, errors = load_contracts(out / role)
        assert errors == []
        (agreed,) = found.values()
        verify_signatures(agreed)


@pytest.mark.parametrize(("words", "message"), [
    (["--rows", "50"], "--rows"), (["--rows", "500", "--keys", "email,name"], "'name' is not one of"),
    (["--rows", "500", "--overlap", "2"], "--overlap")])
def test_bad_options_leave_nothing(tmp_path, words, message):
    result = call(tmp_path / "out", *words)
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_rows_must_be_said(tmp_path):
    assert "--rows" in call(tmp_path / "out").stderr
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_cannot_be_run_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("cleanroom.adapters.synth.generate.obstacle", lambda *_: "too many rows for one sum")
    result = call(tmp_path / "out", "--rows", 100)
    assert result.exit_code == 0
    assert "cannot run a contract of this size: too many rows for one sum" in result.stderr
