"""Shares of a whole that is itself released: of sales, of counts.

Both parts are noised totals T₁ and T₂ over the same matched people; the share is p = T₁ / (T₁ + T₂). With a person's
values x and y its sampling error is that of Σ((1-p)x - py) / (T₁ + T₂), so

    Var = ((1-p)² Σx² + p² Σy² - 2p(1-p) Σxy) / (T₁ + T₂)².

Where nobody has both values, Σxy = 0. Where people may have both, Σxy ≥ 0 is not released and left out: an upper bound.
Noise enters with the derivatives (1-p)/T and -p/T.
"""

from __future__ import annotations

import math
from dataclasses import replace

from cleanroom.measures.noise import Noise, Noised, Z, weighted
from cleanroom.measures.statistics import Level, Result, Undefined, trouble, wilson


def fraction(part: Noised, rest: Noised, squares: tuple[Noised | None, Noised | None], cap: float) -> Result:
    """Share of `part` in part + rest, totals of values in [0, cap].

    `squares` are Σx² and Σy² in the squared unit of the totals; without them the interval holds noise only. A variance
    below its own noise is replaced by its 97.5 % upper limit, never above cap · p(1-p) · T (x² ≤ cap · x).
    """
    found = _share(part, rest)
    if isinstance(found, Undefined):
        return found
    p, total, noise, note = found
    of, others = squares
    if of is None or others is None:
        return Level(p, 0.0, 0.0, None, noise, bounds=(0.0, 1.0), note=note or "noise_only")
    spread = (1 - p) ** 2 * of.value + p**2 * others.value
    doubt = math.sqrt((1 - p) ** 4 * of.noise.variance + p**4 * others.noise.variance)
    likely = spread if spread >= doubt else max(spread, 0.0) + Z * doubt
    variance = min(likely, cap * p * (1 - p) * total) / total**2
    half = Z * math.sqrt(variance)
    return Level(p, half, half, variance, noise, bounds=(0.0, 1.0), note=note)


def proportion(part: Noised, rest: Noised) -> Result:
    """Share of `part` in part + rest, counts of people: Wilson for sampling."""
    found = _share(part, rest)
    if isinstance(found, Undefined):
        return found
    p, total, noise, note = found
    low, high = wilson(p, total)
    return Level(p, p - low, high - p, p * (1 - p) / total, noise, bounds=(0.0, 1.0), note=note)


def portion(part: Noised, whole: Noised, most: int | None = None) -> Result:
    """Share of `part` in a `whole` that holds it and is released by itself, with a noise of its own.

    Both are counts of which one person brings at most `most`: Wilson for sampling. With more than one a person they
    are not independent; their variance is at most `most` times p(1-p)/T (Σ(k-pc)² for 0 ≤ k ≤ c ≤ most is largest
    when k is 0 or c), so T / most people are assumed: an upper bound. Without `most` the totals are no counts, the
    spread is unknown, and the interval holds noise only.
    """
    undefined = trouble(whole)
    if undefined:
        return undefined
    raw, total = part.value / whole.value, whole.value
    p = min(max(raw, 0.0), 1.0)
    noise, note = weighted([(1 / total, part.noise), (p / total, whole.noise)]), "" if p == raw else "clamped"
    if most is None:
        return Level(p, 0.0, 0.0, None, noise, bounds=(0.0, 1.0), note=note or "noise_only")
    low, high = wilson(p, total / most)
    return Level(p, p - low, high - p, p * (1 - p) * most / total, noise, bounds=(0.0, 1.0), note=note)


def inside(part: Noised, whole: Noised, squares: tuple[Noised | None, Noised | None], cap: float) -> Result:
    """Share of `part` in a `whole` that holds it person by person, released by itself: totals of values in [0, cap].

    With x ≤ w a person, Σ(x - pw)² = Σx² - 2pΣxw + p²Σw² ≤ (1-2p)Σx² + p²Σw², because Σxw ≥ Σx² is not released:
    an upper bound. `squares` are Σx² and Σw²; without them the interval holds noise only. Never above
    cap · p(1-p) · T, as in `fraction`.
    """
    found = portion(part, whole)
    of, all_ = squares
    if isinstance(found, Undefined) or of is None or all_ is None:
        return found
    p, total = found.value, whole.value
    spread = (1 - 2 * p) * of.value + p**2 * all_.value
    doubt = math.sqrt((1 - 2 * p) ** 2 * of.noise.variance + p**4 * all_.noise.variance)
    likely = spread if spread >= doubt else max(spread, 0.0) + Z * doubt
    variance = min(likely, cap * p * (1 - p) * total) / total**2
    half = Z * math.sqrt(variance)
    return replace(found, below=half, above=half, sampling_variance=variance,
                   note="" if found.note == "noise_only" else found.note)


def _share(part: Noised, rest: Noised) -> tuple[float, float, Noise, str] | Undefined:
    """(p clamped to [0, 1], total, noise of p, note)."""
    total = part + rest
    undefined = trouble(total)
    if undefined:
        return undefined
    raw = part.value / total.value
    p = min(max(raw, 0.0), 1.0)
    noise = weighted([((1 - p) / total.value, part.noise), (-p / total.value, rest.noise)])
    return p, total.value, noise, "" if p == raw else "clamped"
