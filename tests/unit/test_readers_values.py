"""Days, amounts and quantities: exact or refused."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from party_kit import write_party

from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import Terms, read_tables
from cleanroom.errors import DataError

ROW = {"person": "1", "day": "2025-03-22", "basket": "x", "amount": "1.00", "quantity": "1", "category": "dairy"}


def purchases(folder, field, values, *, parquet, zone=None):
    frame = pd.DataFrame([{**ROW, field: value} for value in values])
    frame[field] = pd.Series(values, dtype=object) if parquet and isinstance(values[0], Decimal | date) else values
    extra = {"purchases": f'time_zone = "{zone}"'} if zone else None
    written = frame if parquet else frame.to_csv(index=False)
    settings = load_party(write_party(folder, purchases=written, settings=extra))
    return read_tables(settings, Terms("Europe/Paris")).purchases


def refusal(folder, field, values, *, parquet=False):
    with pytest.raises(DataError) as caught:
        purchases(folder, field, values, parquet=parquet)
    return str(caught.value)


@pytest.mark.parametrize(("values", "cents", "parquet"), [
    (["0", "0.1", "0.29", "1000000", "00012.30", "1.1"], [0, 10, 29, 100_000_000, 1230, 110], False),
    (["0.07", "19.99"], [7, 1999], True),
    ([0.1 + 0.2, 0.29, 999_999.99, 0.0, 1.0000009], [30, 29, 99_999_999, 0, 100], True),
    ([3, 0], [300, 0], True),
    ([Decimal("1.10"), Decimal("0.00")], [110, 0], True),
    ([Decimal("1.100000000"), Decimal("0.000000000")], [110, 0], True),
])
def test_amounts_are_exact_cents(tmp_path, values, cents, parquet):
    assert purchases(tmp_path, "amount", values, parquet=parquet)["amount_cents"].tolist() == cents


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.integers(0, 100_000_000), min_size=1, max_size=20))
def test_every_cent_survives_text_and_float(tmp_path, cents):
    texts = [f"{c // 100}.{c % 100:02}" for c in cents]
    assert purchases(tmp_path, "amount", texts, parquet=False)["amount_cents"].tolist() == cents
    assert purchases(tmp_path, "amount", [c / 100 for c in cents], parquet=True)["amount_cents"].tolist() == cents


@pytest.mark.parametrize(("value", "message", "parquet"), [
    ("-0.01", "negative", False), ("1.234", "more than two decimals", False), ("1.", "more than two", False),
    ("abc", "not a number", False), ("1e3", "not a number", False), ("1,5", "not a number", False),
    ("", "empty", False), (" 1", "not a number", False), ("１", "not a number", False), ("nan", "not a number", False),
    ("1000000.01", "absurdly large", False), ("9" * 40, "absurdly large", False),
    (-0.01, "negative", True), (0.005, "more than two decimals", True), (float("nan"), "empty", True),
    (float("inf"), "not a number", True), (1e6 + 1, "absurdly large", True), (1e300, "absurdly large", True),
    (Decimal("1.001"), "too many decimals", True), (Decimal("-1"), "negative", True), (True, "not a number", True),
])
def test_bad_amounts_are_refused_by_position(tmp_path, value, message, parquet):
    first = "1.00" if isinstance(value, str) else type(value)(1)
    place = "purchases.parquet, row 2" if parquet and value is not True else "purchases."
    found = refusal(tmp_path, "amount", [first, value], parquet=parquet)
    assert found.startswith(place if parquet else "purchases.csv, line 3")
    assert f"field amount: {message}" in found


@pytest.mark.parametrize(("values", "parquet"), [(["0", "1000000"], False), ([0, 1_000_000], True),
                                                 ([0.0, 1e6], True), ([Decimal(0), Decimal(1_000_000)], True)])
def test_quantities_are_whole(tmp_path, values, parquet):
    assert purchases(tmp_path, "quantity", values, parquet=parquet)["quantity"].tolist() == [0, 1_000_000]


@pytest.mark.parametrize(("value", "message", "parquet"), [
    ("1.5", "not a whole number", False), ("-1", "negative", False), ("x", "not a number", False),
    ("1000001", "absurdly large", False), ("", "empty", False), (1.5, "not a whole number", True),
    (-1, "negative", True), (1_000_001, "absurdly large", True), (Decimal("1.5"), "too many decimals", True),
])
def test_bad_quantities_are_refused(tmp_path, value, message, parquet):
    assert f"field quantity: {message}" in refusal(tmp_path, "quantity", [value], parquet=parquet)


@pytest.mark.parametrize(("value", "parquet", "zone", "expected"), [
    ("2025-03-22", False, None, "2025-03-22"),
    ("2025-03-22T23:30:00Z", False, None, "2025-03-23"),
    ("2025-03-22 23:30+01:00", False, None, "2025-03-22"),
    ("2025-03-22T23:30:00.123456789-0500", False, None, "2025-03-23"),
    ("2025-03-22T23:59:59", False, "Europe/Paris", "2025-03-22"),
    ("2025-03-22T23:30:00", False, "UTC", "2025-03-23"),
    ("2025-03-22T18:30:00", False, "America/New_York", "2025-03-22"),
    ("2025-03-30T02:30:00", False, "Europe/Paris", "2025-03-30"),
    ("2025-10-26T00:30:00", False, "Europe/London", "2025-10-26"),
    (date(2025, 3, 22), True, None, "2025-03-22"),
    (pd.Timestamp("2025-03-22T23:30:00Z"), True, None, "2025-03-23"),
    (datetime(2025, 3, 22, 23, 30), True, "UTC", "2025-03-23"),  # noqa: DTZ001
    ("2025-03-22T23:30:00Z", True, None, "2025-03-23"),
])
def test_days_are_those_of_the_contract(tmp_path, value, parquet, zone, expected):
    days = purchases(tmp_path, "day", [value], parquet=parquet, zone=zone)["day"]
    assert days.tolist() == [pd.Timestamp(expected)]


def test_forms_may_be_mixed(tmp_path):
    values = ["2025-03-22T23:30:00Z", "2025-03-22", "2025-03-22T23:30:00+01:00"]
    days = purchases(tmp_path, "day", values, parquet=False)["day"]
    assert days.dt.day.tolist() == [23, 22, 22]


@pytest.mark.parametrize("value", ["22/03/2025", "2025-3-22", "2025-02-29", "2025-03-22T25:00:00Z", "", "20250322",
                                   "0001-01-01", "9999-12-31", "2025-03-22T10:00:00 Europe/Paris", "2025-03-22T10Z"])
def test_bad_days_are_refused_by_position(tmp_path, value):
    found = refusal(tmp_path, "day", ["2025-03-22", value])
    assert found.startswith("purchases.csv, line 3, field day: not a date or time")


def test_a_time_without_a_zone_is_refused(tmp_path):
    found = refusal(tmp_path, "day", ["2025-03-22", "2025-03-22T10:00:00"])
    assert found.startswith("purchases.csv, line 3, field day: a time without an offset")
    assert "time_zone" in found


def test_a_null_day_in_parquet_is_refused(tmp_path):
    found = refusal(tmp_path, "day", [date(2025, 3, 22), None], parquet=True)
    assert found.startswith("purchases.parquet, row 2, field day: not a date")
