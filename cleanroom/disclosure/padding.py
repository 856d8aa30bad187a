"""Padding that hides sizes and match counts (PROTOCOL.md, "Dummies").

One distribution serves the three places where a size could show one person: the padded size of each
advertiser cell, the retailer's filler rows, and, for each cell and non-empty subset of the key types, how
many of its padding tuples match. It is the discrete Laplace of scale 1/ε centred on c = P/2, conditioned on
0 ≤ x ≤ P.

With α = exp(-ε) and j = x - c, its normaliser is Z = Σ_{|j| ≤ c} α^|j| = 1 + 2α(1 - α^c)/(1 - α), so

    pmf(x) = α^|x - c| / Z        pmf(0) = pmf(P) = α^c (1 - α) / ((1 - α) + 2α(1 - α^c))

Let one more person move the count from n to n + 1. Where n + x and n + 1 + x overlap, the ratio of their
masses is at most 1/α = exp(ε). The only outcome of the first that the second cannot produce is n, of mass
pmf(0), and the other way round n + 1 + P, of mass pmf(P). So the counts are (ε, δ)-indistinguishable exactly
when pmf(0) ≤ δ. pmf(0) falls as c grows (its numerator falls, its denominator rises), and solving pmf(0) ≤ δ
for c gives

    c ≥ ln( ((1 - α) + 2αδ) / (δ (1 + α)) ) / ε
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cleanroom.contract.model import Role
from cleanroom.contract.plan import Plan
from cleanroom.errors import ContractError, DataError, MisuseError


@dataclass(frozen=True, slots=True)
class PaddingTerms:
    """`most` (P, even): the largest number drawn, in tuples. `scale`: of the discrete Laplace, in tuples."""

    most: int
    scale: float


def padding_terms(plan: Plan) -> PaddingTerms:
    """The smallest padding that gives the contract's (ε_match, δ_match)."""
    epsilon, delta = float(plan.contract.match.epsilon), float(plan.contract.match.delta)
    return PaddingTerms(smallest_padding(epsilon, delta), 1 / epsilon)


def smallest_padding(epsilon: float, delta: float) -> int:
    """The smallest even P with `edge_mass(epsilon, P)` ≤ δ. `epsilon` > 0, 0 < `delta` < 1."""
    if not (epsilon > 0 and 0 < delta < 1):
        raise MisuseError("padding needs ε above 0 and δ between 0 and 1")
    alpha = math.exp(-epsilon)
    solution = math.log((-math.expm1(-epsilon) + 2 * alpha * delta) / (delta * (1 + alpha))) / epsilon
    centre = max(0, math.ceil(solution) - 1)  # one below: the logarithm may have been rounded up
    while edge_mass(epsilon, 2 * centre) > delta:
        centre += 1
    return 2 * centre


def edge_mass(epsilon: float, most: int) -> float:
    """pmf(0) of the truncated discrete Laplace on [0, most]: the δ that goes with scale 1/`epsilon`."""
    if most < 0 or most % 2:
        raise MisuseError("the largest padding is an even number, zero or more")
    gap = -math.expm1(-epsilon)  # 1 - α without cancellation for small ε
    reach = epsilon * (most // 2)
    return gap * math.exp(-reach) / (gap - 2 * math.exp(-epsilon) * math.expm1(-reach))


def padding_rows(plan: Plan, most: int) -> int:
    """Padding tuples on each of the two lists: P · cells · (2^K - 1); none where nothing is re-blinded."""
    return 0 if plan.salted else most * len(plan.cells) * _patterns(plan)


def most_rows(plan: Plan, most: int, role: Role) -> int:
    """Most padded rows, in all, that honest padding can give a side under its contract."""
    match = plan.contract.match
    if role == "advertiser":
        return match.max_people_advertiser + most * len(plan.cells)
    return match.max_people_retailer + padding_rows(plan, most) + most


def check_padding(plan: Plan) -> None:
    """Refuse, with the numbers, a contract that would pad with more tuples than its smaller side may have people.

    ContractError.
    """
    match = plan.contract.match
    terms = padding_terms(plan)
    rows, people = padding_rows(plan, terms.most), min(match.max_people_advertiser, match.max_people_retailer)
    if rows > people:
        raise ContractError(
            f"padding takes {rows} tuples ({terms.most} × {len(plan.cells)} cells × {_patterns(plan)} key "
            f"patterns), more than the {people} people that the contract's smaller side may have", where="match",
            todo="use fewer cells, periods or key types, or agree on a larger match.epsilon or match.delta")


def check_people(plan: Plan, role: Role, most: int, people: int) -> None:
    """Refuse a run in which nobody, more than the contract allows, or fewer than there are padding tuples take part.

    `most` is P, `people` the exact number of own people. The texts hold it: they are for the own terminal. All
    refusals are one DataError with one public text, so that an abort does not tell the peer which of them it was.
    """
    match = plan.contract.match
    allowed = match.max_people_advertiser if role == "advertiser" else match.max_people_retailer
    if people == 0:
        raise DataError("nobody is left to take part", where=role,
                        todo="`cleanroom check` shows who is excluded and why")
    if people > allowed:
        raise DataError(f"{people} people would take part, the contract allows {allowed}", where=role,
                        todo="agree on a larger match.max_people, or select fewer people")
    if padding_rows(plan, most) > people:
        raise DataError(f"padding takes {padding_rows(plan, most)} tuples, more than the {people} people that take "
                        "part on this side", where=role,
                        todo="agree on fewer cells, periods or key types, or on a larger match.epsilon or match.delta")


def _patterns(plan: Plan) -> int:
    return (1 << len(plan.contract.match.keys)) - 1
