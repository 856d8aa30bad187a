from __future__ import annotations

import math
from typing import get_args

import pytest
from measures_kit import STATISTICS, plan_of, table_of

from cleanroom.contract.model import Metric
from cleanroom.contract.plan import Group, Plan
from cleanroom.errors import ContractError
from cleanroom.measures.catalogue import CATALOGUE, Context, check_metrics, compute
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.noise import noise_half_width, noise_variance
from cleanroom.table import ReleasedTable

OWN = Context("advertiser", 4_000, 9_000)
QUIET = "10"
# key: (people, (buyers, sales, sales_squared, baskets, units, dairy sales)); no statistic is consistent with
# another release by design: each release is noised on its own.
NUMBERS = {
    (): (2_000, (700, 2_000_000, 1_000_000, 1_400, 4_000, 90_000)),
    ("exposed",): (1_200, (480, 1_400_000, 700_000, 900, 2_600, 60_000)),
    ("control",): (800, (220, 600_000, 300_000, 500, 1_400, 30_000)),
    ("exposed", "loyal"): (900, (420, 1_200_000, 600_000, 800, 2_200, 40_000)),
    ("exposed", "new"): (300, (60, 200_000, 100_000, 100, 400, 20_000)),
    ("control", "loyal"): (200, (80, 220_000, 110_000, 180, 500, 10_000)),
    ("control", "new"): (600, (140, 380_000, 190_000, 320, 900, 20_000)),
}
ALL = {**NUMBERS, ("holdout",): (50, (5, 10_000, 5_000, 9, 20, 100)),
       ("holdout", "loyal"): (30, (3, 6_000, 3_000, 5, 11, 60)),
       ("holdout", "new"): (20, (2, 4_000, 2_000, 4, 9, 40))}


def computed(plan: Plan | None = None, numbers=ALL, context: Context = OWN) -> dict[tuple, Estimate]:
    plan = plan or plan_of(epsilon=QUIET)
    return {(found.name, found.group, found.numerator if found.name.startswith("category") else ""): found
            for found in compute(plan, table_of(plan, numbers), context)}


def one(name: str, group: Group | None, **options) -> Estimate:
    return computed(**options)[name, group, ""]


TOTAL, EXPOSED, CONTROL = Group(0, ()), Group(1, ("exposed",)), Group(1, ("control",))


def test_matched_people_carry_the_noise_of_their_release():
    plan = plan_of(epsilon=QUIET)
    found = one("matched_people", EXPOSED)
    assert (found.value, found.sampling_se) == (1_200, 0)
    assert found.noise_se == pytest.approx(math.sqrt(noise_variance(plan.people_scale(1))))
    assert found.high == 1_200 + noise_half_width(plan.people_scale(1))


def test_match_rates_divide_by_own_admitted_and_the_peers_padded_size():
    found = computed()
    own, peer = found["match_rate_advertiser", None, ""], found["match_rate_retailer", None, ""]
    assert (own.value, own.note) == (0.5, "noised")
    assert (peer.value, peer.note) == (pytest.approx(2 / 9), "lower_bound")


def test_roles_swap_the_match_rates():
    found = computed(context=Context("retailer", 4_000, None))
    assert found["match_rate_retailer", None, ""].note == "noised"
    assert ("match_rate_advertiser", None, "") not in found


def test_total_without_its_own_release_is_the_sum_of_a_complete_one():
    plan = plan_of(releases=(("arm",), ("arm", "segment")), epsilon=QUIET)
    known = dict(ALL)
    del known["holdout",]
    found = one("matched_people_total", None, plan=plan, numbers=known)
    assert found.value == 900 + 300 + 200 + 600 + 30 + 20
    assert found.noise_se == pytest.approx(math.sqrt(6 * noise_variance(plan.people_scale(1))))


def test_total_is_suppressed_when_no_release_is_complete():
    found = computed(numbers={("exposed",): ALL["exposed",]})
    assert found["matched_people_total", None, ""].note == "suppressed"
    assert found["match_rate_advertiser", None, ""].value is None


