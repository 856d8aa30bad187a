"""The whole catalogue through both sides of a run without noise, against the reference of `market`."""

from __future__ import annotations

import math
from fractions import Fraction

import kit
import market
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cleanroom import flow
from cleanroom.contract.attribution import UNATTRIBUTED
from cleanroom.contract.plan import Plan
from cleanroom.disclosure import opening
from cleanroom.measures.catalogue import Context, compute
from cleanroom.table import ReleasedTable

MANY = settings(max_examples=4, deadline=None, phases=[Phase.generate], derandomize=True, database=None,
                suppress_health_check=list(HealthCheck))


class Quiet(Plan):
    """A plan that knows that the test added no noise, so that intervals hold sampling alone."""

    def people_scale(self, release: int) -> float:
        return 0.0

    def sum_scale(self, release: int, statistic: int) -> float:
        return 0.0


class Run:
    """One run of both sides, its estimates by (name, group, detail), and the reference people.

    `encrypted`: through the whole protocol; else the same cells and columns are joined and added up in clear.
    """

    def __init__(self, seed: int, refunds: str = "refuse", floor: int = 0, *, encrypted: bool = False) -> None:
        self.agreed = market.agreement(refunds=refunds, floor=floor)
        self.plan = Plan(self.agreed)
        self.tables = market.tables(seed, refunds=refunds != "refuse")
        setups = [kit.make_setup(self.agreed, role, seed=seed, **kit.EXACT) for role in ("advertiser", "retailer")]
        (left, one), (right, two) = (flow.prepare(setup, own) for setup, own in zip(setups, self.tables, strict=True))
        self.own = one, two
        self.table = _encrypted(setups, left, right) if encrypted else _in_clear(self.plan, left, right)
        self.people = market.matched(self.agreed, *self.tables)
        found = compute(Quiet(self.agreed), self.table, Context("retailer", 1, 1, two.coverage))
        self.estimates = {(each.name, self.labels(each.group), each.detail): each for each in found}

    def labels(self, group) -> tuple[str, ...]:
        return () if group is None else tuple(zip(self.agreed.releases[group.release].axes, group.key, strict=True))

    def value(self, name: str, *group: tuple[str, str], detail: str = "") -> float | None:
        return self.estimates[name, group, detail].value

    def of(self, **wanted: str) -> list[market.Person]:
        return [person for person in self.people
                if all(getattr(person, axis) == value for axis, value in wanted.items())]

    def sum(self, measure: str, people: list[market.Person] | None = None, **filters: str) -> int:
        name = market.name_of(measure, filters)
        return sum(person.values[name] for person in (self.people if people is None else people))


def _encrypted(setups, left, right) -> ReleasedTable:
    nodes = [kit.start(setup, side, initiator=side is left) for setup, side in zip(setups, (left, right), strict=True)]
    kit.exchange(*nodes)
    assert left.closing.table == right.closing.table
    return left.closing.table


def _in_clear(plan: Plan, left, right) -> ReleasedTable:
    placed = left._match._people
    mine, theirs = ([row[0] for row in keys.tolist()] for keys in (placed._keys, right._match._keys))
    numbers = np.repeat(np.arange(len(plan.cells)), placed._real)
    cells = dict(zip((mine[i] for i in placed._order), numbers, strict=True))
    cell, columns_of = np.array([cells.get(key, -1) for key in theirs]), right._columns.matrix()
    people, sums, survivors = [], [], []
    for group in plan.groups:
        totals = np.zeros(plan.width(group), dtype=np.int64)
        for number, weight in plan.weights_of(group).items():
            columns = [0, *(plan.column_index(s, number) for s in plan.statistics_of(group.release))]
            totals += weight * columns_of[cell == number][:, columns].sum(axis=0)
        people.append(int(totals[0]))
        survivors.append(opening.surviving(plan, [*people, *[0] * (len(plan.groups) - len(people))])[len(people) - 1])
        sums += totals[1:].tolist() if survivors[-1] else []
    return opening.build_table(plan, people, survivors, sums)


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(1, encrypted=True)


@MANY
@given(st.integers(0, 10**6), st.sampled_from(["refuse", "net", "gross"]))
def test_every_number_is_the_reference_to_the_cent(seed, refunds):
    check_table(Run(seed, refunds))


def test_the_whole_protocol_opens_the_reference_to_the_cent(run):
    check_table(run)


def check_table(run: Run) -> None:
    for row in run.table.rows:
        terms, labels = run.agreed.releases[row.group.release], dict(run.labels(row.group))
        if terms.attribution is not None:
            credit = [(person, person.credit(terms.attribution).get(labels["channel"], Fraction(0)))
                      for person in run.people]
        else:
            credit = [(person, Fraction(1)) for person in run.of(**labels)]
        units = run.plan.denominator(row.group.release)
        people = units * sum(share for _, share in credit)
        if people < market.THRESHOLD * units:
            assert row.suppressed
            continue
        assert row.people == people
        assert row.sums == tuple(units * sum(share * person.values[name] for person, share in credit)
                                 for name in terms.statistics)


def test_credits_reconcile_with_the_sales_of_everybody_to_the_cent(run):
    for release, terms in enumerate(run.agreed.releases):
        if terms.attribution is not None:
            rows = run.table.of(release)
            assert not any(row.suppressed for row in rows)
            assert sum(row.sums[1] for row in rows) == run.plan.denominator(release) * run.sum("sales")
            assert run.value(f"attributed_sales_{terms.attribution}") == pytest.approx(
                run.sum("sales") - run.value(f"credited_sales_{terms.attribution}", ("channel", UNATTRIBUTED)))


