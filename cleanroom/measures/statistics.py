"""95 % intervals that hold both the sampling of people and the privacy noise.

Inputs are released totals (`Noised`). Sampling treats the matched people of a group as a sample of the people
who could have been in it; noise is known exactly from the contract. The two are independent, so their
half-widths are joined as squares (MOVER: Zou & Donner 2008, Statistics in Medicine 27:1693).

Stated rules for what noise makes impossible; no function ever returns NaN or an infinity:
- a denominator ≤ 0 gives `undefined_zero_denominator`; one whose noise half-width is not under half of it
  gives `too_noisy`, because the delta method for a ratio does not hold there;
- a rate outside [0, 1] is set to the nearer bound and noted `clamped`; totals and means are never clamped;
- a variance below its own noise is replaced by an upper bound (`_variance`), so intervals err on the wide
  side;
- a ratio whose Fieller interval is unbounded gives `too_noisy`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from scipy.special import stdtrit

from cleanroom.measures.noise import CONFIDENCE, Noise, Noised, Z, weighted

Reason = Literal["undefined_zero_denominator", "too_noisy", "too_few_people", "suppressed"]
_UNBOUNDED = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Undefined:
    """There is no number, and why."""

    note: Reason


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with its 95 % interval and both parts of its standard error, all in one unit."""

    value: float
    low: float
    high: float
    sampling_se: float | None
    noise_se: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A number that can still be combined with others.

    `below` and `above` are the half-widths of the 95 % sampling interval, `sampling_variance` the variance
    behind them (None: unknown, the interval holds noise only), `df` the degrees of freedom when they follow
    Student's t. `bounds` limits the interval.
    """

    value: float
    below: float
    above: float
    sampling_variance: float | None
    noise: Noise
    df: float | None = None
    bounds: tuple[float, float] = _UNBOUNDED
    note: str = ""

    def interval(self) -> Interval:
        """Joined interval."""
        low = self.value - math.hypot(self.below, self.noise.half_width)
        high = self.value + math.hypot(self.above, self.noise.half_width)
        return Interval(self.value, max(low, self.bounds[0]), min(high, self.bounds[1]),
                        None if self.sampling_variance is None else math.sqrt(self.sampling_variance),
                        math.sqrt(self.noise.variance), self.note)

    def scaled(self, factor: float) -> Level:
        """The number times a known positive factor."""
        variance = self.sampling_variance
        return replace(self, value=self.value * factor, below=self.below * factor, above=self.above * factor,
                       sampling_variance=None if variance is None else variance * factor**2,
                       noise=weighted([(factor, self.noise)]),
                       bounds=(self.bounds[0] * factor, self.bounds[1] * factor))


Result: TypeAlias = Level | Undefined


def census(total: Noised) -> Level:
    """A total over the matched people: all are counted, none sampled, so only noise makes it uncertain."""
    return Level(total.value, 0.0, 0.0, 0.0, total.noise)


def share(part: Noised, whole: int) -> Result:
    """A noised total over an exact count, in [0, 1]: a census, noise only."""
    if whole <= 0:
        return Undefined("undefined_zero_denominator")
    raw = part.value / whole
    value = min(max(raw, 0.0), 1.0)
    return Level(value, 0.0, 0.0, 0.0, weighted([(1 / whole, part.noise)]), bounds=(0.0, 1.0),
                 note="" if value == raw else "clamped")


def wilson(rate: float, people: float) -> tuple[float, float]:
    """Score interval of a rate (Wilson 1927), without continuity correction; contains `rate`."""
    grow = 1 + Z**2 / people
    centre = (rate + Z**2 / (2 * people)) / grow
    half = Z * math.sqrt(rate * (1 - rate) / people + (Z / (2 * people)) ** 2) / grow
    return max(0.0, min(centre - half, rate)), min(1.0, max(centre + half, rate))


def rate(successes: Noised, people: Noised) -> Result:
    """Share of people: Wilson for sampling, delta method for the noise of both totals."""
    undefined = trouble(people)
    if undefined:
        return undefined
    raw = successes.value / people.value
    value = min(max(raw, 0.0), 1.0)
    low, high = wilson(value, people.value)
    return Level(value, value - low, high - value, value * (1 - value) / people.value,
                 _ratio_noise(value, successes, people), bounds=(0.0, 1.0),
                 note="" if value == raw else "clamped")


def mean(total: Noised, squares: Noised | None, people: Noised, cap: float) -> Result:
    """Σv / n of values in [0, cap]: Student's t with n - 1 degrees for sampling, delta method for noise.

    `squares` is Σv² in the squared unit of `total`; without it the interval holds noise only (`noise_only`).
    """
    undefined = trouble(people)
    if undefined:
        return undefined
    n, value = people.value, total.value / people.value
    noise = _ratio_noise(value, total, people)
    if squares is None:
        return Level(value, 0.0, 0.0, None, noise, note="noise_only")
    if n <= 1:
        return Undefined("too_few_people")
    variance = _variance(total, squares, people, cap) / n
    half = _student(n - 1) * math.sqrt(variance)
    return Level(value, half, half, variance, noise, df=n - 1)


def ratio(total: Noised, count: Noised, people: Noised, average: Result) -> Result:
    """Σv / Σk, with k a count per person; `average` is mean(Σv, Σv², people).

    The sample covariance of v and k is not released. Assumed: a person's expected v is proportional to k.
    Then Σ(v - Rk)² = Σv² - R²Σk², and Σk² ≥ (Σk)²/n bounds it by Σv² - (Σv)²/n, the spread of `average`: an
    upper bound of the sampling part, the tighter the less people differ in k.
    """
    undefined = trouble(count)
    if undefined:
        return undefined
    if isinstance(average, Undefined):
        return average
    value = total.value / count.value
    spread = average.scaled(people.value / count.value)
    return replace(spread, value=value, noise=_ratio_noise(value, total, count))


def difference(first: Result, second: Result) -> Result:
    """first - second, independent. Rates: Newcombe's hybrid score (1998, method 10); means: Welch."""
    if isinstance(first, Undefined):
        return first
    if isinstance(second, Undefined):
        return second
    return combine([(1.0, first), (-1.0, second)])


