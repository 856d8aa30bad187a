"""Additive ring-LWE encryption of R's columns, and A's masked sums over rows that R does not know.

Notation: s secret ternary, e centred binomial, Δ(m) = round(q m / t), and for a polynomial x its reflection
x~(X) = x(1/X) = x_0 - Σ_{j>0} x_j X^(N-j), for which the constant coefficient of x~ · y is Σ_j x_j y_j.

    R, once a run     a = expand(ctx)                      b = -a s + e                    sends b
    R, block, column  c1 = expand(ctx, seed, column, block)  c0 = -c1 s + e + Δ(values)      sends c0
    A, block          w = reflection of the weights of the rows: 0, 1, or a small credit
    A, sum            C0 = (Σ w c0)_0 + (b u)_0 + e1 + Δ(r) + f      four residues
                      C1 = Σ w c1 + a u + e2                        one polynomial          sends C0, C1
    R                 v = C0 + (C1 s)_0,  share = round(t v / q) mod t = sum + r mod t
    A                 share = -r mod t

u is fresh and ternary, r uniform mod t, f uniform in [-2^F, 2^F). Only the constant coefficient is ever
opened, so only it is sent of c0: half the traffic, and R's unrelated products never leave A. Since (w c0)_0
is the plain sum of the selected coefficients, c0 is never transformed; c1 and `a` are expanded directly in
NTT form, so A's only transforms are one a mask and two a sum.

Why C0 and C1 tell R nothing about the rows, though R knows s, e and the errors of every ciphertext:

1. v = Δ(sum + r) + ν + f, where ν holds the weighted errors and roundings of the selected rows, (e u)_0, e1 and
   (e2 s)_0. r makes sum + r uniform mod t; f hides ν up to a statistical distance |ν| / 2^(F+1) (bounds in
   `parameters`). So C0 can be simulated from C1 and a uniform share: it is a fresh uniform value minus (C1 s)_0.
2. What remains is C1. (a, a u + e2) is a ring-LWE sample with A's own secret u: `a` comes from a hash of both
   parties' nonces, so neither chose it, and s is independent of u. Under the assumption that hides R's
   columns from A, C1 is uniform whatever the selection; sums under the same `a` have independent u and e2
   (hybrid argument). C1 needs no flooding: its noise could only be seen by whoever removes a u.

Point 1 is statistical, point 2 computational (128 bits). Both take R to follow the protocol: a `b` that is
not of the form above, or oversized errors, would make (b u)_0 or ν larger than the flood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cleanroom.errors import MisuseError
from cleanroom.ports import Entropy, Job
from cleanroom.primitives.backend import Backend, Encryption, Polys
from cleanroom.primitives.encryption import encode, minus_product
from cleanroom.primitives.parameters import FLOOD_BITS, MAX_WEIGHT, T
from cleanroom.primitives.ring import PRIMES, N, Q, Residues, small_residues
from cleanroom.primitives.sampling import SEED_BYTES, centred_binomial, expand_uniform, ternary, uniform_bits

_P: Final = np.array(PRIMES, dtype=np.uint64)
_T_BITS: Final = T.bit_length() - 1
_CRT: Final = tuple(Q // p * pow(Q // p, -1, p) for p in PRIMES)  # 1 mod its own prime, 0 mod the others
_MAX_PENDING: Final = 1023  # products on a reduced value: (1 + 1023) 2^54 = 2^64 is not reached


def reflect(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """x(1/X) along the last axis, which has 4096 coefficients."""
    return np.concatenate([values[..., :1], -values[..., :0:-1]], axis=-1)


def mask_polynomial(weights: NDArray[np.bool_] | NDArray[np.int64]) -> Polys:
    """w(X) = b_0 - Σ_{j>0} b_j X^(N-j), coefficient form, of at most 4096 rows; missing rows count as 0."""
    padded = np.zeros(N, dtype=np.int64)
    padded[: len(weights)] = weights
    return small_residues(reflect(padded))


def expand_c1(ctx: bytes, seed: bytes, columns: range, block: int) -> Polys:
    """c1 of one block of some columns, NTT form, shape (columns, 4, 4096)."""
    out = np.empty((len(columns), len(PRIMES), N), dtype=np.uint64)
    for row, column in zip(out, columns, strict=True):
        row[...] = expand_uniform("c1", ctx, seed, column, block)
    return out


@dataclass(frozen=True, slots=True)
class PublicKey:
    """R's key, for A's fresh encryptions: `a` in NTT form, `b` in coefficient form, both (4, 4096)."""

    a: Polys = field(repr=False)
    b: Residues = field(repr=False)

    @classmethod
    def from_peer(cls, ctx: bytes, b: Residues) -> PublicKey:
        """The key of this run from the peer's `b`, as `ring.unpack_polys` returned it."""
        return cls(expand_uniform("a", ctx, b""), b)