def test_conversion_is_buyers_over_matched_people():
    found = one("conversion_rate", EXPOSED)
    assert found.value == pytest.approx(0.4)
    assert (found.numerator, found.denominator) == ("buyers", "matched people")
    assert found.low < 0.4 < found.high


def test_sales_by_group():
    found = computed()
    values = {name: found[name, EXPOSED, ""].value for name in (
        "sales", "baskets", "units", "sales_per_person", "baskets_per_person", "units_per_person",
        "sales_per_buyer", "average_basket")}
    assert values == pytest.approx({
        "sales": 1_400_000, "baskets": 900, "units": 2_600, "sales_per_person": 1_400_000 / 1_200,
        "baskets_per_person": 0.75, "units_per_person": 2_600 / 1_200, "sales_per_buyer": 1_400_000 / 480,
        "average_basket": 1_400_000 / 900})


def test_category_totals_name_their_category():
    found = computed()["category_sales", EXPOSED, "dairy"]
    assert (found.value, found.unit) == (60_000, "cents")


def test_only_sales_have_a_sampling_part():
    found = computed()
    assert found["baskets_per_person", EXPOSED, ""].note == "noise_only"
    assert found["sales_per_person", EXPOSED, ""].sampling_se == pytest.approx(
        math.sqrt((700_000e4 - 1_400_000**2 / 1_200) / 1_199 / 1_200), rel=1e-9)


def test_suppressed_group_has_no_number():
    known = {key: value for key, value in ALL.items() if key != ("control",)}
    found = [each for each in computed(numbers=known).values() if CONTROL in (each.group, each.against)]
    assert {each.metric for each in found} == {"reach", "conversion", "sales", "lift"}
    assert all((each.value, each.low, each.high, each.noise_se) == (None,) * 4 for each in found)
    assert {each.note for each in found} == {"suppressed"}


def test_lift_of_the_arms():
    found = computed()
    values = {name: found[name, EXPOSED, ""].value for name in (
        "conversion_difference", "conversion_relative_lift", "incremental_buyers",
        "sales_per_person_difference", "sales_relative_lift", "incremental_sales", "roas", "iroas")}
    per_head = 1_400_000 / 1_200 - 750
    assert values == pytest.approx({
        "conversion_difference": 0.4 - 0.275, "conversion_relative_lift": 0.4 / 0.275 - 1,
        "incremental_buyers": 150, "sales_per_person_difference": per_head,
        "sales_relative_lift": per_head / 750, "incremental_sales": 500_000, "roas": 14, "iroas": 5})
    assert found["iroas", EXPOSED, ""].against == CONTROL


def test_lift_compares_within_each_stratum_without_returns():
    plan = plan_of(epsilon=QUIET)
    found = computed(plan)
    new = Group(2, ("exposed", "new"))
    assert found["conversion_difference", new, ""].value == pytest.approx(0.2 - 140 / 600)
    assert found["conversion_difference", new, ""].against == Group(2, ("control", "new"))
    assert ("roas", new, "") not in found


def test_holdout_is_reported_but_not_compared():
    found = computed()
    assert ("conversion_rate", Group(1, ("holdout",)), "") in found
    compared = [each for each in found.values() if each.metric == "lift"]
    assert not [each for each in compared for group in (each.group, each.against)
                if group and "holdout" in group.key]


def test_standardised_comparison_weights_control_by_the_exposed():
    found = one("conversion_difference_standardised", None)
    assert found.value == pytest.approx(480 / 1_200 - (900 * 0.4 + 300 * 140 / 600) / 1_200)
    assert found.low < found.value < found.high
    sales = one("incremental_sales_standardised", None)
    assert sales.value == pytest.approx(1_400_000 - (900 * 1_100 + 300 * 38_000 / 60))
    assert one("iroas_standardised", None).value == pytest.approx(sales.value / 100_000)


def test_standardised_comparison_needs_every_stratum():
    known = {key: value for key, value in ALL.items() if key != ("control", "new")}
    found = one("conversion_difference_standardised", None, numbers=known)
    assert (found.value, found.note) == (None, "suppressed")


def test_observational_arms_are_an_association():
    campaign = {**plan_of().contract.campaign.model_dump(), "assignment": "observational"}
    plan = plan_of(epsilon=QUIET, campaign=campaign)
    found = [each for each in computed(plan).values() if each.metric == "lift" and each.value is not None]
    assert {each.note for each in found} == {"association"}


