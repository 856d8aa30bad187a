import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measures_kit import plan_of

from cleanroom.contract.model import Statistic
from cleanroom.contract.plan import Plan
from cleanroom.contract.windows import window_of
from cleanroom.errors import DataError
from cleanroom.measures.columns import column_matrix, least_square_cap, square_units

PEOPLE = ["ann", "bob", "cleo"]
FIRST_WINDOW = "2025-03-08"  # periods of 7 days from 1 March; windows of 14 days follow each
CAPS = (("buyers", None, 1), ("sales", None, 4_000), ("sales_squared", None, 1_500), ("baskets", None, 2),
        ("units", None, 5), ("sales", "dairy", 900), ("baskets", "dairy", 1), ("sales_squared", "meat", 700),
        ("buyers", "meat", 1), ("units", "meat", 3))


def purchases(*lines: tuple[str, str, int, int, int, str]) -> pd.DataFrame:
    names = ["person", "day", "basket", "amount_cents", "quantity", "category"]
    return pd.DataFrame(list(lines), columns=names).astype(
        {"day": "datetime64[ns]", "basket": "int64", "amount_cents": "int64", "quantity": "int64"})


def column(plan: Plan, lines: pd.DataFrame, statistic: int, period: int) -> list[int]:
    matrix, _ = column_matrix(plan, PEOPLE, lines)
    return matrix[:, plan.column_index(statistic, period)].tolist()


def half_up_square(cents: int) -> int:
    return (cents * cents + 5_000) // 10_000


def reference(plan: Plan, people: list[str], lines: list[tuple]) -> list[list[int]]:
    """The definitions, one person and one column at a time."""
    rows = []
    for person in people:
        row = [1]
        for item in plan.columns:
            first, end = (str(day) for day in window_of(plan.contract.calendar, item.period))
            row.append(reference_value(plan, item.statistic, [
                line for line in lines if line[0] == person and first <= line[1] < end]))
        rows.append(row)
    return rows


def reference_value(plan: Plan, statistic: Statistic, mine: list[tuple]) -> int:
    mine = [line for line in mine if statistic.category in (None, line[5])]
    sales = sum(line[3] for line in mine)
    caps = [s.cap for s in plan.contract.statistics
            if (s.measure, s.category) == ("sales", statistic.category)]
    value = {"buyers": len(mine) > 0, "sales": sales, "baskets": len({line[2] for line in mine}),
             "units": sum(line[4] for line in mine), "sales_squared": half_up_square(min([sales, *caps]))}
    return min(int(value[statistic.measure]), statistic.cap)


