"""OpenDP's samplers against the exact distributions.

Each distribution test draws a fixed number and fails when a chi-square test gives p < 1e-9: by chance once in
a billion runs, while a scale wrong by 10 % or a centre off by one gives a p far below that (tested, too).
"""

from __future__ import annotations

import math
from collections import Counter

import pytest
from scipy.stats import chisquare

from cleanroom.adapters import noise as noise_module
from cleanroom.adapters.noise import OpenDPNoise
from cleanroom.disclosure.mechanism import measured_epsilon
from cleanroom.errors import MisuseError

DRAWS = 20_000


def p_value(draws: list[int], pmf: dict[int, float]) -> float:
    """Chi-square over the points of `pmf` expected at least 5 times; all other points are one bin."""
    counts = Counter(draws)
    points = [x for x, mass in pmf.items() if mass * len(draws) >= 5]
    seen = [counts[x] for x in points]
    expected = [pmf[x] * len(draws) for x in points]
    rest = len(draws) - sum(expected)
    if rest < 5:  # too few for a bin of their own
        seen[0] += len(draws) - sum(seen)
        expected[0] += rest
    else:
        seen.append(len(draws) - sum(seen))
        expected.append(rest)
    return float(chisquare(seen, expected).pvalue)


def laplace_pmf(scale: float, most: int) -> dict[int, float]:
    alpha = math.exp(-1 / scale)
    return {x: (1 - alpha) / (1 + alpha) * alpha ** abs(x) for x in range(-most, most + 1)}


def truncated_pmf(scale: float, high: int) -> dict[int, float]:
    weights = {x: math.exp(-abs(x - high // 2) / scale) for x in range(high + 1)}
    return {x: weight / sum(weights.values()) for x, weight in weights.items()}


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.7])
def test_laplace_has_its_distribution(scale: float) -> None:
    assert p_value(OpenDPNoise().laplace(scale, DRAWS), laplace_pmf(scale, 200)) > 1e-9


@pytest.mark.parametrize(("scale", "high"), [(1.0, 28), (2.0, 8), (30.0, 6), (1.0, 2)])
def test_truncated_laplace_has_its_distribution(scale: float, high: int) -> None:
    draws = OpenDPNoise().truncated_laplace(scale, high, DRAWS)
    assert p_value(draws, truncated_pmf(scale, high)) > 1e-9
    assert min(draws) >= 0
    assert max(draws) <= high


def test_the_check_would_see_a_wrong_scale_and_a_wrong_centre() -> None:
    draws = OpenDPNoise().laplace(3.7, DRAWS)
    assert p_value(draws, laplace_pmf(3.7 * 1.1, 200)) < 1e-9
    assert p_value([x + 1 for x in draws], laplace_pmf(3.7, 200)) < 1e-9


@pytest.mark.parametrize("size", [0, 1, 5, 23])
def test_the_number_of_draws_is_exact_across_batches(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise_module, "_BATCH", 5)
    assert len(OpenDPNoise().laplace(1.0, size)) == size
    assert len(OpenDPNoise().truncated_laplace(1.0, 4, size)) == size


def test_no_room_means_no_padding() -> None:
    assert OpenDPNoise().truncated_laplace(1.0, 0, 50) == [0] * 50


def test_draws_are_fresh() -> None:
    assert OpenDPNoise().laplace(1e6, 20) != OpenDPNoise().laplace(1e6, 20)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan])
def test_a_scale_that_adds_no_noise_is_refused(scale: float) -> None:
    with pytest.raises(MisuseError):
        OpenDPNoise().laplace(scale, 3)


@pytest.mark.parametrize(("high", "size"), [(3, 1), (-2, 1), (4, -1)])
def test_bad_truncation_or_size_is_refused(high: int, size: int) -> None:
    with pytest.raises(MisuseError):
        OpenDPNoise().truncated_laplace(1.0, high, size) if size > 0 else OpenDPNoise().laplace(1.0, size)


@pytest.mark.parametrize(("scale", "sensitivity"), [(1.0, 1), (2.5, 1), (4e6, 30_000), (0.1, 2)])
def test_the_privacy_map_is_sensitivity_over_scale(scale: float, sensitivity: int) -> None:
    assert measured_epsilon(scale, sensitivity) == pytest.approx(sensitivity / scale, rel=1e-12)
