"""Parameters of the lattice encryption, and the check that a run fits them.

A sum is opened as round(t v / q) mod t from v = q/t (sum + r) + noise + flood. That is exact when

    |noise| + 2^F ≤ q / 2t,

and hides the noise of R's ciphertexts, which depends on the rows A took, because adding a value x to a
uniform integer of [-2^F, 2^F) moves its distribution by a statistical distance of |x| / 2^(F+1).

Worst case of |noise| for a sum of n encrypted values (|error| ≤ η, encoding rounding ≤ 1/2), with the fresh
public-key encryption of r: e·u and e2·s have N terms of at most η each, e1 one, and r one rounding:

    W(n) = 21 n + n/2 + 2·21·N + 21 + 1/2.

High-probability bound (2^-64): roundings are kept at their worst, since equal values round alike; the errors
are n + 2N + 1 independent sums of 42 signs ±1/2, so by Hoeffding they exceed x with probability 2
exp(-2x²/42m), m = n + 2N + 1:

    H(n) = (n + 1)/2 + sqrt(21 · 65 ln 2 · m).

Security: ring degree 4096 with log2 q < 109, ternary secret and σ ≈ 3.24 is the 128-bit classical level of
the Homomorphic Encryption Standard (2018), table 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, log2, sqrt
from typing import Final

from cleanroom.errors import ContractError
from cleanroom.primitives.ring import N, Q
from cleanroom.primitives.sampling import ETA

T: Final = 2**44  # plaintext modulus
FLOOD_BITS: Final = 62  # F
WORST_CASE_RATIO: Final = 2**36  # flood over W(n), always
LIKELY_RATIO: Final = 2**40  # flood over H(n)


@dataclass(frozen=True, slots=True)
class Margins:
    """What is left, in bits (log2 of a ratio; 0 is the limit)."""

    correctness_bits: float  # q/2t over noise and flooding
    worst_case_flood_bits: float  # flood over W(n)
    likely_flood_bits: float  # flood over H(n)


def worst_noise(values: int) -> int:
    """W(n), rounded up."""
    return ceil((2 * ETA + 1) * values / 2) + 2 * ETA * N + ETA + 1


def likely_noise(values: int) -> int:
    """H(n), rounded up: exceeded with probability below 2^-64."""
    return ceil((values + 1) / 2 + sqrt(ETA * 65 * log(2) * (values + 2 * N + 1)))


def check_parameters(rows: int) -> Margins:
    """Refuse a run whose sums would not open exactly, or whose opening would say too much.

    `rows`: most encrypted values in one sum (R's padded row count when a sum takes a row at most once). That no
    total wraps round modulo t, the noise of both sides included, is `disclosure.opening.check_range`.
    ContractError with the numbers when: W(rows) + 2^F > q/2t; 2^F < 2^36 W(rows); or 2^F < 2^40 H(rows).
    """
    flood, worst, likely = 2**FLOOD_BITS, worst_noise(rows), likely_noise(rows)
    if 2 * T * (worst + flood) > Q or flood < WORST_CASE_RATIO * worst or flood < LIKELY_RATIO * likely:
        raise ContractError(
            f"a sum over {rows} rows accumulates noise up to 2^{log2(worst):.2f}, likely below "
            f"2^{log2(likely):.2f}; flooding of 2^{FLOOD_BITS} must be 2^36 times the first, 2^40 times the "
            f"second, and with noise below 2^{log2(Q / (2 * T)):.2f}",
            where="match", todo="lower the number of people to what one sum can hold",
        )
    return Margins(
        correctness_bits=log2(Q / (2 * T)) - log2(worst + flood),
        worst_case_flood_bits=FLOOD_BITS - log2(worst),
        likely_flood_bits=FLOOD_BITS - log2(likely),
    )
