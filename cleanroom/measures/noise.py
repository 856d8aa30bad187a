"""The privacy noise inside a released number.

Each side adds one discrete Laplace draw, P(x) = (1-p)/(1+p) · p^|x| with p = e^(-1/λ), and both stay in the
number, so its noise is the sum X of two independent draws of the same scale λ (in the number's unit).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scipy.special import ndtri

CONFIDENCE: Final = 0.95
Z: Final = float(ndtri(0.5 + CONFIDENCE / 2))  # normal quantile of a two-sided interval


@dataclass(frozen=True, slots=True)
class Noise:
    """Uncertainty from noise alone: variance, and half the width of its 95 % interval."""

    variance: float
    half_width: float


@dataclass(frozen=True, slots=True)
class Noised:
    """A released total and what is known about its noise. `value` is in the total's unit."""

    value: float
    noise: Noise

    def __add__(self, other: Noised) -> Noised:
        """Sum of two totals with independent noise."""
        return Noised(self.value + other.value, weighted([(1.0, self.noise), (1.0, other.noise)]))

    def scaled(self, factor: float) -> Noised:
        """The same total in another unit."""
        return Noised(self.value * factor, weighted([(factor, self.noise)]))


def noised(value: int, scale: float) -> Noised:
    """A released integer whose two noise shares have this scale each (0: no noise)."""
    return Noised(float(value), Noise(noise_variance(scale), float(noise_half_width(scale))))


def weighted(terms: Iterable[tuple[float, Noise]]) -> Noise:
    """Noise of Σ wᵢ·Xᵢ for independent Xᵢ: variances add, and so do squared half-widths (MOVER)."""
    pairs = tuple(terms)
    return Noise(sum(w * w * noise.variance for w, noise in pairs),
                 math.sqrt(sum((w * noise.half_width) ** 2 for w, noise in pairs)))


def noise_variance(scale: float) -> float:
    """Variance of X: 2 · 2p/(1-p)², about 4λ²."""
    if scale <= 0:
        return 0.0
    return 4 * math.exp(-1 / scale) / math.expm1(-1 / scale) ** 2


@lru_cache(maxsize=4096)
def noise_half_width(scale: float) -> int:
    """Smallest integer t with P(|X| > t) <= 5 %, about 4.11 λ."""
    allowed = 1 - CONFIDENCE
    if scale <= 0 or _tail(0, scale) <= allowed:
        return 0
    low, high = 0, math.ceil(20 * scale + 20)
    while high - low > 1:  # the tail falls: above `allowed` at low, not at high
        middle = (low + high) // 2
        low, high = (low, middle) if _tail(middle, scale) <= allowed else (middle, high)
    return high


def noise_below(limit: int, scale: float) -> float:
    """P(X < limit) for the noise X of one released number."""
    if scale <= 0:
        return float(limit > 0)
    return 1 - _tail(limit - 1, scale) / 2 if limit > 0 else _tail(-limit, scale) / 2


def _tail(t: float, scale: float) -> float:
    """P(|X| > t) for integer t ≥ 0.

    P(X = k) = c² p^k (k + a) for k ≥ 0, with c = (1-p)/(1+p) and a = 1 + 2p²/(1-p²) (convolution of the two
    draws); summing from t + 1 with Σ_{k≥m} p^k (k + a) = p^m ((m + a)/(1-p) + p/(1-p)²) gives the tail.
    """
    p, rest = math.exp(-1 / scale), -math.expm1(-1 / scale)
    a = 1 - 2 * p * p / math.expm1(-2 / scale)
    series = (t + 1 + a) / rest + p / (rest * rest)
    return 2 * (rest / (1 + p)) ** 2 * math.exp(-(t + 1) / scale) * series
