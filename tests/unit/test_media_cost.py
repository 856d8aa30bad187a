"""What the campaign cost: the advertiser's own column, the contract, or a refusal when they differ."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from measures_kit import plan_of, table_of
from party_kit import write_party

from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import load_tables
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Group, Plan
from cleanroom.errors import DataError
from cleanroom.measures.catalogue import Context, compute
from cleanroom.measures.own import cost_cents, cost_micros

HEAD = "person,channel,campaign,day,cost"
# Two that count, one of an unknown person that does, and three that do not: campaign, channel, day.
ROWS = ("a,email,spring,2025-03-02,0.0049", "b,display,spring,2025-03-20,12.34", ",email,spring,2025-03-03,0.0001",
        "a,email,autumn,2025-03-02,7", "a,radio,spring,2025-03-02,7", "a,email,spring,2025-03-21,7")
EXPOSED = Group(0, ("exposed",))


def contract(cost: int = 0) -> Contract:
    base = plan_of(releases=(("arm",),)).contract.model_dump(mode="json")
    base["campaign"]["cost_cents"] = cost
    return Contract.model_validate(base)


def exposures(tmp_path, rows=ROWS, head: str = HEAD, agreed: Contract | None = None) -> pd.DataFrame:
    folder = write_party(tmp_path, "advertiser", exposures="\n".join([head, *rows]) + "\n")
    return load_tables(load_party(folder), agreed or contract(), datetime.now(UTC)).exposures


def media_cost(agreed: Contract, found: pd.DataFrame) -> int | None:
    """As a run does it, for one part."""
    return cost_cents(agreed, cost_micros(agreed, found))


def test_the_costs_of_the_campaign_are_added_up_and_rounded_once(tmp_path):
    assert media_cost(contract(), exposures(tmp_path)) == 1235  # 12.345


def test_parquet_decimals_and_floats_are_costs_too(tmp_path):
    for kind in ("float64", "object"):
        rows = pd.DataFrame({"person": "a", "channel": "email", "campaign": "spring", "day": "2025-03-02",
                             "cost": pd.Series([0.0125, 0.0125]).astype(kind)})
        folder = tmp_path / kind
        folder.mkdir()
        write_party(folder, "advertiser", exposures=rows)
        found = load_tables(load_party(folder), contract(), datetime.now(UTC)).exposures
        assert media_cost(contract(), found) == 3  # half a cent up


def test_without_the_column_there_is_no_own_cost(tmp_path):
    rows = [row.rpartition(",")[0] for row in ROWS]
    assert media_cost(contract(), exposures(tmp_path, rows, HEAD.removesuffix(",cost"))) is None


def test_a_declared_cost_must_be_the_one_of_the_file(tmp_path):
    found = exposures(tmp_path)
    assert media_cost(contract(1235), found) == 1235
    with pytest.raises(DataError, match=r"exposures, column cost: the costs .* another sum than campaign.cost_cents"):
        media_cost(contract(1234), found)


@pytest.mark.parametrize(("cost", "what"), [("-1", "negative"), ("", "empty"), ("1.2345678", "more than six decimals"),
                                            ("free", "not a number"), ("1000001", "absurdly large")])
def test_costs_that_are_none_are_refused_with_their_line(tmp_path, cost, what):
    with pytest.raises(DataError, match=f"line 2, field cost: {what}"):
        exposures(tmp_path, [f"a,email,spring,2025-03-02,{cost}"])


def test_a_cost_in_another_currency_is_refused(tmp_path):
    with pytest.raises(DataError, match="line 3, field currency: not the currency of the contract"):
        exposures(tmp_path, [f"{ROWS[0]},EUR", f"{ROWS[1]},USD"], f"{HEAD},currency")


def estimates(agreed: Contract, own: int | None) -> dict:
    numbers = {("exposed",): (1000, (500, 2_000_000, 900_000, 9, 9, 9)), ("holdout",): (100, (1,) * 6),
               ("control",): (1000, (300, 1_000_000, 400_000, 9, 9, 9))}
    plan = Plan(agreed)
    found = compute(plan, table_of(plan, numbers), Context("advertiser", 3000, 3000, cost_cents=own))
    return {each.name: each for each in found if each.group == EXPOSED}


def test_returns_and_costs_use_the_contract_else_the_file():
    for agreed, own in ((contract(10_000), None), (contract(), 10_000)):
        found = estimates(agreed, own)
        assert found["roas"].value == 200
        assert found["iroas"].value == pytest.approx(100)
        assert found["cost_per_buyer"].value == 20
        assert found["cost_per_incremental_buyer"].value == pytest.approx(50)
        one = found["cost_per_incremental_buyer"]
        assert (one.low, one.high) == pytest.approx((10_000 / found["incremental_buyers"].high,
                                                     10_000 / found["incremental_buyers"].low))


def test_without_any_cost_nothing_is_divided():
    found = estimates(contract(), None)
    assert {found[name].note for name in ("roas", "iroas", "cost_per_buyer", "cost_per_incremental_buyer")} == {
        "undefined_zero_denominator"}


def test_a_cost_over_a_gain_that_may_be_none_is_not_shown():
    agreed = contract(10_000)
    numbers = {("exposed",): (1000, (301, 1_000_000, 400_000, 9, 9, 9)), ("holdout",): (100, (1,) * 6),
               ("control",): (1000, (300, 1_000_000, 400_000, 9, 9, 9))}
    plan = Plan(agreed)
    found = {each.name: each for each in compute(plan, table_of(plan, numbers), Context("advertiser", 3000, 3000))
             if each.group == EXPOSED}
    assert found["cost_per_incremental_buyer"].note == "too_noisy"
