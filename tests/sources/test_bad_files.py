"""Files and folders with a stated result, or refused by place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from party_kit import write_party

from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import Terms, read_tables
from cleanroom.adapters.source_settings import TableSource
from cleanroom.adapters.sources import csv_file
from cleanroom.adapters.sources.base import WatchedFile
from cleanroom.errors import DataError
from cleanroom.identity.tables import RetailerTables

PEOPLE = "person,email\n1,é@example.org\n2,œ@example.org\n"


def read(folder: Path) -> RetailerTables:
    return read_tables(load_party(folder), Terms("Europe/Paris"))


def members(folder: Path) -> list[str]:
    return read(folder).members["email"].tolist()


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(folder)
    assert "example.org" not in str(caught.value)
    return str(caught.value)


def party(folder: Path, content: bytes, settings: str = "") -> Path:
    return write_party(folder, members=content, settings={"members": settings})


@pytest.mark.parametrize(("codec", "declared"), [
    ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-8", "utf-8-sig"),
    ("utf-16", "utf-16"), ("windows-1252", "windows-1252")])
def test_declared_encodings(tmp_path: Path, codec: str, declared: str) -> None:
    folder = party(tmp_path, PEOPLE.encode(codec), f'encoding = "{declared}"')
    assert members(folder) == ["é@example.org", "œ@example.org"]


def test_latin_1_has_no_ligature(tmp_path: Path) -> None:
    text = PEOPLE.replace("œ", "ü")
    assert members(party(tmp_path, text.encode("latin-1"), 'encoding = "latin-1"')) == ["é@example.org",
                                                                                        "ü@example.org"]


@pytest.mark.parametrize(("codec", "declared", "said"), [
    ("windows-1252", "utf-8", "members.csv, line 2: the line is not UTF-8 text — save the file as UTF-8 text, or say"),
    ("utf-16", "utf-8", "members.csv, line 1: the line is not UTF-8 text"),
    ("utf-16-le", "latin-1", "members.csv, field person: this column is missing"),
    ("utf-8", "utf-16", "members.csv, line 1: the line is not UTF-16 text"),
])
def test_another_encoding_than_the_declared_one(tmp_path: Path, codec: str, declared: str, said: str) -> None:
    assert refusal(party(tmp_path, PEOPLE.encode(codec), f'encoding = "{declared}"')).startswith(said)


def test_two_encodings_in_one_file(tmp_path: Path) -> None:
    mixed = PEOPLE.encode() + "3,ß@example.org\n".encode("windows-1252")
    assert refusal(party(tmp_path, mixed)).startswith("members.csv, line 4: the line is not UTF-8 text")
    undefined = b"person,email\n1,a\n2,\x81\n"
    found = refusal(party(tmp_path, undefined, 'encoding = "windows-1252"'))
    assert found.startswith("members.csv, line 3: the line is not windows-1252 text")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_bad_line_far_into_a_file_is_named(tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "_CHUNK", 1000)
    text = "person,email\n" + "".join(f"{n},é{n}@example.org\n" for n in range(1000))
    nul = text.replace("é500@", "\x00@").encode(encoding)
    said = refusal(party(tmp_path, nul, f'encoding = "{encoding}"'))
    assert said.startswith("members.csv, line 502: the line holds a NUL byte")
    odd = text.encode(encoding) + b"\xff"  # no text of either encoding
    assert refusal(party(tmp_path, odd, f'encoding = "{encoding}"')).startswith("members.csv, line 1002: the line is")


@pytest.mark.parametrize("delimiter", [";", "\\t", "|"])
def test_separators(tmp_path: Path, delimiter: str) -> None:
    text = PEOPLE.replace(",", delimiter.replace("\\t", "\t")).encode()
    assert members(party(tmp_path, text, f'delimiter = "{delimiter}"')) == ["é@example.org", "œ@example.org"]


def test_quoted_newlines_are_taken_when_declared(tmp_path: Path) -> None:
    text = b'person,email,"a\nb"\n1,"x ""y""\r\nz",\n2,b,"c\n\n"\n'
    folder = party(tmp_path, text.replace(b'"a\nb"', b"note"), "quoted_newlines = true")
    assert members(folder) == ['x "y"\r\nz', "b"]
    assert "quoted_newlines" in refusal(party(tmp_path, text))


@pytest.mark.parametrize(("rows", "place"), [
    (b'1,a\n2,"b\n3,c\n4,d\n', "row 2"),  # never closed: would swallow two people
    (b'1,a\n2,"b\n3,"c\n4,d\n', "row 2"),  # closed where no quote may be
    (b'1,a\n2,"b\nx",c\n', "row 2"), (b"1,a\n\n2,b\n", "row 2"),
])
def test_declared_newlines_do_not_let_a_quote_swallow_people(tmp_path: Path, rows: bytes, place: str) -> None:
    folder = party(tmp_path, b"person,email\n" + rows, "quoted_newlines = true")
    assert refusal(folder).startswith(f"members.csv, {place}: a line is not one row of the table")


def test_a_row_behind_quoted_newlines_is_named_by_its_number(tmp_path: Path) -> None:
    rows = b'person,email\n1,"a\nb"\n1,c\n'
    found = refusal(party(tmp_path, rows, "quoted_newlines = true"))
    assert found.startswith("members.csv, row 2, field person: this person already has a row")


@pytest.mark.parametrize("newlines", ["", "quoted_newlines = true"])
def test_a_field_of_ten_megabytes(tmp_path: Path, newlines: str) -> None:
    text = b"person,email\n1,a\n2," + b"x" * 10_000_000 + b"\n"
    assert refusal(party(tmp_path, text, newlines)).startswith("members.csv, ")
    assert "line 3: the line is longer than" in refusal(party(tmp_path, text))


def test_formulas_are_texts(tmp_path: Path) -> None:
    folder = party(tmp_path, b'person,email\n1,"=HYPERLINK(""http://x"")"\n')
    assert members(folder) == ['=HYPERLINK("http://x")']
    purchases = "person,day,basket,amount,quantity,category\n1,2025-03-22,x,=1+1,2,dairy\n"
    found = refusal(write_party(tmp_path, purchases=purchases))
    assert found.startswith("purchases.csv, line 2, field amount: not a number")


def test_a_column_of_mixed_types(tmp_path: Path) -> None:
    lines = "person,day,basket,amount,quantity,category\n1,2025-03-22,x,1.50,2,dairy\n1,2025-03-22,y,free,1,dairy\n"
    assert refusal(write_party(tmp_path, purchases=lines)).startswith("purchases.csv, line 3, field amount: not a")


Write = Callable[[str, pd.DataFrame], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A party whose members are in the folder `all/`."""
    party(tmp_path, PEOPLE.encode())
    settings = tmp_path / "party.toml"
    settings.write_text(settings.read_text().replace('"members.csv"', '"all/"'))
    (tmp_path / "all").mkdir()
    return tmp_path


