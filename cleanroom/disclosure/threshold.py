"""The threshold must lie above the noise: otherwise noise alone opens groups in which nobody is."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Final

from cleanroom.contract.plan import Plan
from cleanroom.errors import ContractError
from cleanroom.limits import MAX_EPSILON

MOST_EMPTY: Final = 0.01  # probability that an empty group is opened
_FAR: Final = 20  # scales: two draws reach this with probability below 1e-7
_STEPS: Final = 100  # ε is proposed in hundredths


def empty_passes(threshold: int, scale: float) -> float:
    """P(X ≥ threshold) for the noise X of both sides on a group of nobody; `threshold` ≥ 0, `scale` > 0, in people.

    X is the sum of two discrete Laplace draws. With p = exp(-1/scale), c = (1-p)/(1+p) and a = (1+p²)/(1-p²) their
    convolution is P(X = k) = c² p^k (k + a) for k ≥ 0, and Σ_{k≥m} p^k (k + a) = p^m ((m + a)/(1-p) + p/(1-p)²).
    """
    p, rest = math.exp(-1 / scale), -math.expm1(-1 / scale)
    a = (1 + p * p) / -math.expm1(-2 / scale)
    series = (threshold + a) / rest + p / (rest * rest)
    return (rest / (1 + p)) ** 2 * math.exp(-threshold / scale) * series


def smallest_threshold(scale: float) -> int:
    """The smallest threshold that an empty group passes with a probability of at most `MOST_EMPTY`."""
    candidates = range(math.ceil(_FAR * scale) + _FAR)
    return bisect_left(candidates, -MOST_EMPTY, key=lambda threshold: -empty_passes(threshold, scale))


def check_threshold(plan: Plan) -> None:
    """Refuse, with the numbers, a contract under which noise alone would open empty groups. ContractError."""
    threshold = plan.contract.disclosure.threshold
    for index in range(len(plan.contract.releases)):
        scale = plan.people_scale(index) / plan.denominator(index)  # in people, also where a row counts credit
        chance = empty_passes(threshold, scale)
        if chance > MOST_EMPTY:
            raise ContractError(
                f"an empty group of release {index} reaches the threshold of {threshold} by noise alone with "
                f"probability {100 * chance:.3g} % (scale {scale:.4g} people, once per party); at most "
                f"{100 * MOST_EMPTY:g} % is allowed",
                where="disclosure.threshold", todo=_remedy(plan, index, threshold, scale))


def _remedy(plan: Plan, index: int, threshold: int, scale: float) -> str:
    wanted = f"raise the threshold to {smallest_threshold(scale)}"
    unit = scale * float(plan.contract.releases[index].epsilon)  # the scale is this over ε
    hundredths = range(1, int(MAX_EPSILON * _STEPS) + 1)
    found = bisect_left(hundredths, -MOST_EMPTY, key=lambda step: -empty_passes(threshold, unit * _STEPS / step))
    if found == len(hundredths):
        return f"{wanted}, or release {index}'s people_weight"
    return f"{wanted}, or the ε of release {index} to {hundredths[found] / _STEPS:g}, or its people_weight"
