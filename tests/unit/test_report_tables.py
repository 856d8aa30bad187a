"""The CSV form."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_kit import contract, document, everything

from cleanroom.report.tables import COLUMNS, harmless, render_csv

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "a;=1", "a,=1", "a\n=1", "\r=1"]


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_per_result_and_stable_columns() -> None:
    found = document()
    rows = _rows(render_csv(found))
    assert tuple(rows[0]) == COLUMNS
    assert [row["name"] for row in rows] == [result["name"] for result in found["results"]]


def test_numbers_stay_numbers() -> None:
    row = next(r for r in _rows(render_csv(document())) if r["name"] == "conversion_difference")
    assert float(row["low"]) < 0 < float(row["high"])


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_defused(text: str) -> None:
    assert "'" in harmless(text)


def test_a_hostile_segment_does_not_become_a_formula() -> None:
    rows = _rows(render_csv(document(of=contract(segments=("=cmd|' /C calc'!A0", "singles")))))
    hostile = {row["segment"] for row in rows if "cmd" in row["segment"]}
    assert hostile == {"'=cmd|' /C calc'!A0"}


@given(st.text(alphabet="=+-@;,\t\r\n ab"))
def test_no_part_of_a_cell_starts_like_a_formula(text: str) -> None:
    for part in harmless(text).replace(",", ";").replace("\n", ";").replace("\r", ";").split(";"):
        assert not part.strip(" \t").startswith(("=", "+", "-", "@"))


def test_suppressed_rows_are_empty() -> None:
    rows = _rows(render_csv(document(suppressed=everything())))
    assert {row["value"] + row["low"] + row["high"] + row["noise_se"] for row in rows} == {""}
