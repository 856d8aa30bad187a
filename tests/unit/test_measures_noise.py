import math

import numpy as np
import pytest

from cleanroom.measures.noise import Noise, noise_half_width, noise_variance, noised, weighted

SCALES = (0.2, 0.7, 1.0, 3.5, 40.0)


def distribution(scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Values and probabilities of the sum of two discrete Laplace draws, by convolution."""
    reach = math.ceil(40 * scale) + 5
    p = np.exp(-np.abs(np.arange(-reach, reach + 1)) / scale)
    both = np.convolve(p / p.sum(), p / p.sum())
    return np.arange(-2 * reach, 2 * reach + 1), both


@pytest.mark.parametrize("scale", SCALES)
def test_variance_is_that_of_both_draws(scale):
    values, p = distribution(scale)
    assert noise_variance(scale) == pytest.approx(float((p * values**2).sum()), rel=1e-9)


@pytest.mark.parametrize("scale", SCALES)
def test_half_width_is_the_smallest_that_leaves_five_percent_outside(scale):
    values, p = distribution(scale)
    half = noise_half_width(scale)
    assert p[np.abs(values) > half].sum() <= 0.05 + 1e-12
    assert half == 0 or p[np.abs(values) > half - 1].sum() > 0.05


@pytest.mark.parametrize("scale", [1e3, 1e9, 1e20])
def test_large_scales_stay_finite_and_proportional(scale):
    assert noise_variance(scale) == pytest.approx(4 * scale**2, rel=1e-6)
    assert noise_half_width(scale) / scale == pytest.approx(4.113, abs=2e-3)


def test_no_noise():
    assert noised(7, 0.0).noise == Noise(0.0, 0.0)


def test_sums_and_units_scale_the_noise():
    total = noised(10, 3.0) + noised(4, 3.0)
    assert total.value == 14
    assert total.noise.variance == pytest.approx(2 * noise_variance(3.0))
    assert total.scaled(100).noise.half_width == pytest.approx(100 * math.sqrt(2) * noise_half_width(3.0))


def test_signs_of_weights_do_not_matter():
    assert weighted([(-2.0, Noise(1.0, 3.0))]) == Noise(4.0, 6.0)
