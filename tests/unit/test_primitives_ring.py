"""The ring: its constants, the transforms against the definition, and the wire form."""

from math import isqrt, log2, prod

import numpy as np
import pytest

from cleanroom.errors import PeerViolationError
from cleanroom.primitives import ring
from cleanroom.primitives.ring import PRIMES, ROOTS, N, Q

P = np.array(PRIMES, dtype=np.uint64)[:, None]


def is_prime(n):
    return n > 1 and all(n % d for d in range(2, isqrt(n) + 1))


def polys(seed, *shape):
    return np.random.default_rng(seed).integers(0, 2**62, (*shape, 4, N)).astype(np.uint64) % P


def schoolbook(f, g):
    """Σ_j g_j X^j f, X^N = -1."""
    total, shifted = np.zeros_like(f), f.copy()
    for j in range(N):
        total = (total + shifted * g[:, j : j + 1]) % P
        shifted = np.concatenate([(P - shifted[:, -1:]) % P, shifted[:, :-1]], axis=1)
    return total


def test_primes_are_the_four_largest_below_2_27_that_fit_the_transform():
    candidates = range(2**27 // (2 * N) * (2 * N) + 1, PRIMES[-1] - 1, -2 * N)
    assert tuple(p for p in candidates if p < 2**27 and is_prime(p)) == PRIMES
    assert prod(PRIMES) == Q
    assert log2(Q) <= 109


def test_roots_are_the_least_primitive_ones():
    for p, root in zip(PRIMES, ROOTS, strict=True):
        assert pow(root, N, p) == p - 1
        assert root == min(pow(root, k, p) for k in range(1, 2 * N, 2))


def test_slots_are_evaluations_in_bit_reversed_order():
    f = polys(1)
    slots = ring.ntt(f)
    for k, (p, root) in enumerate(zip(PRIMES, ROOTS, strict=True)):
        for i in (0, 1, 2, 1365, 4095):
            x, value = pow(root, 2 * int(f"{i:012b}"[::-1], 2) + 1, p), 0
            for coefficient in reversed(f[k].tolist()):
                value = (value * x + coefficient) % p
            assert slots[k, i] == value


def test_transform_and_back_over_leading_axes():
    f = polys(2, 3, 3)
    before = f.copy()
    slots = ring.ntt(f)
    assert (slots < P).all()
    assert (ring.intt(slots) == f).all()
    assert (f == before).all()
    assert (slots[1, 2] == ring.ntt(f[1, 2])).all()


@pytest.mark.parametrize("value", ["zero", "largest"])
def test_extreme_inputs_keep_the_bounds(value):
    f = np.broadcast_to(P - np.uint64(1) if value == "largest" else np.zeros_like(P), (4, N)).copy()
    assert (ring.intt(ring.ntt(f)) == f).all()
    assert (ring.ntt(ring.intt(f)) == f).all()


def test_product_is_negacyclic():
    f, g = polys(3), polys(4)
    assert (ring.intt(ring.multiply(ring.ntt(f), ring.ntt(g))) == schoolbook(f, g)).all()


def test_multiply_add_equals_products():
    total, left, right = polys(5, 2), polys(6), polys(7, 2)
    expected = (total + left * right % P) % P
    ring.multiply_add(total, left, right)
    ring.reduce(total)
    assert (total == expected).all()


def test_residues_of_signed_integers():
    values = np.array([-(2**62), -1, 0, 5, 2**62])
    expected = [[int(v) % p for v in values.tolist()] for p in PRIMES]
    assert ring.residues(values).tolist() == expected
    small = np.array([-21, -1, 0, 21])
    assert ring.small_residues(small).tolist() == ring.residues(small).tolist()


def test_pack_and_unpack():
    f = polys(8, 2)
    data = ring.pack(f)
    assert len(data) == 2 * ring.POLY_BYTES
    assert data[:4] == int(f[0, 0, 0]).to_bytes(4, "little")
    assert (ring.unpack_polys(data) == f).all()
    assert (ring.unpack_constants(ring.pack(f[..., 0])) == f[..., 0]).all()


@pytest.mark.parametrize("row", range(4))
def test_a_residue_equal_to_its_prime_is_refused(row):
    f = polys(9)
    f[row, 17] = PRIMES[row] - 1
    ring.unpack_polys(ring.pack(f))
    f[row, 17] = PRIMES[row]
    with pytest.raises(PeerViolationError) as caught:
        ring.unpack_polys(ring.pack(f))
    assert caught.value.where == f"residue {row * N + 17}"


@pytest.mark.parametrize("size", [1, ring.POLY_BYTES - 4, ring.POLY_BYTES + 1])
def test_wrong_lengths_are_refused(size):
    with pytest.raises(PeerViolationError):
        ring.unpack_polys(bytes(size))


def test_constants_out_of_range_are_refused():
    with pytest.raises(PeerViolationError):
        ring.unpack_constants(ring.pack(np.array([[0, 0, 0, PRIMES[3]]])))
