"""Which days count: look-backs by engagement, and days since the last exposure."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from measures_kit import plan_of

from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.contract.values import check_statistics, check_values
from cleanroom.contract.windows import days_that_count, lookback_days, numbers_of
from cleanroom.errors import ContractError
from cleanroom.measures.catalogue import check_metrics
from cleanroom.measures.cells import assign_cells, exposure_days
from cleanroom.measures.columns import column_matrix

START = date(2025, 3, 1)
ENGAGED = {"name": "engagement", "values": ["click", "view", "none"]}
PERIODS = {"name": "periods", "values": ["1", "1+2", "1+3", "other", "none"]}


def contract(lookback: dict[str, int] | None = None, *statistics: dict, dimensions=(ENGAGED, PERIODS),
             **changes) -> Contract:
    """Periods of 7 days from 1 March, a window of 14."""
    base = plan_of(releases=((),)).contract.model_dump(mode="json", exclude_none=True)
    base["dimensions"] = [{"name": "arm", "values": ["exposed", "control"]}, *dimensions]
    if lookback is not None:
        base["calendar"]["lookback"] = lookback
    base["statistics"] = [{"name": f"s{i}", "measure": "sales", "cap": 10**6, "weight": 1, **each}
                          for i, each in enumerate(statistics or ({},))]
    base["releases"][0]["statistics"] = [each["name"] for each in base["statistics"]]
    return Contract.model_validate(base | changes)


def days(agreed: Contract, statistic: int, *values: str, period: int = 0) -> list[tuple[int, int]]:
    """Day ranges as offsets from the end of the period."""
    begin = START + timedelta(days=7 * (period + 1))
    return [((first - begin).days, (end - begin).days) for first, end in
            days_that_count(agreed, agreed.statistics[statistic], values, period)]


def test_without_a_filter_the_whole_window_counts():
    assert days(contract(), 0, "exposed", "click", "1") == [(0, 14)]


@pytest.mark.parametrize(("engagement", "expected"), [("click", [(0, 14)]), ("view", [(0, 4)]), ("none", [])])
def test_a_look_back_holds_for_every_day_of_the_period(engagement, expected):
    agreed = contract({"click": 20, "view": 10}, {"within": "lookback"})
    assert days(agreed, 0, "exposed", engagement, "1") == expected


def test_with_periods_of_one_day_a_look_back_is_exact():
    base = contract({"click": 14, "view": 3}, {"within": "lookback"})
    one = base.model_copy(update={"calendar": base.calendar.model_copy(update={"period_days": 1})})
    assert [lookback_days(one.calendar, name) for name in ("click", "view", "none")] == [14, 3, 0]


@pytest.mark.parametrize(("pattern", "expected"), [
    ("1", [(3, 10)]), ("1+2", [(3, 7), (10, 14)]), ("1+3", [(3, 10)]), ("none", [(3, 10)]), ("other", [])])
def test_days_start_again_after_each_exposure(pattern, expected):
    assert days(contract(None, {"days": "4-10"}), 0, "exposed", "view", pattern) == expected


def test_without_the_dimension_days_are_those_of_the_window():
    agreed = contract(None, {"days": "4-10"}, dimensions=())
    assert days(agreed, 0, "exposed") == [(3, 10)]


def test_cells_share_columns_and_those_without_days_share_one():
    plan = Plan(contract({"click": 20, "view": 10}, {}, {"within": "lookback"}))
    plain, within = ({plan.column_index(s, cell) for cell in range(len(plan.cells))} for s in (0, 1))
    assert (len(plain), len(within)) == (plan.periods, 2 * plan.periods + 1)
    assert plain | within == set(range(1, 1 + len(plan.columns)))


def test_the_columns_hold_what_the_days_say():
    plan = Plan(contract({"click": 20, "view": 10}, {"within": "lookback"}, {"days": "1-3"}))
    bought = [(0, 100), (2, 200), (4, 400), (7, 800), (13, 1600)]  # days after the end of period 0, cents
    lines = pd.DataFrame({"person": "r", "day": [pd.Timestamp(START + timedelta(7 + day)) for day, _ in bought],
                          "basket": "b", "amount_cents": [cents for _, cents in bought], "quantity": 1,
                          "category": "x"})
    matrix, _ = column_matrix(plan, ["r"], lines)
    found = {(cell.values[1], cell.values[2]): [int(matrix[0, plan.column_index(s, number)]) for s in (0, 1)]
             for number, cell in enumerate(plan.cells) if cell.period == 0}
    assert found["click", "1"] == [3100, 300]
    assert found["view", "1"] == [300, 300]
    assert found["view", "1+2"] == [300, 300 + 800]
    assert found["none", "none"] == [0, 300]
    assert np.all(matrix >= 0)


def test_a_person_is_in_the_cell_of_their_strongest_engagement_and_their_periods():
    finer = {"name": "engagement", "values": ["click", "visit", "view", "listen", "none"]}
    agreed = contract(dimensions=(finer, PERIODS))
    rows = [("a", 0, "listen"), ("a", 1, "visit"), ("a", 15, "click"), ("b", 3, "opportunity"), ("b", 9, "view"),
            ("c", 8, "listen"), ("d", 0, "view"), ("d", 8, "view"), ("d", 15, "view")]
    exposures = pd.DataFrame([(person, "email", "spring", pd.Timestamp(START + timedelta(day)), kind)
                              for person, day, kind in rows], columns=["person", "channel", "campaign", "day", "type"])
    arms = pd.DataFrame({"person": list("abcd"), "arm": "exposed", "day": pd.Timestamp(START)})
    frame, _ = exposure_days(agreed, arms, exposures)
    assert frame["engagement"].tolist() == ["visit", "view", "listen", "view"]
    assert frame["periods"].tolist() == ["1+3", "1+2", "1", "other"]
    cells, left_out = assign_cells(Plan(agreed), frame)
    assert (cells >= 0).all()
    assert set(left_out.values()) == {0}


@pytest.mark.parametrize(("lookback", "what"), [
    ({"click": 20}, "one look-back for each value"),
    ({"click": 20, "view": 10, "listen": 10}, "one look-back for each value"),
    ({"click": 20, "view": 6}, r"lookback.view: 6 days; .* 7 to 20"),
    ({"click": 21, "view": 10}, r"lookback.click: 21 days"),
    ({"click": 10, "view": 20}, "looks back further than a stronger one")])
def test_look_backs_that_make_no_sense_are_refused(lookback, what):
    refused(contract(lookback, {"within": "lookback"}), what)


def test_a_statistic_within_a_look_back_needs_one():
    refused(contract(None, {"within": "lookback"}), r"statistics.0.within: calendar.lookback is missing")
    refused(contract({"click": 20, "view": 10}, {"within": "lookback", "days": "1-3"}), "within says which days count")


@pytest.mark.parametrize("pattern", ["2", "1+1", "1+3+2", "1+4", "0+1", "1+", "one"])
def test_patterns_nobody_can_have_are_refused(pattern):
    refused(contract(dimensions=({"name": "periods", "values": [pattern, "none"]},)), "nobody can have")


def refused(agreed: Contract, what: str) -> None:
    with pytest.raises(ContractError, match=what):
        check_both(agreed)


def check_both(agreed: Contract) -> None:
    check_values(agreed)
    check_statistics(agreed)


def test_a_look_back_and_a_dimension_that_nothing_reads_are_refused():
    with pytest.raises(ContractError, match="no statistic is within it"):
        check_metrics(contract({"click": 20, "view": 10}, {}, dimensions=(ENGAGED,), metrics=["sales"]))
    with pytest.raises(ContractError, match="no release uses periods"):
        check_metrics(contract(None, {}, dimensions=(PERIODS,), metrics=["sales"]))


@pytest.mark.parametrize(("metric", "what"), [
    ("attribution", "attribution release that opens sales, sales with within"),
    ("ropo", "needs a statistic of sales with sales_channel store with within")])
def test_credited_metrics_need_their_sums_within_the_look_back(metric, what):
    agreed = contract({"click": 20, "view": 10}, {}, {"within": "lookback"}, {"sales_channel": "store"},
                      {"measure": "buyers", "sales_channel": "store", "cap": 1}, metrics=[metric])
    with pytest.raises(ContractError, match=what):
        check_metrics(agreed)


def test_the_numbers_of_a_pattern():
    assert [numbers_of(value) for value in ("1", "1+3", "none", "other")] == [(1,), (1, 3), (1,), ()]
