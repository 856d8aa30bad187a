"""SQL that DuckDB runs over the party's files: keys stay texts, and it reaches nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from party_kit import write_party

from cleanroom.adapters.parts import part_count
from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import Terms, load_tables, read_tables
from cleanroom.adapters.sources import csv_file
from cleanroom.errors import DataError, SettingsError


def party(folder: Path, query: str, files: str = 'm = "data/m.csv"', extra: str = "") -> Path:
    """A retailer whose members come from a query; data/m.csv has their phones."""
    (folder / "data").mkdir()
    (folder / "data/m.csv").write_text('id,tel,note\n1,0612345678,b\n2,0698765432,\n')
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


BAD_LINES = {
    "two stray quotes": ('p7,"1\np8,2"\n', "a line is not one row of the table"),
    "a line that looks like a comment": ("# end\n", "line 42: a line is not one row"),
    "a NUL": ("p7,\x00\n", "line 42: the line holds a NUL byte"),
    "a lone carriage return": ("p7,1\rp8,2\n", "line 42: the line holds a carriage return without"),
}


@pytest.mark.parametrize("query", ["SELECT id AS person, tel AS phone FROM m",
                                   "SELECT max(id) AS person, '1' AS phone FROM m",
                                   "SELECT a.id AS person, b.tel AS phone FROM m a JOIN m b USING (id)"])
@pytest.mark.parametrize("name", BAD_LINES)
def test_a_csv_of_a_query_is_checked_as_one_that_is_a_table(tmp_path: Path, name: str, query: str) -> None:
    line, said = BAD_LINES[name]
    folder = party(tmp_path, query)
    people = "".join(f"p{number},06{number}\n" for number in range(40))
    (folder / "data/m.csv").write_text(f"id,tel\n{people}{line}{people.replace('p', 'q')}")
    found = refusal(folder)
    assert found.startswith("data/m.csv")
    assert said in found


def test_what_looks_like_a_comment_or_a_title_is_a_row(tmp_path: Path) -> None:
    folder = party(tmp_path, "SELECT id AS person, tel AS phone FROM m")
    (folder / "data/m.csv").write_text("id,tel\n#1,06\n#2,07\nNULL,\n# end,08\n")
    assert members(folder) == {"person": ["#1", "#2", "NULL", "# end"], "phone": ["06", "07", "", "08"]}
    (folder / "data/m.csv").write_text("export of 2026\n\nid,tel\n1,06\n")
    assert "the query failed (BinderException)" in refusal(folder)


def test_encoding_and_line_ends_in_quotes_are_said_as_for_a_table(tmp_path: Path) -> None:
    folder = party(tmp_path, "SELECT id AS person, note AS email FROM m",
                   extra='encoding = "utf-16"\nquoted_newlines = true')
    (folder / "data/m.csv").write_text('id,note\n1,"é\nb"\n', encoding="utf-16")
    assert members(folder) == {"person": ["1"], "email": ["é\nb"]}


def test_rows_keep_the_order_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "_CHUNK", 4096)
    folder = party(tmp_path, "SELECT id AS person, tel AS phone FROM m")
    ids = [str(number) for number in range(20_000)]
    (folder / "data/m.csv").write_text("id,tel\n" + "".join(f"{each},06{each}\n" for each in ids))
    assert members(folder)["person"] == ids


def test_two_columns_of_one_name_in_a_csv_of_a_query(tmp_path: Path) -> None:
    folder = party(tmp_path, "SELECT id AS person, tel AS phone FROM m")
    (folder / "data/m.csv").write_text("id,tel,tel\n1,06,07\n")
    assert refusal(folder).startswith("data/m.csv: two columns have one name")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_files_of_a_folder_have_one_header(tmp_path: Path, ending: str) -> None:
    folder = party(tmp_path, "SELECT id AS person, tel AS phone FROM m", 'm = "data/all/"')
    (folder / "data/all").mkdir()
    for name, columns in (("a", {"id": ["1"], "tel": ["06"]}), ("b", {"id": ["2"], "phone": ["07"]})):
        frame = pd.DataFrame(columns)
        write = frame.to_parquet if ending == "parquet" else frame.to_csv
        write(folder / f"data/all/{name}.{ending}", index=False)
    assert refusal(folder).startswith(f"data/all/b.{ending}: other columns than in the first file")


@pytest.mark.parametrize("ask", [members, lambda folder: part_count(load_party(folder), 10**9)],
                         ids=["read", "part_count"])
def test_a_cast_that_fails_among_the_last_rows_quotes_no_row(tmp_path: Path, ask: Callable[[Path], object]) -> None:
    """Past the first batch the driver's error is an OSError."""
    folder = party(tmp_path, "SELECT id AS person, tel::BIGINT AS phone FROM m", 'm = "data/m.parquet"')
    tel = [*(["06"] * 50_000), "SECRET@example.org"]
    pd.DataFrame({"id": range(len(tel)), "tel": tel}).to_parquet(folder / "data/m.parquet")
    with pytest.raises(DataError, match=r"query of m: the query failed \(") as caught:
        ask(folder)
    assert "SECRET" not in str(caught.value)


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
    ("files", 'format = "csv"\nfiles', "format has no effect on files"),
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
