"""The truth file against what pandas finds in the files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from synth_kit import by_group, inside, make, measured, reference, window_lines

ONLINE = ("click", "visit")


@pytest.fixture(scope="module", params=[("email",), ("phone", "loyalty", "email")], ids=["email", "three keys"])
def made(request, tmp_path_factory):
    return make(tmp_path_factory.mktemp("synth") / "out", 6_000, seed=5, overlap=0.8, keys=request.param)


@pytest.fixture(scope="module")
def people(made):
    return reference(made)


@pytest.fixture(scope="module")
def lines(made, people):
    return window_lines(made, people)


def ones(people):
    return pd.Series(1, index=people["member"])


def flags(members):
    return pd.Series(1, index=pd.Index(members).unique())


def same(found: pd.DataFrame, made) -> None:
    pd.testing.assert_frame_equal(found, measured(made, *found.columns), check_dtype=False)


def test_matched_people_are_those_of_the_files(made, people):
    same(by_group(people, people=ones(people)), made)
    assert sum(made.truth["keys"]["matched_by"].values()) >= len(people) > 1_500


def test_sales_baskets_and_units_are_those_of_the_files(made, people, lines):
    sales = lines.groupby("member")["cents"].sum()
    each = lines.groupby("member")
    same(by_group(people, buyers=flags(lines["member"]), sales_cents=sales, baskets=each["ticket"].nunique(),
                  capped_sales_cents=sales.clip(upper=30_000), units=each["units"].sum()), made)


def test_sales_by_channel_add_up(made, people, lines):
    channels = {f"{name}_sales_cents": lines[lines["sales_channel"] == name].groupby("member")["cents"].sum()
                for name in ("store", "online", "click_collect", "pickup_extra")}
    same(by_group(people, **channels), made)
    assert measured(made, *channels).to_numpy().sum() == measured(made, "sales_cents").to_numpy().sum()


@pytest.mark.parametrize("name", ["ropo", "vopo"])
def test_store_sales_after_a_contact_are_those_of_the_files(made, people, lines, name):
    contacts = made.frame("advertiser", "exposures").rename(columns={"crm_id": "person"})
    chosen = contacts[contacts["type"].isin(ONLINE) if name == "ropo" else contacts["operation"] == "autumn"]
    store = lines[lines["sales_channel"] == "store"].assign(line=lambda frame: np.arange(len(frame)))
    near = store.merge(chosen, on="person")
    gap = (near["sold_at"].dt.normalize() - near["seen_at"].dt.normalize()).dt.days
    after = store[store["line"].isin(near.loc[gap.between(1, 30), "line"])]
    same(by_group(people, **{f"{name}_buyers": flags(after["member"]),
                             f"{name}_sales_cents": after.groupby("member")["cents"].sum()}), made)


def test_new_to_brand_and_visits_are_those_of_the_files(made, people, lines):
    brand = made.frame("retailer", "purchases").query("brand").assign(member=lambda frame: frame["member"].astype(str))
    brand = brand.merge(people, on="member")
    gap = (brand["window"] - brand["sold_at"].dt.normalize()).dt.days
    now, before = lines.loc[lines["brand"], "member"], brand.loc[gap.between(1, 365), "member"]
    visits = made.frame("retailer", "visits").assign(member=lambda frame: frame["member"].astype(str))
    visits = visits.merge(people, on="member")
    visits = visits[inside(visits, visits["day"].dt.normalize())]
    same(by_group(people, brand_buyers=flags(now), new_to_brand_buyers=flags(now[~now.isin(before)]),
                  visits=visits.groupby("member").size()), made)


def test_effects_follow_from_the_potential_outcomes(made):
    sums = measured(made, "people", "buyers", "buyers_if_exposed", "buyers_if_control").sum()
    effect = made.truth["effect"]["everybody"]
    assert effect["conversion_difference"] == (sums["buyers_if_exposed"] - sums["buyers_if_control"]) / sums["people"]
    seen = measured(made, "buyers", "buyers_if_exposed", "buyers_if_control")
    assert seen.loc["exposed", "buyers"].equals(seen.loc["exposed", "buyers_if_exposed"])
    assert seen.loc["control", "buyers"].equals(seen.loc["control", "buyers_if_control"])


def test_the_sample_lies_around_the_model(tmp_path):
    truth = make(tmp_path / "out", 30_000, seed=2, overlap=1, keys=("loyalty",), lift=0.4, ropo=0.25).truth
    effect, ropo = truth["effect"]["everybody"], truth["ropo"]["everybody"]
    # Standard errors at about 11,000 measured people: 0.003, 0.02 and 0.01; five of them.
    assert effect["conversion_difference"] == pytest.approx(0.25 * 0.4, abs=0.015)
    assert effect["conversion_relative_lift"] == pytest.approx(0.4, abs=0.1)
    assert ropo["ropo_buyer_rate"] == pytest.approx(0.25, abs=0.05)
    assert truth["people"]["common"] == 30_000


@pytest.mark.parametrize("lift", [0, -1])
def test_no_lift_and_no_sales_at_all(tmp_path, lift):
    effect = make(tmp_path / "out", 400, lift=lift).truth["effect"]["everybody"]
    assert effect["conversion_relative_lift"] == lift
    assert effect["sales_cents_per_person_relative_lift"] == lift