def combine(terms: Sequence[tuple[float, Level]]) -> Level:
    """Σ wᵢ·θᵢ of independent numbers with known weights, none zero.

    Means use Student's t with Welch–Satterthwaite degrees of freedom, taken from the sampling parts alone:
    noise has a known variance and adds no degrees. Everything else adds squared half-widths of the side that
    matters.
    """
    sampling = _sampling(terms)
    degrees = _satterthwaite(terms)
    if degrees is not None and sampling is not None:
        below = above = _student(degrees) * math.sqrt(sampling)
    else:
        below = math.hypot(*(w * (level.below if w > 0 else level.above) for w, level in terms))
        above = math.hypot(*(w * (level.above if w > 0 else level.below) for w, level in terms))
    return Level(sum(w * level.value for w, level in terms), below, above, sampling,
                 weighted((w, level.noise) for w, level in terms), degrees,
                 (sum(w * level.bounds[w < 0] for w, level in terms),
                  sum(w * level.bounds[w > 0] for w, level in terms)),
                 next((level.note for _, level in terms if level.note), ""))


def standardise(strata: Sequence[tuple[Noised, Result]]) -> Result:
    """Σ wᵢ·θᵢ with weights from noised head counts (direct standardisation).

    Sampling is conditional on the weights. Their noise adds (θᵢ - θ)²·Var(nᵢ)/N² each (delta method); its
    covariance with the noise of other numbers that use the same counts is left out.
    """
    levels = [level for _, level in strata if isinstance(level, Level)]
    if len(levels) < len(strata):
        return next(level for _, level in strata if isinstance(level, Undefined))
    people = sum(count.value for count, _ in strata)
    if not strata or any(count.value <= 0 for count, _ in strata):
        return Undefined("undefined_zero_denominator")
    whole = combine([(count.value / people, level) for (count, _), level in zip(strata, levels, strict=True)])
    weights = [((level.value - whole.value) / people, count.noise)
               for (count, _), level in zip(strata, levels, strict=True)]
    return replace(whole, noise=weighted([(1.0, whole.noise), *weights]))