class SecretKey:
    """R's key of one run. Encrypts each block of a column once and opens A's sums."""

    def __init__(self, secret: NDArray[np.int64], ctx: bytes, entropy: Entropy, backend: Backend) -> None:
        self._ctx, self._entropy, self._backend = ctx, entropy, backend
        self._reflected = reflect(secret)
        self._ntt = backend.ntt(small_residues(secret))
        self._next_block: dict[int, int] = {}
        self._wiped = False
        self.seed = entropy.bytes(SEED_BYTES)  # public: from it A expands every c1
        a = expand_uniform("a", ctx, b"")
        errors = small_residues(centred_binomial(entropy, N))
        self.public_key = PublicKey(a, minus_product(backend, errors, a, self._ntt))

    @classmethod
    def generate(cls, ctx: bytes, entropy: Entropy, backend: Backend) -> SecretKey:
        """A fresh key, bound to the run by `ctx`."""
        return cls(ternary(entropy, 1)[0], ctx, entropy, backend)

    def __repr__(self) -> str:
        return "SecretKey"

    def begin_encrypt(self, columns: range, block: int, values: NDArray[np.int64]) -> Job[Residues]:
        """c0 of one block of some columns, coefficient form, shape (columns, 4, 4096), as a job of its own.

        `values`: shape (columns, at most 4096), each in [0, t/2); missing rows encrypt 0. MisuseError for
        other values or shapes, and when the blocks of a column do not come in ascending order: a second
        encryption under the same c1 would give away the difference of the values.
        """
        self._require_key()
        self._check(columns, block, values)
        return self._backend.begin_encrypt(Encryption(self._ctx, self.seed, columns, block, values, self._ntt,
                                                      self._entropy.bytes(SEED_BYTES)))

    def open_sums(self, sums: MaskedSums) -> NDArray[np.int64]:
        """R's shares of k sums, shape (k,), in [0, t): v = C0 + Σ_j C1_j s~_j, then round(t v / q) mod t."""
        self._require_key()
        phases = (sums.c0.astype(np.int64) + sums.c1.astype(np.int64) @ self._reflected) % _P.astype(np.int64)
        return np.array([_decode(phase) for phase in phases.tolist()], dtype=np.int64)

    def wipe(self) -> None:
        """Overwrite the secret arrays and refuse further use. Copies that numpy made earlier are out of reach."""
        self._wiped = True
        self._reflected[...] = 0
        self._ntt[...] = 0

    def _require_key(self) -> None:
        """A key of zeros would encrypt in clear."""
        if self._wiped:
            raise MisuseError("the lattice key was wiped")

    def _check(self, columns: range, block: int, values: NDArray[np.int64]) -> None:
        if values.ndim != 2 or len(values) != len(columns) or values.shape[1] > N:
            raise MisuseError(f"values have shape {values.shape}, not ({len(columns)}, at most {N})")
        if values.size and not 0 <= values.min() <= values.max() < T // 2:
            raise MisuseError("a value to encrypt is negative or not below t/2")
        for column in columns:
            if block < self._next_block.get(column, 0):
                raise MisuseError("a block of a column is encrypted once, in ascending order")
            self._next_block[column] = block + 1


def _decode(phase: list[int]) -> int:
    """round(t v / q) mod t of the v with these four residues."""
    v = sum(residue * weight for residue, weight in zip(phase, _CRT, strict=True)) % Q
    return (2 * T * v + Q) // (2 * Q) % T


