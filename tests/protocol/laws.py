"""Exact laws of the noise, and tests of samples against them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import signal, stats


def truncated_laplace(scale: float, most: int) -> np.ndarray:
    """Probabilities of 0 … most: discrete Laplace centred on most / 2, conditioned on that range."""
    weights = np.exp(-np.abs(np.arange(most + 1) - most // 2) / scale)
    return weights / weights.sum()


def laplace_pair(scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Values and probabilities of the sum of two independent discrete Laplace numbers."""
    reach = math.ceil(40 * scale)
    one = np.exp(-np.abs(np.arange(-reach, reach + 1)) / scale)
    both = np.clip(signal.fftconvolve(one / one.sum(), one / one.sum()), 0, None)
    return np.arange(-2 * reach, 2 * reach + 1), both / both.sum()


def fit(sample: Sequence[int], support: np.ndarray, law: np.ndarray, bins: int = 12) -> float:
    """p-value of a chi-square test of `sample` against `law` on `support`, in bins of about equal probability."""
    cell = np.minimum((np.cumsum(law) * bins).astype(int), bins - 1)
    place = np.asarray(sample) - support[0]
    assert 0 <= place.min() <= place.max() < len(support)
    kept = np.unique(cell)
    expected = np.array([law[cell == c].sum() for c in kept])
    observed = np.array([(cell[place] == c).sum() for c in kept])
    return float(stats.chisquare(observed, expected / expected.sum() * len(place)).pvalue)


def same_law(first: Sequence[int], second: Sequence[int]) -> float:
    """p-value of a two-sample chi-square test on small integers (rare values pooled at the ends)."""
    low, high = np.quantile(np.concatenate([first, second]), [0.02, 0.98])
    edges = np.arange(low, high + 2) - 0.5
    table = np.array([np.histogram(np.clip(sample, low, high), edges)[0] for sample in (first, second)])
    return float(stats.chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue)
