"""The content of measurement.json."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from report_kit import contract, document, everything, table

from cleanroom.contract.plan import Group, Plan
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.noise import noise_half_width

HIDDEN = ("control", "singles")


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def _group(found: dict[str, Any], **labels: str) -> dict[str, Any]:
    return next(group for entry in found["released"] for group in entry["groups"] if group["group"] == labels)


def _estimate(group: Group | None, value: float | None, **changes: Any) -> Estimate:
    return Estimate(**{"metric": "sales", "name": "extra", "group": group, "against": None, "unit": "share",
                       "value": value, "low": value, "high": value, "sampling_se": value, "noise_se": value,
                       **changes})


def _extra(found: dict[str, Any]) -> dict[str, Any]:
    return next(result for result in found["results"] if result["name"] == "extra")


def test_it_is_json_and_names_its_schema() -> None:
    found = document()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["schema"] == "cleanroom-measurement/1"


def test_sections_are_stable() -> None:
    assert list(document()) == ["schema", "contract", "effect", "matched", "results", "categories",
                                "released", "suppression", "privacy", "own", "methodology", "runtime", "translations",
                                "evidence"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_becomes_unknown(value: float) -> None:
    found = document(extra=(_estimate(None, value),))
    json.dumps(found, allow_nan=False)
    assert (_extra(found)["value"], _extra(found)["low"], _extra(found)["note"]) == (None, None, "not_finite")


def test_every_estimate_is_there_with_its_group_by_name() -> None:
    found = document()["results"]
    difference = next(result for result in found if result["name"] == "sales_per_person_difference"
                      and "segment" in result["group"])
    assert difference["group"] == {"arm": "exposed", "segment": "families"}
    assert difference["against"] == {"arm": "control", "segment": "families"}
    assert difference["value"] == 4100.0


def test_released_numbers_carry_cap_noise_and_interval() -> None:
    plan = Plan(contract())
    sales = _group(document(), arm="exposed")["sums"]["sales"]
    half = noise_half_width(plan.sum_scale(0, 1))
    assert sales["value"] == 13_200 * 1016
    assert (sales["low"], sales["high"]) == (sales["value"] - half, sales["value"] + half)
    assert sales["cap"] == 40_000
    assert sales["noise_sd"] == pytest.approx(2 * plan.sum_scale(0, 1), rel=1e-3)


def test_totals_of_money_are_whole_cents() -> None:
    total = next(result for result in document()["results"] if result["unit"] == "cents")
    assert all(isinstance(total[name], int) for name in ("value", "low", "high"))


def test_a_suppressed_group_has_no_number() -> None:
    found = document(suppressed=(HIDDEN,))
    group = _group(found, arm="control", segment="singles")
    assert group["suppressed"] is True
    assert list(_numbers(group)) == []
    assert found["suppression"] == {"groups": 6, "suppressed": 1, "threshold": 50, "share": 0.1667}


@pytest.mark.parametrize("side", ["group", "against"])
def test_an_estimate_about_a_suppressed_group_is_withheld(side: str) -> None:
    other = Group(1, ("exposed", "singles"))
    sides = {"group": other, "against": other, side: Group(1, HIDDEN)}
    found = _extra(document(suppressed=(HIDDEN,), extra=(_estimate(sides["group"], 0.25, against=sides["against"]),)))
    assert list(_numbers(found)) == []
    assert (found["suppressed"], found["note"]) == (True, "suppressed")


def test_matched_people_come_from_the_least_suppressed_release() -> None:
    found = document(suppressed=(HIDDEN,))["matched"]
    assert found["people"]["value"] == 2215
    assert found["complete"] is True
    assert [arm["people"]["value"] for arm in found["arms"]] == [1016, 1199]
    assert found["own_match_rate"]["value"] == 0.886


def test_a_partial_count_says_so() -> None:
    found = document(suppressed=(HIDDEN, ("control",)))["matched"]
    assert found["complete"] is False


def test_nothing_matched_when_all_is_suppressed() -> None:
    found = document(suppressed=everything())
    assert found["matched"]["people"] is None
    assert found["matched"]["own_match_rate"] is None
    assert all(result["value"] is None for result in found["results"])
    assert [list(_numbers(entry["groups"])) for entry in found["released"]] == [[], []]


def test_category_sales_are_divided_by_people() -> None:
    found = document()["categories"]
    assert [(entry["category"], entry["group"]["arm"]) for entry in found] == [("Fresh food", "exposed"),
                                                                              ("Fresh food", "control")]
    assert found[0]["value"] == 4400.0
    assert found[0]["note"] == "noise_only"


def test_only_randomised_arms_make_an_increment() -> None:
    assert "incremental" not in json.dumps(document()).lower()
    randomised = document(of=contract(assignment="randomised"))
    assert randomised["effect"] == "incremental"
    assert any(result["name"] == "incremental_sales" for result in randomised["results"])


def test_privacy_adds_up_and_bounds_the_posterior() -> None:
    privacy = document()["privacy"]
    assert privacy["run"] == {"epsilon": "3", "delta": "0.000001", "posterior": 0.9526}
    assert privacy["left"]["epsilon"] == "3"


def test_own_counts_are_kept_apart() -> None:
    own = document()["own"]
    assert own["refused"] == [{"rule": "R-05", "text": "Consent was withdrawn", "count": 17}]
    assert own["excluded"] == {"no_valid_key": 6}
    assert own["clipping"] == [{"statistic": "sales", "people": 23, "share": 0.0143}]


def test_a_table_without_rows_is_a_document_too() -> None:
    assert table(Plan(contract()), suppressed=()).rows
    assert document(suppressed=everything())["suppression"]["share"] == 1.0