class Mask:
    """A's weights for the rows of one block, ready to be applied to every column."""

    def __init__(self, weights: NDArray[np.bool_] | NDArray[np.int64], backend: Backend) -> None:
        """`weights`: how often each of the at most 4096 rows of the block is counted, 0 to MAX_WEIGHT.

        MisuseError for another weight: the parameter check would not hold.
        """
        if weights.size and not 0 <= int(weights.min()) <= int(weights.max()) <= MAX_WEIGHT:
            raise MisuseError(f"a row is counted 0 to {MAX_WEIGHT} times")
        found = np.flatnonzero(np.bincount(weights.astype(np.uint8), minlength=1))
        self._layers = [(weight, np.flatnonzero(weights == weight)) for weight in found.tolist() if weight]
        self.ntt = backend.ntt(mask_polynomial(weights))

    def __repr__(self) -> str:
        return "Mask"

    def total(self, c0: Residues) -> Polys:
        """Σ w_j c0_j along the last axis, kept: (..., 4, 4096) to (..., 4, 1). Below 2^12 · 2^27 · MAX_WEIGHT."""
        total = np.zeros((*c0.shape[:-1], 1), dtype=np.uint64)
        for weight, rows in self._layers:  # few: faster than products of 64-bit integers
            total += np.uint64(weight) * c0.take(rows, axis=-1).sum(axis=-1, keepdims=True, dtype=np.uint64)
        return total


class Accumulator:
    """Running encrypted sums of k columns: C0 (k, 4), C1 in NTT form (k, 4, 4096); reduced when needed."""

    def __init__(self, count: int, backend: Backend) -> None:
        self._backend = backend
        self._c0: Polys = np.zeros((count, len(PRIMES), 1), dtype=np.uint64)
        self._c1: Polys = np.zeros((count, len(PRIMES), N), dtype=np.uint64)
        self._pending = 0

    def __repr__(self) -> str:
        return "Accumulator"

    def add(self, mask: Mask, c0: Residues, c1: Polys, columns: Sequence[int] | None = None) -> None:
        """Add the masked rows of one block: `c0` as received, `c1` from `expand_c1`, both (n, 4, 4096).

        `columns` says which k of the n are added, in order; without it n is k.
        """
        chosen = range(len(c0)) if columns is None else columns
        if c0.shape != c1.shape or c0.shape[1:] != self._c1.shape[1:] or len(chosen) != len(self._c1):
            raise MisuseError(f"ciphertexts have shapes {c0.shape}, {c1.shape}, not {self._c1.shape}")
        if self._pending == _MAX_PENDING:
            self._reduce()
        self._pending += 1
        for place, column in enumerate(chosen):  # one by one: nothing is copied
            self._c0[place] += mask.total(c0[column])
            self._backend.multiply_add(self._c1[place], mask.ntt, c1[column])

    def totals(self) -> tuple[Polys, Polys]:
        """Reduced C0 (k, 4) and C1 in NTT form (k, 4, 4096); views, not copies."""
        self._reduce()
        return self._c0[..., 0], self._c1

    def _reduce(self) -> None:
        self._backend.reduce(self._c0)
        self._backend.reduce(self._c1)
        self._pending = 0


@dataclass(frozen=True, slots=True)
class MaskedSums:
    """What A sends of k sums: C0 (k, 4) and C1 in coefficient form (k, 4, 4096), uint32, reduced."""

    c0: Residues = field(repr=False)
    c1: Residues = field(repr=False)


def masked_sums(accumulator: Accumulator, key: PublicKey, entropy: Entropy,
                backend: Backend) -> tuple[MaskedSums, NDArray[np.int64]]:
    """Re-randomise, mask and flood: the message for R, and A's secret shares, shape (k,), each in [0, t)."""
    c0, c1 = accumulator.totals()
    count = len(c0)
    u = ternary(entropy, count)
    r = uniform_bits(entropy, _T_BITS, count)
    fresh = reflect(u) @ key.b.astype(np.int64).T + centred_binomial(entropy, count, 1)
    flood = uniform_bits(entropy, FLOOD_BITS + 1, count) - 2**FLOOD_BITS
    constant = c0 + _mod(fresh) + _mod(flood[:, None]) + encode(r[:, None])[..., 0]
    product = backend.multiply(backend.ntt(small_residues(u)), key.a) + c1
    backend.reduce(product)
    polynomial = backend.intt(product) + small_residues(centred_binomial(entropy, count, N))
    backend.reduce(polynomial)
    return MaskedSums((constant % _P).astype(np.uint32), polynomial.astype(np.uint32)), -r % T


def _mod(values: NDArray[np.int64]) -> Polys:
    """Signed integers of shape (k, 4) or (k, 1) to residues (k, 4)."""
    return np.mod(values, _P.astype(np.int64)).astype(np.uint64)