def relative(first: Result, second: Result) -> Interval | Undefined:
    """first / second - 1, independent, by a Fieller-type interval.

    MOVER-R (Donner & Zou 2012, Statistical Methods in Medical Research 21:347): Fieller's with symmetric
    limits, and it also takes the asymmetric limits of rates. Where the interval of `second` reaches zero, or
    the solution is not real, the ratio is unbounded: `too_noisy`.
    """
    if isinstance(first, Undefined):
        return first
    if isinstance(second, Undefined):
        return second
    top, bottom = first.interval(), second.interval()
    if bottom.low <= 0:
        return Undefined("too_noisy")
    limits = _mover_ratio(top, bottom)
    if limits is None:
        return Undefined("too_noisy")
    quotient = top.value / bottom.value
    sampling = _sampling([(1 / bottom.value, first), (quotient / bottom.value, second)])
    noise = weighted([(1 / bottom.value, first.noise), (quotient / bottom.value, second.noise)])
    return Interval(quotient - 1, limits[0] - 1, limits[1] - 1,
                    None if sampling is None else math.sqrt(sampling), math.sqrt(noise.variance),
                    first.note or second.note)


def _mover_ratio(top: Interval, bottom: Interval) -> tuple[float, float] | None:
    """Limits of θ1/θ2. Low solves with (l1, u2), high with (u1, l2); l2 > 0.

    low = (A - √(A² - XY))/Y is written X/(A + √(A² - XY)), which stays exact when Y passes through zero.
    """
    product = top.value * bottom.value
    x, y = top.low * (2 * top.value - top.low), bottom.high * (2 * bottom.value - bottom.high)
    u, v = top.high * (2 * top.value - top.high), bottom.low * (2 * bottom.value - bottom.low)
    inner, outer = product**2 - x * y, product**2 - u * v
    if inner < 0 or outer < 0:
        return None
    high, divisor = (product + math.sqrt(outer)) / v, product + math.sqrt(inner)
    if divisor > 0:
        return x / divisor, high
    return (0.0, high) if x == product == 0 else None


def _variance(total: Noised, squares: Noised, people: Noised, cap: float) -> float:
    """Sample variance (Σv² - (Σv)²/n)/(n - 1), unless noise hides it.

    Where it is smaller than its own noise error the 97.5 % upper limit is taken instead. Either way it cannot
    exceed m(cap - m)·n/(n - 1), the largest variance of values in [0, cap] with mean m (Bhatia & Davis 2000).
    """
    n = people.value
    m = total.value / n
    estimate = (squares.value - n * m * m) / (n - 1)
    doubt = math.sqrt(squares.noise.variance + (2 * m) ** 2 * total.noise.variance
                      + m**4 * people.noise.variance) / (n - 1)
    likely = estimate if estimate >= doubt else max(estimate, 0.0) + Z * doubt
    inside = min(max(m, 0.0), cap)
    return min(likely, inside * (cap - inside) * n / (n - 1))


def trouble(denominator: Noised) -> Undefined | None:
    """Why nothing can be divided by this total; None when it can."""
    if denominator.value <= 0:
        return Undefined("undefined_zero_denominator")
    return Undefined("too_noisy") if 2 * denominator.noise.half_width >= denominator.value else None


def _ratio_noise(value: float, numerator: Noised, denominator: Noised) -> Noise:
    scale = 1 / denominator.value
    return weighted([(scale, numerator.noise), (value * scale, denominator.noise)])


def _sampling(terms: Sequence[tuple[float, Level]]) -> float | None:
    known = [w * w * level.sampling_variance for w, level in terms if level.sampling_variance is not None]
    return sum(known) if len(known) == len(terms) else None


def _satterthwaite(terms: Sequence[tuple[float, Level]]) -> float | None:
    parts = [(w * w * (level.sampling_variance or 0.0), level.df) for w, level in terms]
    if any(df is None for _, df in parts):
        return None
    spread = sum(v * v / df for v, df in parts if df)
    return sum(v for v, _ in parts) ** 2 / spread if spread else min(df for _, df in parts if df)


def _student(df: float) -> float:
    return float(stdtrit(df, 0.5 + CONFIDENCE / 2))
