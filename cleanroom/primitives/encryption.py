"""Encrypting one block of some columns, as a job: see `lattice` for the scheme.

The job's randomness is in the job. Whoever does it, however often and on whatever arithmetic, finds the same
ciphertexts: two that differ only in their errors would give the errors away.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cleanroom.errors import MisuseError
from cleanroom.primitives.backend import Backend, Encryption, Polys
from cleanroom.primitives.parameters import T
from cleanroom.primitives.ring import PRIMES, N, Q, Residues, residues, small_residues
from cleanroom.primitives.sampling import expand_binomial, expand_uniform

_P: Final = np.array(PRIMES, dtype=np.uint64)
_HALF_T: Final = np.uint64(T // 2)
_INVERSE_T: Final = np.array([[pow(T, -1, p)] for p in PRIMES], dtype=np.uint64)


def encrypt(backend: Backend, task: Encryption) -> Residues:
    """c0 of each column, coefficient form, shape (columns, 4, 4096). Missing rows encrypt 0.

    MisuseError when the key was wiped: a key of zeros would encrypt in clear.
    """
    if not task.secret.any():
        raise MisuseError("the lattice key was wiped")
    padded = np.zeros((len(task.columns), N), dtype=np.int64)
    padded[:, : task.values.shape[1]] = task.values
    out = np.empty((len(task.columns), len(PRIMES), N), dtype=np.uint32)
    for row, column, message in zip(out, task.columns, padded, strict=True):  # one by one: fits the cache
        c1 = expand_uniform("c1", task.ctx, task.seed, column, task.block)
        errors = small_residues(expand_binomial(task.errors, column))
        row[...] = minus_product(backend, encode(message) + errors, c1, task.secret)
    return out


def minus_product(backend: Backend, plus: Polys, factor: Polys, secret: Polys) -> Residues:
    """plus - factor · secret, coefficient form; the two factors in NTT form."""
    product = backend.intt(backend.multiply(factor, secret))
    total = plus + _P[:, None] - product
    backend.reduce(total)
    return total.astype(np.uint32)


def encode(values: NDArray[np.int64]) -> Polys:
    """Δ(m) = round(q m / t), halves up, for 0 ≤ m < t: shape (..., n) to residues (..., 4, n). Exact.

    With ρ = (q m + t/2) mod t, t Δ(m) = q m + t/2 - ρ; modulo a prime of q this is Δ(m) = (t/2 - ρ) / t. As t
    divides 2^64, uint64 arithmetic gives ρ in spite of wrap-around.
    """
    rest = (values.astype(np.uint64) * np.uint64(Q % T) + _HALF_T) & np.uint64(T - 1)
    return residues(T // 2 - rest.astype(np.int64)) * _INVERSE_T % _P[:, None]
