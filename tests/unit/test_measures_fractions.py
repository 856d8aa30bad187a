"""Shares of a released whole: by hand, at the edges, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from cleanroom.measures.fractions import fraction, inside, portion, proportion
from cleanroom.measures.noise import Noised, noised
from cleanroom.measures.statistics import Level, Result, Undefined, wilson

RUNS, CAP, PEOPLE = 1500, 20_000, 1200


def exact(value: float) -> Noised:
    return Noised(float(value), noised(0, 0.0).noise)


def laplace(rng: np.random.Generator, scale: float) -> int:
    """Both parties' draws."""
    if scale == 0:
        return 0
    p = 1 - np.exp(-1 / scale)
    draws = rng.geometric(p, 4)
    return int(draws[0] - draws[1] + draws[2] - draws[3])


def released(rng: np.random.Generator, value: float, scale: float) -> Noised:
    return noised(round(value) + laplace(rng, scale), scale)


def covered(results: list[Result], truth: float) -> float:
    known = [found.interval() for found in results if isinstance(found, Level)]
    assert len(known) >= 0.98 * len(results)
    return sum(found.low <= truth <= found.high for found in known) / len(known)


def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sales in cents, and whether each person is in the part (a third) of which the share is taken."""
    bought = rng.random(PEOPLE) < 0.5
    value = np.where(bought, np.minimum(rng.gamma(2.0, 1_500, PEOPLE), CAP), 0).round()
    inside = rng.random(PEOPLE) < 1 / 3
    return np.where(inside, value * 1.5, value).round(), inside


@pytest.mark.parametrize("unit", [0.0, 0.5, 2.0])
def test_a_share_of_sales_of_some_people_covers_at_its_level(unit):
    """Noise of `unit` people at most: caps are 30,000 cents and their square."""
    rng, results = np.random.default_rng([17, int(unit * 10)]), []
    most = 1.5 * CAP
    for _ in range(RUNS):
        value, inside = draw(rng)
        parts = [value[inside], value[~inside]]
        sales = [released(rng, part.sum(), unit * most) for part in parts]
        squares = [released(rng, (part / 100).dot(part / 100), unit * (most / 100) ** 2).scaled(10_000)
                   for part in parts]
        results.append(fraction(sales[0], sales[1], (squares[0], squares[1]), most))
    assert 0.93 <= covered(results, 1.5 / 3.5) <= 0.97


@pytest.mark.parametrize("unit", [0.0, 3.0])
def test_a_share_of_buyers_covers_at_its_level(unit):
    rng = np.random.default_rng([23, int(unit)])
    results = []
    for _ in range(RUNS):
        buyers = rng.binomial(PEOPLE, 0.5)
        part = rng.binomial(buyers, 0.3)
        results.append(proportion(released(rng, part, unit), released(rng, buyers - part, unit)))
    assert 0.93 <= covered(results, 0.3) <= 0.97


@pytest.mark.parametrize("unit", [0.0, 3.0])
def test_a_part_of_a_whole_with_its_own_noise_covers_at_its_level(unit):
    rng = np.random.default_rng([29, int(unit)])
    results = []
    for _ in range(RUNS):
        buyers = rng.binomial(PEOPLE, 0.6)
        results.append(portion(released(rng, rng.binomial(buyers, 0.3), unit), released(rng, buyers, unit), 1))
    assert 0.93 <= covered(results, 0.3) <= 0.97


@pytest.mark.parametrize("unit", [0.0, 0.5])
def test_a_part_that_each_value_holds_is_covered_at_least(unit):
    """Sales inside a look-back, of all sales: the bound on the covariance makes the interval wide, never short."""
    rng, results = np.random.default_rng([37, int(unit)]), []
    for _ in range(RUNS):
        whole = np.minimum(rng.gamma(2.0, 500, 500), CAP)
        part = whole * (rng.random(500) < 0.4)
        squares = [released(rng, int((each**2).sum()), unit * CAP**2) for each in (part, whole)]
        results.append(inside(released(rng, int(part.sum()), unit * CAP), released(rng, int(whole.sum()), unit * CAP),
                              (squares[0], squares[1]), CAP))
    assert covered(results, 0.4) >= 0.93


def test_people_with_both_values_or_several_counts_are_covered_at_least():
    rng, both, several = np.random.default_rng(31), [], []
    for _ in range(RUNS):
        taste = rng.gamma(2.0, 1.0, 400)
        one, two = (np.minimum(rng.poisson(500 * taste), CAP) for _ in range(2))
        both.append(fraction(exact(one.sum()), exact(two.sum()), (exact((one**2).sum()), exact((two**2).sum())), CAP))
        count = rng.integers(0, 6, 300)
        several.append(portion(exact(rng.binomial(count, 0.4).sum()), exact(count.sum()), 5))
    assert covered(both, 0.5) >= 0.95
    assert covered(several, 0.4) >= 0.95


def test_by_hand():
    found = fraction(exact(300), exact(700), (exact(30_000), exact(50_000)), 1_000)
    assert isinstance(found, Level)
    assert found.value == 0.3
    assert found.sampling_variance == pytest.approx((0.49 * 30_000 + 0.09 * 50_000) / 1_000**2)
    counts = proportion(exact(30), exact(70))
    assert isinstance(counts, Level)
    assert (counts.value - counts.below, counts.value + counts.above) == pytest.approx(wilson(0.3, 100))


def test_without_squares_the_interval_is_noise_alone_and_says_so():
    found = fraction(noised(300, 5.0), noised(700, 5.0), (None, None), 1_000)
    assert isinstance(found, Level)
    assert (found.note, found.sampling_variance) == ("noise_only", None)
    assert found.interval().low < 0.3 < found.interval().high


@pytest.mark.parametrize(("part", "rest"), [(0, 0), (0, -5)])
def test_nothing_to_divide_by_is_a_note(part, rest):
    for found in (fraction(exact(part), exact(rest), (None, None), 1), proportion(exact(part), exact(rest)),
                  portion(exact(part), exact(rest))):
        assert found == Undefined("undefined_zero_denominator")


def test_much_noise_is_a_note_and_a_share_outside_is_clamped():
    assert proportion(noised(5, 50.0), noised(5, 50.0)) == Undefined("too_noisy")
    found = fraction(exact(-3), exact(100), (exact(10), exact(10)), 100)
    assert isinstance(found, Level)
    assert (found.value, found.note) == (0.0, "clamped")