def test_association_is_said_of_clamped_levels_too():
    campaign = {**plan_of().contract.campaign.model_dump(), "assignment": "observational"}
    plan = plan_of(epsilon=QUIET, campaign=campaign)
    numbers = {**ALL, ("exposed",): (99, (120, *[9] * 5))}
    found = one("conversion_difference", EXPOSED, plan=plan, numbers=numbers)
    assert found.note == "association"


def test_without_cost_there_are_no_returns():
    campaign = {**plan_of().contract.campaign.model_dump(), "cost_cents": 0}
    found = [each for key, each in computed(plan_of(epsilon=QUIET, campaign=campaign)).items() if "roas" in key[0]]
    assert {(each.value, each.note) for each in found} == {(None, "undefined_zero_denominator")}
    assert len(found) == 4


def test_only_the_metrics_of_the_contract_are_computed():
    numbers = {key: (people, ()) for key, (people, _) in ALL.items()}
    found = computed(plan_of(epsilon=QUIET, metrics=["reach"], statistics=()), numbers)
    assert {each.metric for each in found.values()} == {"reach"}


def test_names_are_unique_within_a_group():
    plan = plan_of(epsilon=QUIET)
    estimates = compute(plan, table_of(plan, ALL), OWN)
    assert len({(each.name, each.group, each.numerator) for each in estimates}) == len(estimates)


def test_lots_of_noise_leaves_codes_not_numbers():
    plan = plan_of(epsilon="0.001")
    notes = {each.note for each in compute(plan, table_of(plan, ALL), OWN) if each.value is None}
    assert notes == {"too_noisy"}


def test_fully_suppressed_table_computes():
    plan = plan_of()
    table = ReleasedTable(table_of(plan, {}).rows)
    assert {each.value for each in compute(plan, table, OWN)} == {None}


@pytest.mark.parametrize(("metric", "missing"), [("conversion", 0), ("sales", 1), ("lift", 0), ("lift", 1),
                                                 ("lift", 2)])
def test_metric_without_its_measure_is_refused(metric, missing):
    statistics = [each for index, each in enumerate(STATISTICS) if index != missing]
    with pytest.raises(ContractError, match=f"metric {metric} needs a statistic of {STATISTICS[missing][0]}"):
        check_metrics(plan_of(statistics=statistics, metrics=[metric]).contract)


def test_measure_with_a_category_is_not_enough():
    with pytest.raises(ContractError, match="without category"):
        check_metrics(plan_of(statistics=[("sales", "dairy", 10)], metrics=["sales"]).contract)


@pytest.mark.parametrize("changes", [
    {"dimensions": [{"name": "arm", "values": ["exposed", "other"]}], "releases": ()},
    {"releases": ((), ("segment",))}])
def test_lift_without_two_arms_to_compare_is_refused(changes):
    releases = changes.pop("releases") or (("arm",),)
    with pytest.raises(ContractError, match="metric lift"):
        check_metrics(plan_of(releases=releases, **changes).contract)


def test_squares_cut_below_the_square_of_the_cap_are_refused():
    statistics = [("sales", None, 50_000), ("sales_squared", None, 249_999)]
    with pytest.raises(ContractError, match=r"statistics, 2: .*250000"):
        check_metrics(plan_of(statistics=statistics, metrics=["sales"]).contract)


def test_the_catalogue_is_complete():
    assert {each.number for each in CATALOGUE.values()} == set(range(1, 16))
    assert tuple(CATALOGUE) == tuple(sorted(CATALOGUE, key=lambda name: CATALOGUE[name].number))
    assert set(CATALOGUE) == set(get_args(Metric))
    assert all(each.name == name for name, each in CATALOGUE.items())


def test_exposed_strata_sum_on_the_exposed_side():
    plan = plan_of(epsilon=QUIET)
    found = one("sales_per_person_difference_standardised", None, plan=plan)
    assert found.value == pytest.approx(1_400_000 / 1_200 - (900 * 1_100 + 300 * 38_000 / 60) / 1_200)
