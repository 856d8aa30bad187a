"""Whole files: typed tables out of CSV and Parquet, and files that are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from consent_kit import CONTRACT
from party_kit import CONSENTS, write_party

from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import Terms, load_tables, read_tables
from cleanroom.consent.events import REQUIRED_COLUMNS
from cleanroom.errors import DataError

COLUMNS = "person,day,basket,amount,quantity,category\n"


def read(folder):
    return read_tables(load_party(folder), Terms("Europe/Paris"))


def refusal(folder):
    with pytest.raises(DataError) as caught:
        read(folder)
    return str(caught.value)


def test_the_advertisers_tables(tmp_path):
    tables = load_tables(load_party(write_party(tmp_path, "advertiser")), CONTRACT, datetime.now(UTC))
    assert tables.counts() == {"people": 2, "exposures": 1, "arms": 2, "consents": 1, "suppressions": 0}
    assert list(tables.people.columns) == ["person", "email", "segment"]
    assert tables.exposures.to_dict("records") == [
        {"person": "a", "channel": "email", "campaign": "spring", "day": pd.Timestamp("2025-03-02")}]
    assert tables.arms["day"].dtype == np.dtype("datetime64[ns]")


def test_the_retailers_tables(tmp_path):
    purchases = read(write_party(tmp_path)).purchases
    assert purchases.to_dict("records") == [{"person": "1", "day": pd.Timestamp("2025-03-22"), "basket": "x",
                                             "amount_cents": 1234, "quantity": 2, "category": "dairy"}]
    assert purchases["day"].dtype == np.dtype("datetime64[ns]")
    assert purchases["amount_cents"].dtype == purchases["quantity"].dtype == np.dtype("int64")


def test_csv_and_parquet_give_the_same_frames(tmp_path):
    frame = pd.DataFrame({"person": [1, 2], "day": [date(2025, 3, 22), date(2025, 3, 23)], "basket": [7, 8],
                          "amount": [0.1, 19.99], "quantity": [1, 0], "category": ["dairy", "meat"]})
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    from_csv = read(write_party(one, purchases=frame.to_csv(index=False))).purchases
    from_parquet = read(write_party(two, purchases=frame)).purchases
    pd.testing.assert_frame_equal(from_csv, from_parquet)


@pytest.mark.parametrize("content", [
    "\ufeffperson,email\n1,a@b.de\n2,\n", "person,email\r\n1,a@b.de\r\n2,\r\n", 'person,email\n"1","a@b.de"\n2,""',
    "email,other,person\na@b.de,ignored,1\n, ignored ,  2 \n",
])
def test_csv_dialects(tmp_path, content):
    members = read(write_party(tmp_path, members=content)).members
    assert members.to_dict("list") == {"person": ["1", "2"], "email": ["a@b.de", ""]}


def test_own_names_and_delimiter(tmp_path):
    folder = write_party(tmp_path, members="id;mail\n1;a@b.de\n", settings={
        "members": 'delimiter = ";"\ncolumns = { person = "id", email = "mail" }'})
    assert read(folder).members.to_dict("list") == {"person": ["1"], "email": ["a@b.de"]}


def test_raw_keys_keep_their_disorder(tmp_path):
    assert read(write_party(tmp_path, members="person,email\n1, A@B.de \n")).members["email"][0] == " A@B.de "


def test_parquet_texts_may_be_dictionaries_and_nulls(tmp_path):
    frame = pd.DataFrame({"person": ["1", "2"], "email": pd.Categorical(["a@b.de", None])})
    assert read(write_party(tmp_path, members=frame)).members["email"].tolist() == ["a@b.de", ""]


def test_an_optional_consent_column_is_found_without_mapping(tmp_path):
    line = "r,1,p,consent,given,2024-05-01T10:00:00Z,account,Brand,"
    head = CONSENTS.strip() + ",objection_general_at\n"
    consents = read(write_party(tmp_path, consents=head + line + "2024-01-01\n")).consents
    assert consents["objection_general_at"].tolist() == ["2024-01-01"]


def test_consents_are_not_judged_by_the_reader(tmp_path):
    consents = read(write_party(tmp_path, consents=CONSENTS + ",1,,?,?,soon,,\n")).consents
    assert consents["event_time"].tolist() == ["soon"]


def test_parquet_consent_times_keep_their_zone(tmp_path):
    row = {"record_id": "r", "person": 1, "purpose": "p", "legal_basis": "consent", "status": "given",
           "scope": "account", "recipients": "Brand"}
    moment = pd.Timestamp("2024-05-01T12:00:00+02:00")
    aware = read(write_party(tmp_path, consents=pd.DataFrame([{**row, "event_time": moment}]))).consents
    assert aware["event_time"].tolist() == ["2024-05-01 10:00:00.000000Z"]
    naive = pd.DataFrame([{**row, "event_time": moment.tz_localize(None)}])
    assert not read(write_party(tmp_path, consents=naive)).consents["event_time"][0].endswith("Z")


def test_times_with_a_zone_are_written_in_utc(tmp_path):
    row = dict.fromkeys(REQUIRED_COLUMNS, "x")
    texts = ["1969-12-31T23:59:59.999999-05:00", "2024-03-31T02:30:00+01:00", "0001-01-01T00:30:00+00:00", None]
    times = pa.array([text and datetime.fromisoformat(text) for text in texts], pa.timestamp("us", "America/New_York"))
    frame = pd.DataFrame([row] * len(texts)).assign(event_time=pd.Series(times, dtype=pd.ArrowDtype(times.type)))
    assert read(write_party(tmp_path, consents=frame)).consents["event_time"].tolist() == [
        "1970-01-01 04:59:59.999999Z", "2024-03-31 01:30:00.000000Z", "0001-01-01 00:30:00.000000Z", ""]


@pytest.mark.parametrize(("content", "message"), [
    ("", "members.csv: the file is empty"),
    ("\n\n", "members.csv: the file is empty"),
    ("person,email\n", "members.csv: the file has no rows"),
    ("person,mail\n1,a\n", "members.csv: no column to match people by — map email, phone, loyalty or another"),
    ("email\na\n", "members.csv, field person: this column is missing"),
    ("person,email,email\n1,a,b\n", "members.csv, field email: two columns have this name"),
    ("person,email\n1,a\n2\n3,c\n", "members.csv, line 3: a line is not one row"),
    ("person,email\n1,a\n2,b,c\n", "members.csv, line 3: a line is not one row"),
    ("person,email\n1,a\n\n3,c\n", "members.csv, line 3, field person: empty"),
    ('person,email\n1,"a\n2,b"\n3,c\n', "members.csv, line 2: a line is not one row"),
    ('person,email\n1,a\n2,"b\n3,c\n4,d\n', "members.csv, line 3: a line is not one row"),
    (b"person,email\n1,a\n2,b\xff\n", "members.csv, line 3: the line is not UTF-8 text"),
    (b"person,email\n1,a\n2,b\xc3", "members.csv, line 3: the line is not UTF-8 text"),
    (b"person,email\n1,a\x00\n", "members.csv, line 2: the line holds a NUL byte"),
    ("person,email\n1,a\n,b\n", "members.csv, line 3, field person: empty"),
    ("person,email\n1,a\n2,b\n 1 ,c\n", "members.csv, line 4, field person: this person already has a row"),
    ("person,email\n1," + "é" * 40_000 + "\n", "members.csv, line 2, field email: longer than 65536 bytes"),
])
def test_refused_csv_files_are_placed(tmp_path, content, message):
    assert message in refusal(write_party(tmp_path, members=content))


def test_a_missing_file_and_a_folder(tmp_path):
    folder = write_party(tmp_path)
    (folder / "members.csv").unlink()
    assert refusal(folder).startswith("members.csv: no such file")
    (folder / "members.csv").mkdir()
    assert refusal(folder).startswith("members.csv: no such file")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"person,email\n1,a\n", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_broken_parquet_file(tmp_path, content):
    folder = write_party(tmp_path, settings={"members": 'format = "parquet"'}, members=content)
    assert "not a readable Parquet file" in refusal(folder)


@pytest.mark.parametrize(("frame", "message"), [
    (pd.DataFrame({"person": ["1", None], "email": "a"}), "row 2, field person: empty"),
    (pd.DataFrame({"person": [1.0, 2.5], "email": "a"}), "row 1, field person: not a text"),
    (pd.DataFrame({"person": ["1", "2", "1"], "email": "a"}), "row 3, field person: this person already has a row"),
    (pd.DataFrame({"person": ["1", "2"], "email": ["a", "b\x00"]}), "row 2, field email: a NUL character"),
    (pd.DataFrame({"person": [], "email": []}), "the file has no rows"),
    (pd.DataFrame({"email": ["a"]}), "field person: this column is missing"),
])
def test_refused_parquet_files_are_placed(tmp_path, frame, message):
    assert f"members.parquet, {message}" in refusal(write_party(tmp_path, members=frame)).replace(": the", ", the")


def test_parquet_text_that_is_not_utf8(tmp_path):
    raw = pa.array([b"fine", b"\xff"]).cast(pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    folder = write_party(tmp_path, settings={"members": 'format = "parquet"'})
    pq.write_table(pa.table({"person": ["1", "2"], "email": text}), folder / "members.csv")
    assert "row 2, field email: not UTF-8 text" in refusal(folder)


def test_errors_never_show_a_value(tmp_path):
    content = COLUMNS + "1,2025-03-22,x,12.34,2,dairy\n1,2025-03-22,x,secret@example.org,2,dairy\n"
    assert "secret" not in refusal(write_party(tmp_path, purchases=content))
