"""SQL that DuckDB runs over the party's files: keys stay texts, and it reaches nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from party_kit import write_party

from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import Terms, load_tables, read_tables
from cleanroom.errors import DataError, SettingsError


def party(folder: Path, query: str, files: str = 'm = "data/m.csv"', extra: str = "") -> Path:
    """A retailer whose members come from a query; data/m.csv has their phones."""
    (folder / "data").mkdir()
    (folder / "data/m.csv").write_text('id,tel,note\n1,0612345678,"a\nb"\n2,0698765432,\n')
    write_party(folder, members="person,email\n1,a\n")
    path = folder / "party.toml"
    lines = f'query = """{query}"""\nfiles = {{ {files} }}\n{extra}'
    path.write_text(path.read_text().replace('file = "members.csv"', lines))
    return folder


def members(folder: Path) -> dict[str, list[str]]:
    return read_tables(load_party(folder), Terms("UTC")).members.to_dict("list")


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        members(folder)
    return str(caught.value)


def test_no_digit_of_a_key_is_lost(tmp_path: Path) -> None:
    found = members(party(tmp_path, "SELECT id AS person, tel AS phone FROM m ORDER BY id; "))
    assert found == {"person": ["1", "2"], "phone": ["0612345678", "0698765432"]}


def test_a_join_of_a_csv_file_a_folder_and_a_database(tmp_path: Path) -> None:
    query = """SELECT m.id AS person, lower(mail) AS email -- with a comment
               FROM m JOIN contacts USING (id) JOIN crm.cards ON cards.id = m.id::INT ORDER BY 1"""
    folder = party(tmp_path, query, 'm = "data/m.csv", contacts = "data/contacts/", crm = "data/crm.duckdb"')
    (folder / "data/contacts").mkdir()
    for person in (1, 2):
        frame = pd.DataFrame({"id": [str(person)], "mail": [f"P{person}@x.org"]})
        frame.to_parquet(folder / f"data/contacts/{person}.parquet")
    with duckdb.connect(str(folder / "data/crm.duckdb")) as connection:
        connection.execute("CREATE TABLE cards AS SELECT 1 AS id UNION SELECT 2")
    assert members(folder) == {"person": ["1", "2"], "email": ["p1@x.org", "p2@x.org"]}


def test_own_names_and_another_separator(tmp_path: Path) -> None:
    folder = party(tmp_path, "SELECT id, tel FROM m", extra='delimiter = ";"\ncolumns = {person = "id", phone = "tel"}')
    (folder / "data/m.csv").write_text("id;tel\n1;06\n")
    assert members(folder) == {"person": ["1"], "phone": ["06"]}


@pytest.mark.parametrize("query", [
    "SELECT * FROM 'other.csv'", "SELECT * FROM read_csv('{folder}/other.csv')", "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_text('/etc/hostname')", "COPY (SELECT 1 AS person) TO '{folder}/out.csv'",
    "INSTALL httpfs", "ATTACH '{folder}/new.duckdb'", "SET enable_external_access = true",
    "SELECT 1 AS person; SELECT 2 AS person", "CREATE TABLE m2 AS SELECT 1", "SELECT * FROM secret_frame",
    "SELECT person FROM m", "SELECT tel::DATE AS person, tel AS phone FROM m",
])
def test_a_query_reaches_its_files_only_and_only_selects(tmp_path: Path, query: str) -> None:
    secret_frame = pd.DataFrame({"person": ["1"], "email": ["a"]})
    assert len(secret_frame) == 1  # a Python object in reach of a careless engine
    folder = party(tmp_path, query.format(folder=tmp_path))
    (folder / "other.csv").write_text("person,email\n1,a\n")
    before = sorted(folder.rglob("*"))
    found = refusal(folder)
    assert found.startswith("query of m: the query failed (")
    assert "0612345678" not in found
    assert sorted(folder.rglob("*")) == before


def test_a_query_beyond_the_memory_is_refused_and_nothing_is_spilled(tmp_path: Path) -> None:
    folder = party(tmp_path, "SELECT i || repeat('x', 100) AS person, 'a' AS email FROM range(3000000) t(i) ORDER BY 1",
                   extra='[limits]\nmemory = "20 MB"')
    assert "OutOfMemory" in refusal(folder)
    assert not list(folder.rglob("*.tmp"))


def test_an_error_names_the_row_of_the_answer(tmp_path: Path) -> None:
    assert refusal(party(tmp_path, "SELECT '7' AS person, tel AS phone FROM m")).startswith(
        "query of m, row 2, field person: this person already has a row")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(party(tmp_path, "FROM m", 'm = "data/no.csv"')).startswith("data/no.csv: no such file")


@pytest.mark.parametrize(("old", "new", "said"), [
    ("files", "file = \"x.csv\"\nfiles", "needs one of file, files and database"),
    ('query = """FROM m"""', "", "a DuckDB file and files need a query"),
    ('"data/m.csv"', '"../m.csv"', "must be a path inside"),
    ('"data/m.csv"', '"data/m.txt"', "files must end in .csv"),
    ("m =", "'m x' =", "data.members.files"),
    ("files", 'encoding = "utf-16"\nfiles', "encoding has no effect on files"),
])
def test_refused_settings(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = party(tmp_path, "FROM m") / "party.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SettingsError, match=said):
        load_party(tmp_path)


def test_the_age_of_a_suppression_list_is_that_of_its_oldest_file(tmp_path: Path) -> None:
    import os
    from datetime import UTC, datetime

    from consent_kit import CONTRACT

    folder = write_party(tmp_path, "advertiser", suppressions="person\n9\n")
    (folder / "more.csv").write_text("person\n8\n")
    path = folder / "party.toml"
    path.write_text(path.read_text().replace('file = "suppressions.csv"', 'query = "FROM a UNION ALL FROM b"\nfiles = '
                                             '{ a = "suppressions.csv", b = "more.csv" }'))
    assert load_tables(load_party(folder), CONTRACT, datetime.now(UTC)).counts()["suppressions"] == 2
    os.utime(folder / "more.csv", (0, 0))
    with pytest.raises(DataError, match="X-01"):
        load_tables(load_party(folder), CONTRACT, datetime.now(UTC))
