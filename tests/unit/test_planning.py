"""The forecast: right against simulation, and the same intervals as the report of the imagined run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from measures_kit import plan_of

from cleanroom.contract.plan import Plan
from cleanroom.errors import UsageError
from cleanroom.measures.noise import noise_below, noise_half_width
from cleanroom.measures.planning import Assumptions, Forecast, forecasts, group_forecasts, suppression


def assumed(plan: Plan, people: float = 3000.0, **changes: float) -> Assumptions:
    terms = {"retailer": 10_000, "overlap": 0.5, "conversion": 0.3, "mean": 50.0, "sd": 80.0, **changes}
    return Assumptions((people,) * len(plan.cells), **terms)


def noise(generator: np.random.Generator, scale: float, size: int) -> np.ndarray:
    draws = [generator.geometric(-math.expm1(-1 / scale), size) for _ in range(4)]
    return draws[0] - draws[1] + draws[2] - draws[3]


@pytest.mark.parametrize("limit", [-9, 0, 1, 7])
def test_the_distribution_of_the_noise(limit: int) -> None:
    drawn = noise(np.random.default_rng(1), 3.0, 200_000)
    assert noise_below(limit, 3.0) == pytest.approx(float((drawn < limit).mean()), abs=0.005)


def test_no_noise_is_a_step() -> None:
    assert [noise_below(limit, 0.0) for limit in (-1, 0, 1)] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(("people", "matched"), [(80, 0.5), (100, 0.5), (140, 0.4), (50, 1.0), (0, 0.5)])
def test_suppression_against_simulation(people: int, matched: float) -> None:
    generator = np.random.default_rng(2)
    counts = generator.binomial(people, matched, 200_000) + noise(generator, 4.0, 200_000)
    assert suppression(people, matched, 4.0, 50) == pytest.approx(float((counts < 50).mean()), abs=0.005)


def test_a_large_group_is_never_suppressed_and_an_empty_one_always() -> None:
    assert suppression(50_000_000, 0.5, 10.0, 50) < 1e-12
    assert suppression(0, 0.5, 1.0, 50) > 1 - 1e-12


def test_expected_people_are_those_of_both_files() -> None:
    plan = plan_of(releases=[()])
    (whole,) = group_forecasts(plan, assumed(plan, 100.0))
    assert whole.people == pytest.approx(50.0 * len(plan.cells))
    (whole,) = group_forecasts(plan, assumed(plan, 100.0, retailer=90))
    assert whole.people == pytest.approx(90.0)


def found(plan: Plan, name: str, **changes: float) -> Forecast:
    return next(each for each in forecasts(plan, assumed(plan, **changes)) if each.estimate.name == name)


def test_half_widths_of_a_mean_by_hand() -> None:
    plan = plan_of(releases=[("arm",)])
    people = 3000.0 * 0.5 * 3  # three periods
    mean = found(plan, "sales_per_person", retailer=1_000_000)
    assert mean.sampling == pytest.approx(1.96 * 8000 / math.sqrt(people), rel=0.01)
    least = noise_half_width(plan.sum_scale(0, 1)) / people  # the count's noise adds a little
    assert least <= mean.noise <= 1.2 * least
    assert mean.half == pytest.approx(math.hypot(mean.sampling, mean.noise))


def test_detectable_effects_shrink_with_people_and_grow_with_spread() -> None:
    plan = plan_of(releases=[("arm",)])
    name = "sales_per_person_difference"
    small, large = (found(plan, name, people=n, retailer=10**8).detectable for n in (1_000.0, 9_000.0))
    assert small > 2 * large
    assert found(plan, name, sd=160.0).detectable > found(plan, name, sd=80.0).detectable


def test_a_detectable_effect_is_found_four_times_in_five() -> None:
    plan = plan_of(releases=[("arm",)])
    effect = found(plan, "sales_per_person_difference", retailer=10**8)
    generator = np.random.default_rng(3)
    people = 4500
    means = [generator.normal(5000 + lift, 8000 / math.sqrt(people), 20_000)
             + noise(generator, plan.sum_scale(0, 1), 20_000) / people for lift in (effect.detectable, 0.0)]
    power = float((np.abs(means[0] - means[1]) > effect.half).mean())
    assert 0.78 <= power <= 0.86


def test_no_effect_is_assumed() -> None:
    plan = plan_of(releases=[("arm",)])
    assert found(plan, "conversion_difference").estimate.value == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("changes", [{"overlap": 0.0}, {"overlap": 1.1}, {"conversion": 0.0}, {"mean": -1.0},
                                     {"sd": math.nan}, {"retailer": -1}])
def test_impossible_assumptions_are_refused(changes: dict[str, float]) -> None:
    plan = plan_of()
    with pytest.raises(UsageError):
        assumed(plan, **changes).check(plan)


def test_people_of_another_plan_are_refused() -> None:
    with pytest.raises(UsageError):
        Assumptions((1.0,), 1, 0.5, 0.3, 1.0, 1.0).check(plan_of())
