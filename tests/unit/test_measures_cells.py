import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measures_kit import plan_of

from cleanroom.contract.plan import Cell
from cleanroom.errors import DataError
from cleanroom.measures.cells import assign_cells, exposure_days

DAY = "2025-03-02"


def people(*rows: tuple[str, str | None, str | None, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["person", "arm", "segment", "day"])
    return frame.astype({"day": "datetime64[ns]"})


def arms(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["person", "arm", "day"]).astype({"day": "datetime64[ns]"})


def exposures(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["person", "channel", "campaign", "day"])
    return frame.astype({"day": "datetime64[ns]"})


@given(st.lists(st.tuples(st.sampled_from(["exposed", "control", "holdout"]),
                          st.sampled_from(["loyal", "new"]), st.integers(0, 19)), max_size=20))
def test_everybody_stands_in_their_own_cell(rows):
    plan = plan_of()
    days = [pd.Timestamp("2025-03-01") + pd.Timedelta(days=offset) for _, _, offset in rows]
    frame = people(*((str(i), arm, segment, str(days[i])) for i, (arm, segment, _) in enumerate(rows)))
    cells, excluded = assign_cells(plan, frame)
    assert [plan.cells[i] for i in cells] == [
        Cell((arm, segment), offset // plan.contract.calendar.period_days) for arm, segment, offset in rows]
    assert set(excluded.values()) == {0}


def test_each_reason_is_counted_once_under_the_first_that_applies():
    cells, excluded = assign_cells(plan_of(), people(
        ("a", None, "new", DAY), ("b", "other", "none", "2024-01-01"), ("c", "control", "none", DAY),
        ("d", "control", None, DAY), ("e", "control", "new", "2025-02-28"),
        ("f", "control", "new", "2025-03-21"),
        ("g", "control", "new", None), ("h", "control", "new", "2025-03-20")))
    assert excluded == {"no_arm": 1, "unknown_arm": 1, "unknown_segment": 2, "outside_calendar": 3}
    assert (cells == -1).tolist() == [True] * 7 + [False]


def test_segment_is_not_asked_for_without_its_dimension():
    plan = plan_of(releases=((), ("arm",)), dimensions=[{"name": "arm", "values": ["exposed", "control"]}])
    cells, _ = assign_cells(plan, people(("a", "control", None, DAY)).drop(columns="segment"))
    assert plan.cells[int(cells[0])] == Cell(("control",), 0)


def test_person_twice_is_refused():
    with pytest.raises(DataError, match="people, row 2"):
        assign_cells(plan_of(), people(("a", "control", "new", DAY), ("a", "exposed", "new", DAY)))


def test_missing_column_is_refused():
    with pytest.raises(DataError, match="column segment"):
        assign_cells(plan_of(), people(("a", "control", "new", DAY)).drop(columns="segment"))


def test_days_must_be_dates():
    with pytest.raises(DataError, match="dates"):
        assign_cells(plan_of(), people(("a", "control", "new", DAY)).assign(day=DAY))


def test_exposed_take_the_day_of_their_first_qualifying_exposure():
    frame, excluded = exposure_days(plan_of().contract, arms(("a", "exposed", "2025-03-01")), exposures(
        ("a", "email", "spring", "2025-03-09"), ("a", "display", "spring", "2025-03-05"),
        ("a", "radio", "spring", "2025-03-02"), ("a", "email", "autumn", "2025-03-03"),
        ("a", "email", "spring", "2025-02-27")))
    assert frame["day"].tolist() == [pd.Timestamp("2025-03-05")]
    assert excluded == {"no_exposure": 0, "contaminated": 0}


@pytest.mark.parametrize(("day", "kept"), [("2025-02-28", 0), ("2025-03-01", 1), ("2025-03-20", 1),
                                           ("2025-03-21", 0)])
def test_exposure_counts_only_inside_the_calendar(day, kept):
    frame, excluded = exposure_days(plan_of().contract, arms(("a", "exposed", DAY)),
                                    exposures(("a", "email", "spring", day)))
    assert (len(frame), excluded["no_exposure"]) == (kept, 1 - kept)


@pytest.mark.parametrize("arm", ["control", "holdout"])
def test_reached_people_leave_the_unexposed_arms(arm):
    reached = exposures(("a", "email", "spring", DAY), ("b", "radio", "spring", DAY))
    rows = arms(("a", arm, DAY), ("b", arm, "2025-03-04"))
    frame, excluded = exposure_days(plan_of().contract, rows, reached)
    assert frame["person"].tolist() == ["b"]
    assert frame["day"].tolist() == [pd.Timestamp("2025-03-04")]
    assert excluded == {"no_exposure": 0, "contaminated": 1}


def test_without_any_exposure_nobody_is_exposed_and_segments_are_kept():
    rows = arms(("a", "exposed", DAY), ("b", "control", DAY)).assign(segment=["new", "loyal"])
    frame, excluded = exposure_days(plan_of().contract, rows, exposures())
    cells, _ = assign_cells(plan_of(), frame)
    assert excluded == {"no_exposure": 1, "contaminated": 0}
    assert [plan_of().cells[i].values for i in cells] == [("control", "loyal")]


def test_person_in_two_arms_is_refused():
    with pytest.raises(DataError, match="arms, row 2"):
        exposure_days(plan_of().contract, arms(("a", "exposed", DAY), ("a", "control", DAY)), exposures())


@pytest.mark.parametrize(("rows", "seen", "where"), [
    (arms(("a", "exposed", DAY)).assign(day=DAY), exposures(), "arms"),
    (arms(("a", "exposed", DAY)), exposures(("a", "email", "spring", DAY)).assign(day=DAY), "exposures")])
def test_arms_and_exposures_need_dates(rows, seen, where):
    with pytest.raises(DataError, match=f"{where}: column day"):
        exposure_days(plan_of().contract, rows, seen)