def test_files_of_a_folder_are_read_in_the_order_of_their_names(folder: Path) -> None:
    for name, person in (("b.csv", 2), ("a.csv", 1), ("c.csv", 3)):
        (folder / "all" / name).write_text(f"person,email\n{person},m{person}\n")
    (folder / "all" / "c.csv").write_text("email,person\nm3,3\n")  # another order of columns
    (folder / "all" / ".hidden").touch()
    (folder / "all" / "_SUCCESS").touch()
    assert read(folder).members.to_dict("list") == {"person": ["1", "2", "3"], "email": ["m1", "m2", "m3"]}


@pytest.mark.parametrize(("files", "said"), [
    ({}, "all/: the folder is empty"),
    ({"a.csv": PEOPLE, "b.txt": "x"}, "all/: the folder holds something else"),
    ({"a.csv": PEOPLE, "b.parquet": "x"}, "all/: the folder holds something else"),
    ({"a.parquet": "x"}, "all/a.parquet: not a readable Parquet file"),
    ({"a.csv": PEOPLE, "b.csv": "person,phone\n3,+33612345678\n"}, "all/b.csv: other columns than in the first file"),
    ({"a.csv": PEOPLE, "b.csv": "person,email\n3,a\n1,b\n"}, "all/b.csv, line 3, field person: this person already"),
    ({"a.csv": PEOPLE, "b.csv": "person,email\n3,a\n4\n"}, "all/b.csv, line 3: a line is not one row"),
])
def test_refused_folders(folder: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (folder / "all" / name).write_text(text)
    assert refusal(folder).startswith(said)


def test_a_missing_folder(folder: Path) -> None:
    (folder / "all").rmdir()
    assert refusal(folder).startswith("all/: no such folder")


def test_a_column_of_two_types_in_a_folder(folder: Path) -> None:
    pd.DataFrame({"person": ["a"], "email": ["m"]}).to_parquet(folder / "all/a.parquet")
    pd.DataFrame({"person": [2], "email": ["m"]}).to_parquet(folder / "all/b.parquet")
    assert refusal(folder).startswith("all/b.parquet, row 1: a column has another type")


@pytest.mark.parametrize("chunk", [7, 20, 21, 22, 4096])
def test_a_carriage_return_alone_ends_no_row(tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people fewer lines by an unclosed quote, two rows more by it: the numbers would agree."""
    monkeypatch.setattr(csv_file, "_CHUNK", chunk)
    content = b'person,email\r\n1,a\r\n2,"b\r\n3,c"\r\n4,d\r5,e\r\n'
    assert refusal(party(tmp_path, content)).startswith("members.csv, line 5: the line holds a carriage return without")


@pytest.mark.parametrize("chunk", [7, 20, 21, 22])
def test_lines_that_end_in_cr_lf_across_chunks(tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = party(tmp_path, b"person,email\r\n1,a\r\n2,b\r\n")
    monkeypatch.setattr(csv_file, "_CHUNK", chunk)
    lines = csv_file.CsvFile(WatchedFile(folder / "members.csv", "members.csv"), TableSource(file="members.csv"))
    assert lines._check_text() == 3