def test_conversion_sales_and_lift(run):
    exposed, control = run.of(arm="exposed"), run.of(arm="control")
    per_head = run.sum("sales", exposed) / len(exposed) - run.sum("sales", control) / len(control)
    arm = ("arm", "exposed")
    assert run.value("conversion_rate", arm) == run.sum("buyers", exposed) / len(exposed)
    assert run.value("average_basket", arm) == run.sum("sales", exposed) / run.sum("baskets", exposed)
    assert run.value("units", arm) == run.sum("units", exposed)
    assert run.value("sales_per_person_difference", arm) == pytest.approx(per_head)
    assert run.value("iroas", arm) == pytest.approx(per_head * len(exposed) / 10_000)


@pytest.mark.parametrize(("metric", "engagement"), [("ropo", "click"), ("vopo", "view")])
def test_ropo_and_vopo_are_parts_of_the_store(run, metric, engagement):
    part, group = run.of(engagement=engagement), ("engagement", engagement)
    for name, measure in (("revenue_share", "sales"), ("buyer_rate", "buyers")):
        assert run.value(f"{metric}_{name}", group) == pytest.approx(
            run.sum(measure, part, sales_channel="store") / run.sum(measure, sales_channel="store"))


def test_offline_share_and_click_and_collect(run):
    store, online, collected = (run.sum("sales", sales_channel=name) for name in ("store", "online", "click_collect"))
    collections = run.sum("baskets", sales_channel="click_collect")
    assert run.value("offline_share") == pytest.approx(store / (store + online))
    assert run.value("basket_online") == pytest.approx(online / run.sum("baskets", sales_channel="online"))
    assert run.value("basket_click_collect") == pytest.approx(collected / collections)
    assert run.value("extra_purchase_rate") == pytest.approx(run.sum("collections_with_extra") / collections)
    assert run.value("extra_sales_per_collection") == pytest.approx(run.sum("extra_sales") / collections)


@pytest.mark.parametrize("kind", market.KINDS)
def test_omnichannel_customers(run, kind):
    buyers = {each: run.sum("buyers", customers=each) for each in market.KINDS}
    assert run.value(f"customers_{kind}") == buyers[kind]
    assert run.value(f"customer_share_{kind}") == pytest.approx(buyers[kind] / sum(buyers.values()))
    assert run.value(f"sales_per_customer_{kind}") == pytest.approx(run.sum("sales", customers=kind) / buyers[kind])
    assert run.value(f"baskets_per_customer_{kind}") == pytest.approx(run.sum("baskets", customers=kind) / buyers[kind])
    families = run.sum("buyers", customers=kind, member_segment="family")
    assert run.value(f"customers_{kind}", detail="family") == families


def test_frequency_and_recency(run):
    for bucket in ("1", "2-3", "4+", "none"):
        part, group = run.of(frequency=bucket), ("frequency", bucket)
        if len(part) < market.THRESHOLD:
            assert run.value("frequency_conversion", group) is None
            continue
        assert run.value("frequency_conversion", group) == run.sum("buyers", part) / len(part)
        assert run.value("frequency_sales_per_person", group) == run.sum("sales", part) / len(part)
        shares = [run.value("recency_share", group, detail=days) for days in ("1-7", "8-14")]
        assert shares[0] == pytest.approx(run.sum("sales", part, days="1-7") / run.sum("sales", part))
        assert sum(shares) >= 1 - 1e-9  # each part is capped by itself: together they may keep more


def test_new_to_brand_visits_and_halo(run):
    new = {"scope": "brand", "customers": "new_to_brand"}
    assert run.value("new_to_brand_buyers") == run.sum("buyers", **new)
    assert run.value("new_to_brand_rate") == run.sum("buyers", **new) / run.sum("buyers", scope="brand")
    assert run.value("new_to_brand_sales_share") == pytest.approx(
        run.sum("sales", **new) / run.sum("sales", scope="brand"))
    assert run.value("visit_rate") == run.sum("visitors") / len(run.people)
    assert run.value("visits_per_person") == run.sum("visits") / len(run.people)
    halo, campaign = run.sum("sales", scope="halo"), run.sum("sales", scope="campaign")
    assert run.value("halo_share") == pytest.approx(halo / (halo + campaign))


def test_coverage_is_of_the_owner_alone(run):
    lines = run.tables[1].purchases
    lines = lines[lines["day"].between(market.day(4), market.day(8 + 14 - 1))]
    carded = lines.loc[lines["person"] != "", "amount_cents"].sum()
    found = run.estimates["carded_sales_share", (), ""]
    assert (found.value, found.note) == (carded / lines["amount_cents"].sum(), "own_exact")
    seen = run.tables[0].exposures
    assert run.own[0].coverage["tied_exposures_share"][1] - run.own[0].coverage["tied_exposures_share"][0] == 7
    assert len(seen) > run.own[0].coverage["tied_exposures_share"][1]


def test_every_metric_has_a_result_and_no_number_is_nan(run):
    assert {each.metric for each in run.estimates.values()} == set(run.agreed.metrics)
    for each in run.estimates.values():
        numbers = (each.value, each.low, each.high)
        assert each.value is None or all(number is not None and math.isfinite(number) for number in numbers)
        assert each.value is not None or each.note
        assert each.value is None or each.low <= each.value <= each.high


def test_rare_paths_are_merged_into_other_and_counted():
    run, whole = Run(1, floor=30), Run(1)
    paths = [person.path for person in whole.people]
    assert run.own[0].merged["path_merged"] > whole.own[0].merged["path_merged"] > 0
    assert paths.count("tv") > 0
    other = run.value("credited_sales_first", ("channel", "other"))
    assert other > whole.value("credited_sales_first", ("channel", "other"))
    rows = [row for row in run.table.rows if run.agreed.releases[row.group.release].attribution == "first"]
    assert sum(row.sums[1] for row in rows if not row.suppressed) <= run.sum("sales")
