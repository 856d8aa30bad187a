"""Seeded simulations: 95 % intervals hold the true value in 93 to 97 % of runs, with and without noise.

Every run draws people (a binomial number of buyers, gamma-distributed capped spending) and two discrete
Laplace draws per released total. A ratio refused as `too_noisy` is not counted; the settings keep those rare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from cleanroom.measures.noise import Noised, noised
from cleanroom.measures.statistics import (
    Interval,
    Level,
    Result,
    Undefined,
    difference,
    mean,
    rate,
    ratio,
    relative,
    standardise,
)

RUNS = 1200
CAP = 20_000  # cents
SQUARES = (CAP // 100) ** 2


@dataclass(frozen=True)
class Arm:
    people: int
    conversion: float
    shape: float  # of the spending of a buyer: gamma with scale 2,000 cents


@dataclass(frozen=True)
class Totals:
    """Released totals of one arm in one run."""

    people: Noised
    buyers: Noised
    sales: Noised
    squares: Noised

    @property
    def rate(self) -> Result:
        return rate(self.buyers, self.people)

    @property
    def mean(self) -> Result:
        return mean(self.sales, self.squares, self.people, CAP)


EXPOSED, CONTROL = Arm(3_000, 0.30, 2.0), Arm(2_000, 0.22, 1.7)


def spending(rng: np.random.Generator, shape: float, size: int) -> np.ndarray:
    return np.minimum(rng.gamma(shape, 2_000, size).round(), CAP).astype(np.int64)


def laplace(rng: np.random.Generator, scale: float) -> np.ndarray:
    """The noise of both sides, once a run: a discrete Laplace is the difference of two geometrics."""
    if scale == 0:
        return np.zeros(RUNS, dtype=np.int64)
    first, second, third, fourth = rng.geometric(-np.expm1(-1 / scale), (4, RUNS))
    return first - second + third - fourth


def simulate(rng: np.random.Generator, arm: Arm, scale: float) -> list[Totals]:
    buyers = rng.binomial(arm.people, arm.conversion, RUNS)
    run = np.repeat(np.arange(RUNS), buyers)
    value = spending(rng, arm.shape, len(run))
    sales = np.bincount(run, weights=value, minlength=RUNS).astype(np.int64)
    squares = np.bincount(run, weights=(value**2 + 5_000) // 10_000, minlength=RUNS).astype(np.int64)
    scales = (scale, scale, scale * CAP, scale * SQUARES)
    columns = [column + laplace(rng, each) for column, each in
               zip((np.full(RUNS, arm.people), buyers, sales, squares), scales, strict=True)]
    return [Totals(*(noised(int(number), each) for number, each in zip(row[:3], scales[:3], strict=True)),
                   noised(int(row[3]), scales[3]).scaled(10_000)) for row in zip(*columns, strict=True)]


def truth(arm: Arm) -> float:
    """Expected sales per person in cents, by a large draw."""
    return arm.conversion * float(spending(np.random.default_rng(0), arm.shape, 3_000_000).mean())


def assert_covers(results: list[Result | Interval], value: float) -> None:
    known = [found.interval() if isinstance(found, Level) else found for found in results
             if not isinstance(found, Undefined)]
    assert len(known) >= 0.98 * len(results)
    assert 0.93 <= sum(found.low <= value <= found.high for found in known) / len(known) <= 0.97


@pytest.fixture(scope="module", params=[0.0, 1.0, 6.0], ids=["exact", "some-noise", "much-noise"])
def runs(request):
    rng = np.random.default_rng([2025, int(request.param)])
    return simulate(rng, EXPOSED, request.param), simulate(rng, CONTROL, request.param)


@pytest.fixture(scope="module")
def means():
    return truth(EXPOSED), truth(CONTROL)


def test_rate(runs):
    assert_covers([one.rate for one in runs[0]], EXPOSED.conversion)


def test_rate_difference(runs):
    assert_covers([difference(a.rate, b.rate) for a, b in zip(*runs, strict=True)],
                  EXPOSED.conversion - CONTROL.conversion)


def test_relative_lift_of_rates(runs):
    assert_covers([relative(a.rate, b.rate) for a, b in zip(*runs, strict=True)],
                  EXPOSED.conversion / CONTROL.conversion - 1)


def test_mean(runs, means):
    assert_covers([one.mean for one in runs[0]], means[0])


def test_mean_per_buyer(runs, means):
    assert_covers([mean(one.sales, one.squares, one.buyers, CAP) for one in runs[0]],
                  means[0] / EXPOSED.conversion)


def test_mean_difference(runs, means):
    assert_covers([difference(a.mean, b.mean) for a, b in zip(*runs, strict=True)], means[0] - means[1])


def test_relative_lift_of_means(runs, means):
    assert_covers([relative(a.mean, b.mean) for a, b in zip(*runs, strict=True)], means[0] / means[1] - 1)


@pytest.mark.parametrize("scale", [0.0, 3.0])
def test_totals_hold_their_true_value_under_noise_alone(scale):
    noise = laplace(np.random.default_rng(5), scale)
    inside = np.mean([noised(0, scale).noise.half_width >= abs(int(x)) for x in noise])
    assert inside == 1 if scale == 0 else 0.93 <= inside <= 0.975


@pytest.mark.parametrize("scale", [0.0, 2.0])
def test_standardised_difference_undoes_a_different_mix(scale):
    """Two strata with the effect 0.05 in each; the raw difference of the arms would be far from it."""
    rng = np.random.default_rng([7, int(scale)])
    strata = [(simulate(rng, Arm(2_000, 0.35, 2.0), scale), simulate(rng, Arm(500, 0.30, 2.0), scale)),
              (simulate(rng, Arm(400, 0.15, 2.0), scale), simulate(rng, Arm(3_000, 0.10, 2.0), scale))]
    found = [difference(rate(a.buyers + c.buyers, a.people + c.people),
                        standardise([(a.people, b.rate), (c.people, d.rate)]))
             for a, b, c, d in zip(*strata[0], *strata[1], strict=True)]
    assert_covers(found, 0.05)


def test_average_basket_holds_its_true_value_when_sales_follow_baskets():
    """Baskets of 1 to 3 a buyer, each with independent spending: at least the nominal coverage."""
    rng, inside = np.random.default_rng(11), 0
    for _ in range(400):
        baskets = rng.integers(1, 4, 500)
        value = np.bincount(np.repeat(np.arange(500), baskets), weights=rng.gamma(2.0, 1_000, baskets.sum()))
        total, squares, count, buyers = (Noised(float(x), noised(0, 0.0).noise) for x in (
            value.sum(), (value**2).sum(), baskets.sum(), 500))
        found = ratio(total, count, buyers, mean(total, squares, buyers, 10**6))
        assert isinstance(found, Level)
        inside += found.interval().low <= 2_000 <= found.interval().high
    assert inside / 400 >= 0.95
