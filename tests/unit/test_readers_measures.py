"""The columns and tables that the wider catalogue reads, and what is refused or ignored in them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from measures_kit import plan_of
from party_kit import write_party

from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import Terms, load_tables, read_tables
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.errors import DataError
from cleanroom.flow import place
from cleanroom.identity.matching import match_keys
from cleanroom.measures.cells import exposure_days
from cleanroom.measures.columns import column_matrix

HEAD = "person,day,basket,amount,quantity,category"
LINE = "1,2025-03-22,x,12.34,2,dairy"
REFUND = "1,2025-03-22,y,-2.34,-1,dairy"


def contract(refunds: str = "refuse", *statistics: dict, **changes) -> Contract:
    base = plan_of(releases=((),)).contract.model_dump(mode="json")
    base |= {"purchases": {"refunds": refunds}, **changes}
    if statistics:
        base["statistics"] = [{"name": f"s{i}", "cap": 10**6, "weight": 1, **each} for i, each in enumerate(statistics)]
        base["releases"][0]["statistics"] = [f"s{i}" for i in range(len(statistics))]
    return Contract.model_validate(base)


def retailer(tmp_path, lines: list[str], head: str = HEAD, agreed: Contract | None = None, **tables):
    folder = write_party(tmp_path, purchases="\n".join([head, *lines]) + "\n", **tables)
    return load_tables(load_party(folder), agreed or contract(), datetime.now(UTC))


def columns(agreed: Contract, tables) -> list[int]:
    """Person 1's first window, by statistic."""
    plan = Plan(agreed)
    matrix, _ = column_matrix(plan, ["1"], tables.purchases, members=tables.members, visits=tables.visits)
    return [int(matrix[0, plan.column_index(number, 2)]) for number in range(len(agreed.statistics))]


def test_refunds_are_refused_without_a_rule(tmp_path):
    with pytest.raises(DataError, match=r"purchases.csv, line 3, field amount: negative — agree on a rule"):
        retailer(tmp_path, [LINE, REFUND])


@pytest.mark.parametrize(("rule", "expected"), [("net", [1, 1000, 1, 1]), ("gross", [1, 1234, 1, 2])])
def test_refunds_follow_the_rule(tmp_path, rule, expected):
    agreed = contract(rule, *({"measure": measure} for measure in ("buyers", "sales", "baskets", "units")))
    assert columns(agreed, retailer(tmp_path, [LINE, REFUND], agreed=agreed)) == expected


def test_a_net_total_below_zero_counts_as_zero_and_a_refund_buys_nothing(tmp_path):
    agreed = contract("net", *({"measure": measure} for measure in ("buyers", "sales", "baskets", "units")))
    assert columns(agreed, retailer(tmp_path, [REFUND], agreed=agreed)) == [0, 0, 0, 0]


def test_ignored_refunds_are_counted(tmp_path):
    agreed = contract("gross")
    tables = retailer(tmp_path, [LINE, REFUND, REFUND], agreed=agreed)
    assert column_matrix(Plan(agreed), ["1"], tables.purchases)[1].refund_lines == 2


def test_another_currency_is_refused_with_its_row(tmp_path):
    lines = [f"{LINE},EUR", f"{LINE},USD"]
    with pytest.raises(DataError, match=r"line 3, field currency: not the currency of the contract"):
        retailer(tmp_path, lines, f"{HEAD},currency")
    with pytest.raises(DataError, match="a second currency"):
        read_tables(load_party(tmp_path), Terms("UTC"))


def test_purchases_before_the_window_and_after_the_calendar_do_not_count(tmp_path):
    agreed = contract("refuse", {"measure": "sales"})
    lines = [LINE, "1,2025-03-21,a,1.00,1,dairy", "1,2025-04-04,b,2.00,1,dairy", "1,2025-04-05,c,4.00,1,dairy"]
    assert columns(agreed, retailer(tmp_path, lines, agreed=agreed)) == [1234 + 200]


def test_purchases_without_a_card_are_read_and_count_for_nobody(tmp_path):
    agreed = contract("refuse", {"measure": "sales"})
    tables = retailer(tmp_path, [LINE, LINE.replace("1,", ",", 1)], agreed=agreed)
    assert tables.purchases["person"].tolist() == ["1", ""]
    assert columns(agreed, tables) == [1234]


@pytest.mark.parametrize(("statistic", "column"), [
    ({"measure": "sales", "sales_channel": "online"}, "sales_channel"),
    ({"measure": "buyers", "customers": "store_only"}, "sales_channel"), ({"measure": "extra_sales"}, "sales_channel"),
    ({"measure": "sales", "scope": "brand"}, "brand"), ({"measure": "buyers", "customers": "new_to_brand"}, "brand"),
    ({"measure": "buyers", "member_segment": "family"}, "segment"), ({"measure": "visits"}, "visits")])
