"""Bad input as a stated result or a clear refusal: what `test_readers_measures` and `test_media_cost` leave."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import pandas as pd
import pytest
from measures_kit import plan_of, table_of
from party_kit import write_party
from report_kit import contract, document

from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import load_tables
from cleanroom.errors import ContractError, DataError
from cleanroom.measures.catalogue import Context, check_metrics, compute
from cleanroom.report.html import render_html

AGREED = plan_of().contract  # Europe/Paris
HEAD = "person,day,basket,amount,quantity,category"


def days(tmp_path, *times: str, zone: str = "") -> list[str]:
    lines = [f"1,{time},x,1.00,1,dairy" for time in times]
    settings = {"purchases": f'time_zone = "{zone}"'} if zone else None
    folder = write_party(tmp_path, purchases="\n".join([HEAD, *lines]) + "\n", settings=settings)
    return [str(day.date()) for day in load_tables(load_party(folder), AGREED, datetime.now(UTC)).purchases["day"]]


def test_mixed_time_zones_are_converted_to_days_of_the_contract(tmp_path):
    assert days(tmp_path, "2025-03-22T23:30:00Z", "2025-03-22T20:00:00-05:00", "2025-03-23T00:30:00+09:00") == [
        "2025-03-23", "2025-03-23", "2025-03-22"]


def test_a_time_of_no_zone_is_refused_or_read_by_the_declared_one(tmp_path):
    assert days(tmp_path, "2025-03-22T23:30:00", zone="America/New_York") == ["2025-03-23"]
    with pytest.raises(DataError, match=r"purchases.csv, line 2, field day"):
        days(tmp_path, "2025-03-22T23:30:00")


def test_a_campaign_without_control_has_everything_but_lift():
    exposed = [{"name": "arm", "values": ["exposed"]}]
    with pytest.raises(ContractError, match="metric lift compares the arms exposed and control"):
        check_metrics(plan_of(releases=(("arm",),), dimensions=exposed).contract)
    plan = plan_of(releases=(("arm",),), dimensions=exposed, metrics=["conversion", "sales"], epsilon="10")
    table = table_of(plan, {("exposed",): (10_000, (4_000, 9_000_000, 900_000, 6_000, 20_000, 9))})
    found = {each.name: each.value for each in compute(plan, table, Context("retailer", 1, 1))}
    assert (found["conversion_rate"], found["sales_per_buyer"]) == (0.4, 2_250)


@pytest.mark.parametrize("people", [0, 200])
def test_nothing_over_nothing_is_a_note_in_every_metric(people):
    """Sums of nothing: whatever is divided by them has a note, and no number is NaN or infinite."""
    plan = plan_of(epsilon="5")
    table = table_of(plan, {group.key: (people, (0,) * 6) for group in plan.groups})
    for each in compute(plan, table, Context("retailer", 0, 0)):
        numbers = (each.value, each.low, each.high, each.sampling_se, each.noise_se)
        assert all(number is None or math.isfinite(number) for number in numbers)
        assert (each.value is None) <= bool(each.note)
        if each.name in {"sales_per_buyer", "average_basket", "conversion_relative_lift"}:
            assert each.note in {"undefined_zero_denominator", "too_noisy"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_page_of_nothing_has_words_for_it(language):
    found = json.loads(json.dumps(document(of=contract())))
    for result in found["results"]:
        result |= {"value": None, "low": None, "high": None, "note": "undefined_zero_denominator"}
    page = render_html(found, language)
    assert "NaN" not in page
    assert {"en": "nothing to divide by", "fr": "division"}[language] in page


def test_a_purchase_before_the_exposure_never_counts():
    """Someone exposed late in a period has no purchase of that period, on whatever day of it."""
    plan = plan_of(releases=((),))
    for column in plan.columns:
        exposed_until = pd.Timestamp("2025-03-01") + pd.Timedelta(days=7 * (column.period + 1) - 1)
        assert all(pd.Timestamp(first) > exposed_until for first, _ in column.days)
