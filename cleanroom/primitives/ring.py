"""The ring R_q = Z_q[X] / (X^4096 + 1) with q the product of four 27-bit primes, in numpy, exact in uint64.

An element is its residues modulo the four primes: an array of shape (..., 4, 4096), uint64 while computing
and uint32 on the wire. It is in *coefficient form*, or in *NTT form*: slot i holds f(ψ^(2 brv(i) + 1)) where
ψ is the prime's root in `ROOTS` and brv reverses the 12 bits of i. Products in the ring are slot by slot in
NTT form.

Bounds. p < 2^27, so 32 p < 2^32. A constant factor w comes with w' = floor(w 2^32 / p) (Shoup); for y < 2^32,
w y - floor(w' y / 2^32) p lies in [0, 2p). A butterfly (a + wb, a - wb + 2p) thus adds at most 2p to the
bound: twelve layers on inputs below p stay under 25 p, and only the last result is reduced.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import accumulate
from math import prod
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cleanroom.errors import PeerViolationError
from cleanroom.primitives.backend import Polys

N: Final = 4096
PRIMES: Final = (134176769, 134111233, 134012929, 133963777)  # the largest below 2^27 that are 1 mod 2N
ROOTS: Final = (24149, 3856, 7470, 3857)  # ψ: the least primitive 2N-th root of unity of each prime
Q: Final = prod(PRIMES)  # log2 Q = 107.993
POLY_BYTES: Final = 4 * len(PRIMES) * N

Residues: TypeAlias = NDArray[np.uint32]

_LAYERS: Final = 12
_HALF: Final = N // 2
_BATCH: Final = 4  # polynomials transformed together: their buffers fit the second-level cache
_P: Final = np.array(PRIMES, dtype=np.uint64)[:, None]
_2P: Final = 2 * _P
_SHIFT: Final = np.uint64(32)


class _Factor(NamedTuple):
    """Constants w and floor(w 2^32 / p), shape (4, n)."""

    value: Polys
    quotient: Polys


class _Tables(NamedTuple):
    forward: list[_Factor]
    inverse: list[_Factor]
    untwist: _Factor  # ψ^-j / N


def ntt(polys: Polys) -> Polys:
    """Coefficient form to NTT form. Input reduced, shape (..., 4, 4096); it is left unchanged.

    Cooley-Tukey in constant geometry: layer l splits each X^2h - z² into X^h ± z, for 2^l values of z. The
    index bits rotate by one place a layer, which leaves the slots in bit-reversed order.
    """
    return _batched(_forward, polys)


def intt(polys: Polys) -> Polys:
    """NTT form to coefficient form. Shapes and bounds as in `ntt`.

    f_j = ψ^-j / N · Σ_k F_k ω^-jk with ω = ψ², decimated in time: the bit-reversed slots come out in order.
    """
    return _batched(_inverse, polys)


def multiply(left: Polys, right: Polys) -> Polys:
    """left · right slot by slot, reduced. Inputs reduced; shapes broadcast."""
    product: Polys = left * right % _P
    return product


def multiply_add(total: Polys, left: Polys, right: Polys) -> None:
    """total += left ∘ right in place, not reduced: each call adds less than 2^54. `left` is one element."""
    scratch = np.empty_like(left)
    for row, factor in zip(total.reshape(-1, *left.shape), right.reshape(-1, *left.shape), strict=True):
        np.multiply(left, factor, out=scratch)
        np.add(row, scratch, out=row)


def reduce(polys: Polys) -> None:
    """Reduce in place: any uint64 to 0 ≤ x < p."""
    np.remainder(polys, _P, out=polys)


def residues(values: NDArray[np.int64]) -> Polys:
    """Residues of signed integers: shape (..., n) to (..., 4, n)."""
    return np.mod(values[..., None, :], _P.astype(np.int64)).astype(np.uint64)


def small_residues(values: NDArray[np.int64]) -> Polys:
    """As `residues`, faster, for |x| < 2^26."""
    signed = values[..., None, :]
    return np.where(signed < 0, signed + _P.astype(np.int64), signed).astype(np.uint64)


def pack(residues_: NDArray[Any]) -> bytes:
    """Reduced residues as uint32 little endian in memory order: 65,536 bytes a polynomial."""
    return residues_.astype("<u4").tobytes()


def unpack_polys(data: bytes) -> Residues:
    """Polynomials of shape (n, 4, 4096) from n · 65,536 bytes.

    PeerViolationError for any other length and for a residue that is not below its prime.
    """
    return _unpack(data, N)


def unpack_constants(data: bytes) -> Residues:
    """Constant coefficients of shape (n, 4) from n · 16 bytes; PeerViolationError as in `unpack_polys`."""
    return _unpack(data, 1)[..., 0]


def _unpack(data: bytes, width: int) -> Residues:
    size = 4 * len(PRIMES) * width
    if len(data) % size:
        raise PeerViolationError(f"{len(data)} bytes of residues are not a multiple of {size}")
    values = np.frombuffer(data, dtype="<u4").reshape(-1, len(PRIMES), width).astype(np.uint32)
    bad = np.flatnonzero(values >= _P)
    if len(bad):
        raise PeerViolationError("a residue is not below its prime", where=f"residue {bad[0]}")
    return values


class _Workspace:
    """Buffers of one call, reused by all layers: fresh arrays of this size would cost more than the arithmetic."""

    def __init__(self, count: int) -> None:
        self.now, self.next = (np.empty((count, len(PRIMES), N), dtype=np.uint64) for _ in range(2))
        self._estimate, self._product = (np.empty((count, len(PRIMES), _HALF), dtype=np.uint64) for _ in range(2))

    def butterfly(self, a: Polys, b: Polys, factor: _Factor, total: Polys, difference: Polys) -> None:
        """total = a + w b and difference = a - w b + 2p, for b < 2^32."""
        product = _times(b, factor, self._estimate, self._product)
        np.add(a, product, out=total)
        np.subtract(_2P, product, out=product)
        np.add(a, product, out=difference)

    def swap(self) -> None:
        """What was written becomes what is read."""
        self.now, self.next = self.next, self.now


def _batched(transform: Callable[[_Workspace], Polys], polys: Polys) -> Polys:
    flat = polys.reshape(-1, len(PRIMES), N)
    out = np.empty_like(flat)
    for i in range(0, len(flat), _BATCH):
        batch = flat[i : i + _BATCH]
        if i == 0 or len(batch) < _BATCH:
            work = _Workspace(len(batch))
        work.now[...] = batch
        out[i : i + _BATCH] = transform(work)
    return out.reshape(polys.shape)


def _forward(work: _Workspace) -> Polys:
    for factor in _tables().forward:
        x, y = work.now, work.next
        work.butterfly(x[..., :_HALF], x[..., _HALF:], factor, y[..., 0::2], y[..., 1::2])
        work.swap()
    reduce(work.now)
    return work.now


def _inverse(work: _Workspace) -> Polys:
    for factor in _tables().inverse:
        x, y = work.now, work.next
        work.butterfly(x[..., 0::2], x[..., 1::2], factor, y[..., :_HALF], y[..., _HALF:])
        work.swap()
    _times(work.now, _tables().untwist, work.next, work.now)
    np.subtract(work.now, _P, out=work.next)  # from [0, 2p); below p it wraps round to a huge number
    return np.minimum(work.now, work.next, out=work.now)


def _times(y: Polys, factor: _Factor, estimate: Polys, product: Polys) -> Polys:
    """w y mod p in [0, 2p), for y < 2^32 (Shoup), written to `product`, which may be y; `estimate` is a buffer."""
    np.multiply(y, factor.quotient, out=estimate)
    np.right_shift(estimate, _SHIFT, out=estimate)
    np.multiply(estimate, _P, out=estimate)
    np.multiply(y, factor.value, out=product)
    np.subtract(product, estimate, out=product)
    return product


@cache
def _tables() -> _Tables:
    """Twiddle factors of layer l and pair j. Forward: ψ^brv(2^l + i) with i = j mod 2^l; inverse:
    ω^(-i N / 2^(l+1)) with i the top l of the 11 bits of j.
    """
    pairs = np.arange(_HALF)
    powers = np.array([_powers(p, root) for p, root in zip(PRIMES, ROOTS, strict=True)], dtype=np.uint64)
    reverse = np.array([int(f"{i:012b}"[::-1], 2) for i in range(N)])
    forward = [reverse[(1 << layer) + pairs % (1 << layer)] for layer in range(_LAYERS)]
    inverse = [-2 * (pairs >> (_LAYERS - 1 - layer)) * (_HALF >> layer) for layer in range(_LAYERS)]
    scale = np.array([[pow(N, -1, p)] for p in PRIMES], dtype=np.uint64)
    return _Tables(
        [_factor(powers[:, exponents]) for exponents in forward],
        [_factor(powers[:, exponents % (2 * N)]) for exponents in inverse],
        _factor(powers[:, -np.arange(N) % (2 * N)] * scale % _P),
    )


def _powers(prime: int, root: int) -> list[int]:
    """ψ^0 … ψ^(2N-1)."""
    return list(accumulate(range(2 * N - 1), lambda power, _: power * root % prime, initial=1))


def _factor(values: Polys) -> _Factor:
    return _Factor(values, (values << _SHIFT) // _P)
