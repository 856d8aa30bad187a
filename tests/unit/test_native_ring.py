"""The lattice ring of every kernel against the numpy reference and the definition of the ring."""

from __future__ import annotations

import numpy as np
import pytest
from native_kit import each_kernel

from cleanroom._native import Kernel
from cleanroom.primitives import ring
from cleanroom.primitives.backend import Polys
from cleanroom.primitives.native import ring_table

SHAPE = (len(ring.PRIMES), ring.N)
LAST = np.array(ring.PRIMES, dtype=np.uint64)[:, None] - np.uint64(1)


def random_polys(count: int, seed: int) -> Polys:
    generator = np.random.default_rng(seed)
    return np.stack([generator.integers(0, p, (count, ring.N), dtype=np.uint64) for p in ring.PRIMES], axis=1)


def transformed(kernel: Kernel, polys: Polys, *, inverse: bool = False) -> Polys:
    result = polys.copy()
    kernel.ring_transform(ring_table(), result, inverse=inverse)
    return result


@each_kernel
def test_transforms_equal_the_reference(kernel: Kernel) -> None:
    polys = random_polys(3, seed=1)
    assert np.array_equal(transformed(kernel, polys), ring.ntt(polys))
    assert np.array_equal(transformed(kernel, polys, inverse=True), ring.intt(polys))


@each_kernel
@pytest.mark.parametrize("low", [0, 1])
def test_extreme_residues_stay_in_bounds(kernel: Kernel, low: int) -> None:
    """All residues p - 1, and p - 1 in alternation with the least ones at every distance of a butterfly."""
    for distance in (1 << layer for layer in range(13)):
        poly = np.where(np.arange(ring.N) // distance % 2 == 0, LAST, np.uint64(low))
        slots = transformed(kernel, poly)
        assert (slots <= LAST).all()
        assert np.array_equal(slots, ring.ntt(poly))
        assert np.array_equal(transformed(kernel, slots, inverse=True), poly)
        assert np.array_equal(transformed(kernel, poly, inverse=True), ring.intt(poly))


@each_kernel
def test_slot_by_slot_products_are_negacyclic_convolutions(kernel: Kernel) -> None:
    """X^4095 · (X + 2) = X^4096 + 2 X^4095 = 2 X^4095 - 1."""
    left, right = np.zeros((2, *SHAPE), dtype=np.uint64)
    left[:, -1], right[:, 0], right[:, 1] = 1, 2, 1
    product = np.zeros(SHAPE, dtype=np.uint64)
    kernel.ring_multiply_add(product, transformed(kernel, left), transformed(kernel, right))
    kernel.ring_reduce(ring_table(), product)
    expected = np.zeros(SHAPE, dtype=np.uint64)
    expected[:, :1], expected[:, -1] = LAST, 2
    assert np.array_equal(transformed(kernel, product, inverse=True), expected)


@each_kernel
def test_multiply_add_and_reduce_equal_the_reference(kernel: Kernel) -> None:
    total, left, right = random_polys(3, seed=2), random_polys(1, seed=3)[0], random_polys(3, seed=4)
    expected = total + left * right
    kernel.ring_multiply_add(total, left, right)
    assert np.array_equal(total, expected)
    kernel.ring_reduce(ring_table(), total)
    ring.reduce(expected)
    assert np.array_equal(total, expected)


@each_kernel
def test_reduce_takes_any_word(kernel: Kernel) -> None:
    """Multiples of p and their neighbours up to the largest word, where a quotient is easily one off."""
    words = np.random.default_rng(5).integers(0, 2**64, SHAPE, dtype=np.uint64)
    for row, p in zip(words, ring.PRIMES, strict=True):
        edges = [k * p + step for k in (0, 1, 2, 2**26, 2**64 // p - 1, 2**64 // p) for step in (-1, 0, 1)]
        row[:20] = [0, 2**64 - 1, *(edge % 2**64 for edge in edges)]
    expected = words % (LAST + np.uint64(1))
    kernel.ring_reduce(ring_table(), words)
    assert np.array_equal(words, expected)


@each_kernel
def test_wrong_buffers_are_refused(kernel: Kernel) -> None:
    table, poly = ring_table(), np.zeros(SHAPE, dtype=np.uint64)
    with pytest.raises(ValueError, match="not a multiple"):
        kernel.ring_reduce(table, poly[:3])
    with pytest.raises(ValueError, match="table: wrong size"):
        kernel.ring_reduce(table[:-1], poly)
    with pytest.raises(ValueError, match="27 bits"):
        kernel.ring_reduce(bytes(4) + table[4:], poly)
    with pytest.raises(ValueError, match="as many as total"):
        kernel.ring_multiply_add(poly, np.zeros((2, *SHAPE), dtype=np.uint64), poly)
    with pytest.raises((ValueError, TypeError, BufferError)):
        kernel.ring_reduce(table, np.zeros((*SHAPE, 2), dtype=np.uint64)[..., 0])
    with pytest.raises((ValueError, TypeError, BufferError)):
        kernel.ring_transform(table, poly.tobytes(), inverse=False)
    raw = bytearray(poly.nbytes + 1)
    with pytest.raises(ValueError, match="not aligned"):
        kernel.ring_reduce(table, memoryview(raw)[1:])
