"""What `synth` writes: readable by the product, the same twice, in realistic disorder, and all or nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pyarrow.parquet as pa_parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synth_kit import make

from cleanroom.adapters.layout import LAYOUTS
from cleanroom.adapters.party import load_party
from cleanroom.adapters.profile import profile_party
from cleanroom.adapters.progress import Silent
from cleanroom.adapters.synth import generate
from cleanroom.adapters.synth.consents import FAILING
from cleanroom.adapters.synth.parameters import CHUNK, Parameters
from cleanroom.adapters.synth.settings import NAMES
from cleanroom.disclosure.padding import check_people, padding_terms
from cleanroom.errors import UsageError
from cleanroom.flow import check_plan
from cleanroom.identity.matching import match_keys
from cleanroom.identity.profiles import PROFILES

OWN_COLUMNS = {"email": ("e_mail", "mail"), "phone": ("mobile", "phone_number"), "loyalty": ("shop_card", "card")}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("synth") / "out", 3_000, seed=11)


def content(folder):
    """Rows of every table, and every other file."""
    return {path.relative_to(folder): pa_parquet.read_table(path) if path.suffix == ".parquet" else path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def same_content(left, right) -> bool:
    return left.keys() == right.keys() and all(left[name] == right[name] for name in left)


def test_same_seed_same_content_other_seed_other_content(made, tmp_path):
    first = content(made.folder)
    assert same_content(first, content(make(tmp_path / "again", 3_000, seed=11).folder))
    other = content(make(tmp_path / "other", 3_000, seed=12).folder)
    assert [str(name) for name in first if first[name] == other[name]] == ["advertiser/party.toml",
                                                                           "retailer/party.toml"]


def test_every_table_of_the_layout_is_there_and_visits_for_later(made):
    for role in NAMES:
        names = {path.stem for path in (made.folder / role / "data").iterdir()}
        assert names == {*LAYOUTS[role]} - {"identities"}
    assert {"type", "cost"} <= set(made.frame("advertiser", "exposures"))
    assert {"sales_channel", "store_region", "brand"} <= set(made.frame("retailer", "purchases"))


def test_the_truth_is_beside_the_parties_never_inside(made):
    assert {path.name for path in made.folder.iterdir()} == {"advertiser", "retailer", "terms.toml", "truth.json"}
    for role in NAMES:
        assert {path.name for path in (made.folder / role).iterdir()} == {"party.toml", "data"}


@pytest.mark.parametrize(("rows", "options"), [
    (100, {}), (100, {"keys": ("email",)}), (101, {"overlap": 0.0}), (333, {"overlap": 1.0, "exposed": 0.3}),
    (1_000, {"refused": 0.0, "ropo": 1.0}), (1_000, {"conversion": 0.001})])
def test_any_size_can_be_read_planned_and_takes_part(tmp_path, rows, options):
    made = make(tmp_path / "out", rows, **options)
    plan = check_plan(made.contract)
    for role in NAMES:
        profile = profile_party(load_party(made.folder / role), made.contract, datetime.now(UTC))
        check_people(plan, role, padding_terms(plan).most, profile.sent)  # what a run checks; raises
        assert set(profile.strangers.values()) == {0}


@settings(max_examples=12, deadline=None)
@given(rows=st.integers(100, 400), seed=st.integers(0, 2**63 - 1), overlap=st.floats(0, 1), lift=st.floats(-1, 1),
       keys=st.permutations(["email", "phone", "loyalty"]).flatmap(lambda all_: st.just(tuple(all_))))
def test_people_add_up_for_any_parameters(tmp_path_factory, rows, seed, overlap, lift, keys):
    parameters = Parameters(rows, seed, overlap, keys, lift)
    out = tmp_path_factory.mktemp("any") / "out"
    truth = generate.write_synth(out, parameters, Silent())
    assert sum(row["people"] for row in truth["common"]) == truth["people"]["common"] == parameters.common
    assert sum(row["people"] for row in truth["measured"]) <= sum(truth["keys"]["matched_by"].values())
    assert pa_parquet.read_metadata(out / "advertiser/data/people.parquet").num_rows == rows
    assert json.loads((out / "truth.json").read_text()) == json.loads(json.dumps(truth))


@pytest.mark.parametrize("rows", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7, 10_000_000])
@pytest.mark.parametrize("overlap", [0, 0.3, 1])
def test_chunks_cover_everybody_once(rows, overlap):
    parameters = Parameters(rows, overlap=overlap)
    serial = 0
    people = common = 0
    for part in parameters.parts():
        assert part.serial == serial
        assert 0 <= part.common <= part.people <= CHUNK
        serial += 2 * part.people - part.common
        people, common = people + part.people, common + part.common
    assert (people, common) == (rows, parameters.common)


def test_chunks_share_no_id_and_no_key(tmp_path, monkeypatch):
    monkeypatch.setattr("cleanroom.adapters.synth.parameters.CHUNK", 300)
    made = make(tmp_path / "out", 1_000)
    for role, table, person in (("advertiser", "people", "crm_id"), ("retailer", "members", "member")):
        assert made.frame(role, table)[person].is_unique
        counts = match_keys(made.admitted(role).tables.roster, ["phone", "loyalty"]).counts
        assert [count.duplicate for count in counts.values()] == [0, 0]
    purchases = made.frame("retailer", "purchases")
    assert (purchases.groupby("ticket")["member"].nunique() == 1).all()


@pytest.mark.parametrize("key", ["email", "phone", "loyalty"])
def test_both_sides_agree_on_keys_under_their_disorder(made, key):
    sides = [made.frame(*place)[column].dropna() for place, column in
             zip((("advertiser", "people"), ("retailer", "members")), OWN_COLUMNS[key], strict=True)]
    normalise = PROFILES["cleanroom-fr-1"].normalisers[key]
    values = [{found for text in side if isinstance(found := normalise(text), str)} for side in sides]
    assert len(values[0] & values[1]) == made.truth["keys"]["equal"][key]
    assert len(set(sides[0]) & set(sides[1])) < 0.8 * made.truth["keys"]["equal"][key]  # as typed they differ


def test_emails_are_in_disorder(made):
    texts = made.frame("advertiser", "people")["e_mail"]
    assert texts.isna().sum() > 100
    typed = texts.dropna()
    assert typed.str.contains(r"\+advertiser@", regex=True).any()
    assert (typed != typed.str.strip()).any()
    assert (typed != typed.str.lower()).any()
    assert typed.str.contains(" at ").any()
    assert (typed[typed.str.contains("home")].value_counts() == 2).any()


@pytest.mark.parametrize("role", list(NAMES))
def test_consent_stands_for_all_but_the_refused(made, role):
    report = made.admitted(role).report
    assert report.admitted / report.considered == pytest.approx(0.92 * 0.996, abs=0.02)
    assert {rule for rule, count in report.refused.items() if count} == {
        "R-15", "R-01", "R-05", "R-02", "R-06", "R-03", "R-04", "R-07", "R-12"}
    events = made.frame(role, "consents")
    person = "crm_id" if role == "advertiser" else "member"
    ties = events[events.duplicated([person, "purpose", "event_time"], keep=False)]
    assert set(ties["status"]) == {"given", "withdrawn"}
    assert events["consent_id"].is_unique
    assert len(FAILING) == 12


def test_every_channel_and_sales_channel_occurs(made):
    assert set(made.frame("advertiser", "exposures")["medium"]) == {*made.contract.campaign.channels, "site_visit"}
    purchases = made.frame("retailer", "purchases")
    assert set(purchases["sales_channel"]) == {"store", "online", "click_collect", "pickup_extra"}
    assert purchases.loc[purchases["store_region"].isna(), "sales_channel"].unique().tolist() == ["online"]
    assert set(purchases.loc[purchases["brand"], "department"]) == {"TEA"}


def test_amounts_have_a_heavy_tail(made):
    amounts = made.frame("retailer", "purchases")["amount"].astype(float)
    assert amounts.max() > 30 * amounts.median()
    assert np.isclose(amounts.median(), 6, rtol=0.1)


def test_an_extra_purchase_follows_a_collection_on_the_same_day(made):
    purchases = made.frame("retailer", "purchases")
    extra = purchases[purchases["sales_channel"] == "pickup_extra"][["member", "sold_at"]]
    collected = purchases[purchases["sales_channel"] == "click_collect"][["member", "sold_at"]]
    assert len(extra.merge(collected.drop_duplicates(), on=["member", "sold_at"])) == len(extra)


def test_the_cost_of_the_contract_is_that_of_the_exposures(made):
    exposures = made.frame("advertiser", "exposures")
    cost = exposures.loc[exposures["operation"] == "autumn", "cost"].sum()
    assert made.contract.campaign.cost_cents == made.truth["campaign_cost_cents"] == round(cost * 100)


def test_a_folder_that_exists_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        make(tmp_path / "out", 100)
    assert list(tmp_path.rglob("*")) == [tmp_path / "out"]


def test_a_missing_parent_is_refused(tmp_path):
    with pytest.raises(UsageError, match="not a folder"):
        make(tmp_path / "no" / "out", 100)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_nothing_stays_behind_a_failure(tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(generate, "terms_text", fail)
    monkeypatch.setattr(generate, "obstacle", lambda *_: "")
    with pytest.raises(error):
        make(tmp_path / "out", 100)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("options", "named"), [
    ({"rows": 99}, "--rows"), ({"rows": 10**9}, "--rows"), ({"overlap": 1.1}, "--overlap"),
    ({"overlap": float("nan")}, "--overlap"), ({"keys": ()}, "--keys"), ({"keys": ("email", "email")}, "--keys"),
    ({"keys": ("name",)}, "--keys"), ({"seed": -1}, "--seed"), ({"lift": -1.5}, "--lift"),
    ({"conversion": 0.6, "lift": 0.2}, "--conversion"), ({"exposed": 1}, "--exposed"), ({"refused": 1}, "--refused"),
    ({"ropo": 2}, "--ropo")])
def test_parameters_out_of_bounds_are_named(options, named):
    with pytest.raises(UsageError, match=named):
        Parameters(**{"rows": 100, **options})


def test_too_few_people_for_a_contract_are_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UsageError, match="too few"):
        make(tmp_path / "out", 100, refused=0.9)
    assert list(tmp_path.iterdir()) == []


def test_names_and_addresses_meet_as_the_truth_says(tmp_path):
    made = make(tmp_path / "out", 2_000, keys=("postal",))
    sides = [match_keys(made.tables(role).roster, ["postal"]) for role in NAMES]
    values = [{value for value, in side.values.tolist() if value is not None} for side in sides]
    assert len(values[0] & values[1]) == made.truth["keys"]["equal"]["postal"] > 300
    assert all(side.counts["postal"].duplicate == side.counts["postal"].invalid == 0 for side in sides)
