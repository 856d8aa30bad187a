"""Parameters of the lattice encryption, and the check that a run fits them.

A sum is opened as round(t v / q) mod t from v = q/t (sum + r) + noise + flood. That is exact when

    |noise| + 2^F ≤ q / 2t,

and hides the noise of R's ciphertexts, which depends on the rows A took, because adding a value x to a
uniform integer of [-2^F, 2^F) moves its distribution by a statistical distance of |x| / 2^(F+1).

Worst case of |noise| for a sum of n encrypted values (|error| ≤ η, encoding rounding ≤ 1/2), with the fresh
public-key encryption of r: e·u and e2·s have N terms of at most η each, e1 one, and r one rounding; a value that
is counted w times brings its error and rounding w times:

    W(n, w) = 21 n w + n w/2 + 2·21·N + 21 + 1/2.

High-probability bound (2^-64): roundings are kept at their worst, since equal values round alike; the errors
are n + 2N + 1 independent sums of 42 signs, ±w/2 for the values and ±1/2 for the rest, so by Hoeffding they exceed
x with probability 2 exp(-2x²/42m), m = n w² + 2N + 1:

    H(n, w) = (n w + 1)/2 + sqrt(21 · 65 ln 2 · m).

A total over more rows than that is several sums over consecutive blocks (`rows_per_sum`), each of them masked, flooded
and opened by itself; the shares are added modulo t. The bounds above hold for each.

Security: ring degree 4096 with log2 q < 109, ternary secret and σ ≈ 3.24 is the 128-bit classical level of
the Homomorphic Encryption Standard (2018), table 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, log, log2, sqrt
from typing import Final

from cleanroom.errors import ContractError
from cleanroom.primitives.ring import N, Q
from cleanroom.primitives.sampling import ETA

T: Final = 2**44  # plaintext modulus
FLOOD_BITS: Final = 62  # F
WORST_CASE_RATIO: Final = 2**36  # flood over W(n, w), always
LIKELY_RATIO: Final = 2**40  # flood over H(n, w)
MAX_WEIGHT: Final = 6  # w: the common denominator of attribution


@dataclass(frozen=True, slots=True)
class Margins:
    """What is left, in bits (log2 of a ratio; 0 is the limit)."""

    correctness_bits: float  # q/2t over noise and flooding
    worst_case_flood_bits: float  # flood over W(n, w)
    likely_flood_bits: float  # flood over H(n, w)


def worst_noise(values: int, weight: int = 1) -> int:
    """W(n, w), rounded up."""
    return ceil((2 * ETA + 1) * values * weight / 2) + 2 * ETA * N + ETA + 1


def likely_noise(values: int, weight: int = 1) -> int:
    """H(n, w), rounded up: exceeded with probability below 2^-64."""
    return ceil((values * weight + 1) / 2 + sqrt(ETA * 65 * log(2) * (values * weight**2 + 2 * N + 1)))


@cache
def rows_per_sum(weight: int = 1) -> int:
    """The most whole blocks of rows that one sum may hold when a row counts up to `weight` times, in rows."""
    blocks = 1 << 20
    while not _fits(blocks * N, weight):
        blocks //= 2
    step = blocks
    while step:  # the bounds grow with the rows, so a binary search finds the largest
        blocks += step if _fits((blocks + step) * N, weight) else 0
        step //= 2
    return blocks * N


def _fits(rows: int, weight: int) -> bool:
    flood, worst, likely = 2**FLOOD_BITS, worst_noise(rows, weight), likely_noise(rows, weight)
    fits: bool = 2 * T * (worst + flood) <= Q and flood >= max(WORST_CASE_RATIO * worst, LIKELY_RATIO * likely)
    return fits


def check_parameters(rows: int, weight: int = 1) -> Margins:
    """Refuse a run whose sums would not open exactly, or whose opening would say too much.

    `rows`: most encrypted values in one sum (R's padded row count when a sum takes a row at most once). `weight`:
    most times that a row counts in one sum. That no total wraps round modulo t, the noise of both sides included,
    is `disclosure.opening.check_range`.
    ContractError with the numbers when: W + 2^F > q/2t; 2^F < 2^36 W; or 2^F < 2^40 H.
    """
    flood, worst, likely = 2**FLOOD_BITS, worst_noise(rows, weight), likely_noise(rows, weight)
    if not _fits(rows, weight):
        counted = f", each up to {weight} times," if weight > 1 else ""
        raise ContractError(
            f"a sum over {rows} rows{counted} accumulates noise up to 2^{log2(worst):.2f}, likely below "
            f"2^{log2(likely):.2f}; flooding of 2^{FLOOD_BITS} must be 2^36 times the first, 2^40 times the "
            f"second, and with noise below 2^{log2(Q / (2 * T)):.2f}",
            where="match", todo="lower the number of people to what one sum can hold",
        )
    return Margins(
        correctness_bits=log2(Q / (2 * T)) - log2(worst + flood),
        worst_case_flood_bits=FLOOD_BITS - log2(worst),
        likely_flood_bits=FLOOD_BITS - log2(likely),
    )
