"""party.toml: defaults, mapping, and errors that name the line or the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from party_kit import write_party

from cleanroom import limits
from cleanroom.adapters.demo_settings import party_files
from cleanroom.adapters.party import load_party
from cleanroom.errors import SettingsError

PARTIES = Path(__file__).parents[2] / "parties"


def test_defaults_come_from_the_limits(tmp_path):
    settings = load_party(write_party(tmp_path))
    assert settings.role == "retailer"
    assert settings.key_directory == tmp_path / "keys"
    assert settings.node.workers == 0
    assert settings.node.connect_timeout == limits.CONNECT_TIMEOUT
    assert settings.node.peer_silence == limits.PEER_SILENCE
    assert settings.node.run_limit == limits.RUN_LIMIT
    assert settings.data["members"].file == "members.csv"
    assert (settings.node.answer, settings.node.daily, settings.node.runs, settings.node.queue) == (
        "at once", None, limits.RUNS_AT_ONCE, limits.QUEUED_RUNS)
    assert settings.node.attempts_per_hour == limits.ATTEMPTS_PER_HOUR
    assert settings.node.wait_limit == limits.WAIT_LIMIT


def test_own_column_names_and_format(tmp_path):
    settings = load_party(write_party(tmp_path, settings={
        "members": 'format = "parquet"\ncolumns = { person = "id" }'}))
    members = settings.data["members"]
    assert (members.own("person"), members.own("email"), members.kind) == ("id", "email", "parquet")
    assert settings.data["purchases"].kind == "csv"


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_the_parties_of_the_repository_are_the_demonstration(role):
    assert (PARTIES / role / "party.toml").read_text(encoding="utf-8") == party_files()[role]
    assert load_party(PARTIES / role).role == role


def test_settings_cannot_be_changed(tmp_path):
    with pytest.raises(ValueError, match="frozen"):
        load_party(write_party(tmp_path)).party.role = "advertiser"


def refusal(folder: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load_party(folder)
    return str(caught.value)


def test_a_missing_file(tmp_path):
    assert refusal(tmp_path).startswith("party.toml: there is no readable party.toml")


@pytest.mark.parametrize(("text", "place"), [
    (b'[party]\nrole = "retailer\n', "line 2"), (b"[party]\n\nname ==\n", "line 3"), (b"[party", "party.toml, at"),
    (b'[party]\nname = "\xff"\n', "line 2: not UTF-8"), (b"#" * 70_000, "larger than 65536 bytes"),
])
def test_broken_files_are_placed(tmp_path, text, place):
    (tmp_path / "party.toml").write_bytes(text)
    assert place in refusal(tmp_path)


@pytest.mark.parametrize(("old", "new", "message"), [
    ('role = "retailer"', 'role = "broker"', "party.toml, party.role: must be 'advertiser' or 'retailer'"),
    ('name = "Shop"\n', "", "party.toml, party.name: this key is missing — add it"),
    ('name = "Shop"', "name = 12", "party.toml, party.name: must be a text — put it between quotes"),
    ('name = "Shop"', 'name = "Shop"\ncolour = "red"', "party.toml, party.colour: unknown key — remove it"),
    ("[node]", '[node]\nworkers = "4"', "party.toml, node.workers: must be a whole number"),
    ("[node]", "[node]\nworkers = -1", "party.toml, node.workers: must be greater"),
    ("[node]", "[node]\npeer_silence = 0", "party.toml, node.peer_silence: must be greater"),
    ("[node]", "[node]\npeer_silence = 5", "party.toml, node.peer_silence: must be at least 6 s: a peer that is there"),
    ("[node]", '[node]\nanswer = "maybe"', "party.toml, node.answer: must be 'at once' or 'approval'"),
    ("[node]", '[node]\nhours = "8-18 Europe/Paris"', "party.toml, node.hours: must be HH:MM-HH:MM and a time zone"),
    ("[node]", '[node]\nhours = "08:00-18:00 Mars/Base"', "party.toml, node.hours: unknown time zone"),
    ("[node]", "[node]\nqueue = 0", "party.toml, node.queue: must be greater"),
    ("[node]", "[node]\nattempts_per_hour = 0", "party.toml, node.attempts_per_hour: must be greater"),
    ("127.0.0.1:7101", "127.0.0.1", "party.toml, node.listen: must be host:port"),
    ("127.0.0.1:7101", "127.0.0.1:70000", "party.toml, node.listen: must be host:port"),
    ("127.0.0.1:7102", "ho st:7102", "party.toml, node.peer: must be host:port"),
    ("[node]", "[sounds]\n[node]", "party.toml, sounds: unknown key"),
    ("[data.members]", "[data.people]", "party.toml: [data.members] is missing"),
    ("[data.members]", '[data.people]\nfile = "x.csv"\n[data.members]', "[data.people] is not a table of the retailer"),
    ('"members.csv"', '"/etc/members.csv"', "party.toml, data.members.file: must be a path inside"),
    ('"members.csv"', '"../members.csv"', "party.toml, data.members.file: must be a path inside"),
    ('"members.csv"', '"members.xlsx"', "party.toml, data.members: must end in .csv, .parquet, .duckdb or /"),
    ('"members.csv"', '"members.csv"\ncolumns = { name = "x" }', "data.members.columns.name is not a column"),
    ('"members.csv"', '"members.csv"\ncolumns = { person = "x", email = "x" }', "maps two columns to the same"),
    ('"members.csv"', '"members.csv"\ntime_zone = "UTC"', "data.members.time_zone has no effect"),
    ('"purchases.csv"', '"purchases.csv"\ntime_zone = "Mars/Base"', "data.purchases.time_zone: unknown time zone"),
    ('"members.csv"', '"members.csv"\ndelimiter = "x"', "party.toml, data.members.delimiter"),
    ("\n[party]", 'folder = "x"\n[party]', "party.toml, folder: unknown key"),
    ("\n[party]", 'party = 3\n[other]', "party.toml, party: must be a table"),
])
def test_bad_settings_are_named(tmp_path, old, new, message):
    path = write_party(tmp_path) / "party.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert message in refusal(tmp_path)


def test_all_problems_are_counted(tmp_path):
    path = write_party(tmp_path) / "party.toml"
    path.write_text(path.read_text().replace('name = "Shop"', "name = 1").replace("[node]", "[node]\nx = 1"))
    assert "(and 1 more)" in refusal(tmp_path)
