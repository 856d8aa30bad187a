"""Rules about files: R-13 and X-01, and consents from a SQL query."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import duckdb
import pandas as pd
import pytest
from consent_kit import contract
from party_kit import SHARED, write_party

from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import load_tables
from cleanroom.consent.files import check_fresh
from cleanroom.errors import DataError, SettingsError

NOW = datetime.now(UTC)
COLUMNS = {"members": ["person", "email"],
           "purchases": ["person", "day", "basket", "amount", "quantity", "category"]}
TERMS = contract(columns=COLUMNS)


def load(folder, now=None):
    """As of the present moment: the suite may have been running for a while since NOW."""
    return load_tables(load_party(folder), TERMS, now or datetime.now(UTC))


def test_files_with_the_allowed_columns_are_read(tmp_path):
    assert load(write_party(tmp_path)).counts()["members"] == 2


@pytest.mark.parametrize(("table", "content"), [
    ("members", "person,email,income\n1,a@example.org,5\n"), ("suppressions", "person,reason\n"),
    ("consents", SHARED["consents"].replace("recipients\n", "recipients,mood\n").replace("Shop\n", "Shop,good\n"))])
def test_r13_a_file_with_another_column_is_refused(tmp_path, table, content):
    with pytest.raises(DataError, match="R-13"):
        load(write_party(tmp_path, **{table: content}))


def test_r13_looks_at_product_names(tmp_path):
    folder = write_party(tmp_path, members="person,mail\n1,a@example.org\n",
                         settings={"members": 'columns = { email = "mail" }'})
    assert len(load(folder).members) == 1


@pytest.mark.parametrize(("hours", "fine"), [(0, True), (23.9, True), (24.1, False), (-1, False)])
def test_x01_the_time_of_the_file(tmp_path, hours, fine):
    folder = write_party(tmp_path)
    written = (NOW - timedelta(hours=hours)).timestamp()
    os.utime(folder / "suppressions.csv", (written, written))
    if fine:
        load(folder, NOW)
    else:
        with pytest.raises(DataError, match="X-01"):
            load(folder, NOW)


@pytest.mark.parametrize(("as_of", "message"), [
    (NOW - timedelta(hours=1), ""), (NOW - timedelta(hours=25), "25 hours old"),
    ("2026-01-01T00:00:00", "cannot be read"), ("", "cannot be read")])
def test_x01_a_copied_list_keeps_its_time(tmp_path, as_of, message):
    text = as_of if isinstance(as_of, str) else as_of.isoformat(timespec="seconds")
    folder = write_party(tmp_path, suppressions=f"person,as_of\n9,{text}\n")
    if not message:
        assert list(load(folder).suppressions["person"]) == ["9"]
        return
    with pytest.raises(DataError, match=message):
        load(folder)


def test_x01_the_limit_is_inclusive():
    check_fresh(NOW - timedelta(hours=24), NOW, "list")


def database(folder, query, **settings):
    """A party whose consents come from a query."""
    with duckdb.connect(str(folder / "crm.duckdb")) as connection:
        frame = pd.DataFrame({"id": [1, 2], "said": ["given", "refused"], "member": [1, 2],
                              "said_at": pd.to_datetime(["2024-05-01T10:00:00Z"] * 2), "born": [1980, 1990]})
        connection.register("given", frame)
        connection.execute("CREATE TABLE choices AS SELECT * FROM given")
    write_party(folder)
    (folder / "consents.csv").unlink()
    path = folder / "party.toml"
    settings = f'file = "crm.duckdb"\nquery = """{query}"""'
    path.write_text(path.read_text("utf-8").replace('file = "consents.csv"', settings))
    return folder


QUERY = """SELECT id AS record_id, member AS person, 'exposure_to_purchase_measurement' AS purpose,
'consent' AS legal_basis, said AS status, said_at AS event_time, 'account' AS scope, 'Brand' AS recipients,
born AS birth_year, true AS precise_location FROM choices ORDER BY id"""


def test_consents_from_a_query(tmp_path):
    consents = load(database(tmp_path, QUERY)).consents
    assert consents["status"].tolist() == ["given", "refused"]
    assert consents["birth_year"].tolist() == ["1980", "1990"]
    assert consents["precise_location"].tolist() == ["true", "true"]
    assert consents["event_time"].iloc[0].startswith("2024-05-01 10:00:00")
    assert consents["event_time"].iloc[0].endswith("Z")


@pytest.mark.parametrize("query", [
    "SELECT nothing", "SELECT * FROM read_csv('members.csv')", "DELETE FROM choices", "SELECT * FROM missing"])
def test_a_query_that_fails_or_reaches_further_is_refused(tmp_path, query):
    with pytest.raises(DataError, match="query failed"):
        load(database(tmp_path, query))


def test_a_query_column_that_is_not_allowed(tmp_path):
    with pytest.raises(DataError, match="R-13"):
        load(database(tmp_path, QUERY.replace(", true AS", ", 1 AS mood, true AS")))


@pytest.mark.parametrize("extra", ['query = "SELECT 1"', 'format = "duckdb"'])
def test_a_query_belongs_to_a_duckdb_file(tmp_path, extra):
    folder = write_party(tmp_path, settings={"consents": extra})
    with pytest.raises(SettingsError, match="query"):
        load_party(folder)


def test_an_error_in_a_repeated_column_names_its_row(tmp_path):
    lines = SHARED["consents"].splitlines()
    folder = write_party(tmp_path, consents="\n".join([*lines, lines[1], lines[1].replace(",a,", ",,")]) + "\n")
    with pytest.raises(DataError, match="line 4"):
        load(folder)