DAYS = [f"2025-03-{day:02}" for day in (1, 7, 8, 9, 14, 15, 21, 22, 28, 29)]
line = st.tuples(
    st.sampled_from([*PEOPLE, "stranger"]), st.sampled_from(DAYS),
    st.integers(0, 2), st.integers(0, 3_000), st.integers(0, 4), st.sampled_from(["dairy", "meat", "other"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(line, max_size=25))
def test_matrix_equals_the_reference(lines):
    plan = plan_of(statistics=CAPS)
    matrix, _ = column_matrix(plan, PEOPLE, purchases(*lines))
    assert matrix.dtype == np.int64
    assert matrix.tolist() == reference(plan, PEOPLE, lines)


def test_no_purchases_leave_only_the_ones():
    plan = plan_of()
    matrix, report = column_matrix(plan, PEOPLE, purchases())
    assert matrix.shape == (3, 1 + 6 * plan.periods)
    assert matrix.sum(axis=0).tolist() == [3] + [0] * (6 * plan.periods)
    assert all((item.people, item.share) == (0, 0.0) for item in report.statistics)


def test_window_starts_after_its_period_and_its_end_is_exclusive():
    plan = plan_of()
    lines = purchases(("ann", "2025-03-07", 1, 100, 1, "x"), ("bob", FIRST_WINDOW, 2, 100, 1, "x"),
                      ("cleo", "2025-03-22", 3, 100, 1, "x"))
    assert column(plan, lines, 0, 0) == [0, 1, 0]
    assert column(plan, lines, 0, 1) == [0, 0, 1]


def test_basket_over_two_days_counts_once_in_each_window():
    lines = purchases(("ann", "2025-03-14", 1, 1, 1, "x"), ("ann", "2025-03-15", 1, 1, 1, "x"))
    assert column(plan_of(), lines, 3, 0) == [1, 0, 0]
    assert column(plan_of(), lines, 3, 1) == [1, 0, 0]


def test_lines_of_one_basket_on_the_first_day_count_once():
    lines = purchases(("ann", FIRST_WINDOW, 1, 1, 1, "x"), ("ann", FIRST_WINDOW, 1, 1, 1, "x"))
    assert column(plan_of(), lines, 3, 0) == [1, 0, 0]


def test_basket_counts_in_a_category_though_another_line_of_it_came_first():
    lines = purchases(("ann", FIRST_WINDOW, 1, 1, 1, "meat"), ("ann", FIRST_WINDOW, 1, 1, 1, "dairy"))
    assert column(plan_of(statistics=CAPS), lines, 6, 0) == [1, 0, 0]


def test_same_basket_number_of_two_people_is_two_baskets():
    lines = purchases(("ann", FIRST_WINDOW, 1, 1, 1, "x"), ("bob", FIRST_WINDOW, 1, 1, 1, "x"))
    assert column(plan_of(), lines, 3, 0) == [1, 1, 0]


def test_square_is_of_the_capped_sales():
    plan = plan_of(statistics=(("sales", None, 1_000), ("sales_squared", None, 10**6)))
    lines = purchases(("ann", FIRST_WINDOW, 1, 5_000, 1, "x"), ("bob", FIRST_WINDOW, 2, 150, 1, "x"))
    assert column(plan, lines, 1, 0) == [100, 2, 0]


@pytest.mark.parametrize(("cents", "square"), [(0, 0), (70, 0), (71, 1), (150, 2), (122, 1), (123, 2),
                                               (10**11, 10**18), (4 * 10**11, 9 * 10**18)])
def test_squares_round_half_up_and_do_not_overflow(cents, square):
    assert square_units(np.array([cents])).tolist() == [square]


@given(st.integers(0, 3 * 10**11))
def test_squares_are_exact(cents):
    assert int(square_units(np.array([cents]))[0]) == half_up_square(cents)


def test_least_square_cap_is_the_square_of_the_cap():
    assert least_square_cap(50_000) == 250_000


def test_report_counts_people_and_share_clipped():
    plan = plan_of(statistics=(("sales", None, 100), ("units", None, 60)))
    lines = purchases(("ann", FIRST_WINDOW, 1, 300, 1, "x"), ("bob", FIRST_WINDOW, 2, 100, 1, "x"))
    _, report = column_matrix(plan, PEOPLE, lines)
    assert [(item.statistic, item.people) for item in report.statistics] == [("s0", 1), ("s1", 0)]
    assert report.statistics[0].share == pytest.approx(0.5)


def test_rows_follow_the_order_of_people():
    lines = purchases(("cleo", FIRST_WINDOW, 1, 7, 1, "x"))
    matrix, _ = column_matrix(plan_of(), pd.Index(["cleo", "ann"]), lines)
    assert matrix[:, plan_of().column_index(1, 0)].tolist() == [7, 0]


@pytest.mark.parametrize(("name", "value"), [("amount_cents", -1), ("quantity", 10**8 + 1)])
def test_value_out_of_bounds_is_refused_by_row(name, value):
    lines = purchases(("ann", FIRST_WINDOW, 1, 1, 1, "x"), ("bob", FIRST_WINDOW, 1, 1, 1, "x"))
    lines.loc[1, name] = value
    with pytest.raises(DataError, match=f"row 2: {name}") as caught:
        column_matrix(plan_of(), PEOPLE, lines)
    assert "bob" not in str(caught.value)


@pytest.mark.parametrize("change", [
    lambda f: f.drop(columns="basket"),
    lambda f: f.assign(day=f["day"].dt.tz_localize("UTC")),
    lambda f: f.assign(day="2025-03-08"),
    lambda f: f.assign(day=pd.NaT),
    lambda f: f.assign(amount_cents=1.5),
    lambda f: f.assign(quantity=pd.array([None], dtype="Int64")),
])
def test_malformed_purchases_are_refused(change):
    with pytest.raises(DataError, match="purchases"):
        column_matrix(plan_of(), PEOPLE, change(purchases(("ann", FIRST_WINDOW, 1, 1, 1, "x"))))


def test_person_twice_is_refused():
    with pytest.raises(DataError, match="people, row 3"):
        column_matrix(plan_of(), ["ann", "bob", "ann"], purchases())