def test_a_statistic_without_its_column_is_refused(tmp_path, statistic, column):
    agreed = contract("refuse", statistic)
    with pytest.raises(DataError, match=column):
        columns(agreed, retailer(tmp_path, [LINE], agreed=agreed))


def test_a_file_without_channels_is_one_of_a_store(tmp_path):
    agreed = contract("refuse", {"measure": "sales", "sales_channel": "store"})
    assert columns(agreed, retailer(tmp_path, [LINE], agreed=agreed)) == [1234]


@pytest.mark.parametrize(("column", "value", "what"), [("sales_channel", "kiosk", "not one of store, online"),
                                                       ("brand", "maybe", "not one of true, false")])
def test_unknown_words_are_refused(tmp_path, column, value, what):
    with pytest.raises(DataError, match=what):
        retailer(tmp_path, [f"{LINE},{value}"], f"{HEAD},{column}")


def test_visits_and_flags_are_read(tmp_path):
    agreed = contract("refuse", {"measure": "visits"}, {"measure": "visitors"}, {"measure": "sales", "scope": "brand"})
    visits = "person,day\n1,2025-03-23\n1,2025-03-23\n1,2025-03-24\n9,2025-03-24\n"
    tables = retailer(tmp_path, [f"{LINE},True"], f"{HEAD},brand", agreed, visits=visits)
    assert columns(agreed, tables) == [2, 1, 1234]
    assert tables.counts()["visits"] == 4


def test_two_arms_of_a_person_are_refused(tmp_path):
    folder = write_party(tmp_path, "advertiser", arms="person,arm,day\na,exposed,2025-03-01\na,control,2025-03-01\n")
    with pytest.raises(DataError, match=r"arms.csv, line 3, field person: this person already has a row"):
        load_tables(load_party(folder), contract(), datetime.now(UTC))


def test_an_unknown_type_of_exposure_is_refused(tmp_path):
    exposures = "person,channel,campaign,day,type\na,email,spring,2025-03-02,hover\n"
    folder = write_party(tmp_path, "advertiser", exposures=exposures)
    with pytest.raises(DataError, match=r"line 2, field type: not one of click, view"):
        load_tables(load_party(folder), contract(), datetime.now(UTC))


def test_an_opportunity_dates_the_control_and_exposes_the_exposed(tmp_path):
    exposures = ("person,channel,campaign,day,type\na,email,spring,2025-03-09,opportunity\n"
                 "b,email,spring,2025-03-12,opportunity\n,email,spring,2025-03-12,view\n")
    folder = write_party(tmp_path, "advertiser", exposures=exposures)
    tables = load_tables(load_party(folder), contract(), datetime.now(UTC))
    frame, excluded = exposure_days(contract(), tables.arms, tables.exposures)
    assert frame.set_index("person")["day"].to_dict() == {"a": pd.Timestamp("2025-03-09"),
                                                          "b": pd.Timestamp("2025-03-12")}
    assert set(excluded.values()) == {0}


@pytest.mark.parametrize("floor", [0, 3])
def test_rare_and_unlisted_paths_become_other(tmp_path, floor):
    people = [(f"p{i}", "email" if i < 4 else "display" if i < 6 else "email>display") for i in range(7)]
    rows = [f"{person},{channel},spring,2025-03-0{2 + step}" for person, path in people
            for step, channel in enumerate(path.split(">"))]
    folder = write_party(
        tmp_path, "advertiser", people="person,email\n" + "".join(f"{p},{p}@example.org\n" for p, _ in people),
        exposures="person,channel,campaign,day\n" + "\n".join(rows) + "\n",
        arms="person,arm,day\n" + "".join(f"{p},exposed,2025-03-01\n" for p, _ in people))
    base = contract().model_dump(mode="json")
    base["dimensions"] = [{"name": "arm", "values": ["exposed"]},
                          {"name": "path", "values": ["email", "display", "other"]}]
    base["disclosure"]["cells_floor"] = floor
    plan = Plan(Contract.model_validate(base))
    tables = load_tables(load_party(folder), plan.contract, datetime.now(UTC))
    placed = place(plan, tables, match_keys(tables.people, ["email"]))
    paths = [plan.cells[cell].values[1] for cell in placed.cells]
    expected = (4, 0, 3) if floor else (4, 2, 1)
    assert (paths.count("email"), paths.count("display"), paths.count("other")) == expected
    assert placed.merged == {"path_merged": 1 if not floor else 3}
    assert np.all(placed.cells >= 0)
