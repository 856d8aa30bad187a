"""Field arithmetic of every kernel against Python integers, at the extremes its bounds are argued for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from native_kit import P, each_kernel

from cleanroom._native import Kernel

Limbs = Sequence[int]
OPERATIONS: dict[str, tuple[int, Callable[[int, int], int]]] = {
    "mul": (0, lambda a, b: a * b),
    "sqr": (1, lambda a, b: a * a),
    "add": (2, lambda a, b: a + b),
    "sub": (3, lambda a, b: a - b),
    "add_small": (4, lambda a, b: a * b + 121665 * a),
    "sum_of_products": (5, lambda a, b: a * b + a * a),
    "difference_of_products": (6, lambda a, b: a * b - a * a),
    "invert": (8, lambda a, b: pow(a, P - 2, P)),
    "legendre": (9, lambda a, b: pow(a, (P - 1) // 2, P)),
}
LOAD, REDUCE = 7, 10
TIGHT = {  # (lowest, highest) limb, from the invariants in field_*.h
    "portable": (-(2**51) + 1, 2**51 + 2**14 - 1),
    "avx2": (-(2**50) - 2**15, 2**50 + 2**15),
    "ifma": (0, 2**51 + 2**16 - 1),
}


def value(limbs: Limbs) -> int:
    return sum(int(limb) << 51 * i for i, limb in enumerate(limbs))


def run(kernel: Kernel, operation: int, a: Sequence[Limbs], b: Sequence[Limbs]) -> np.ndarray:
    left, right = (np.array(limbs, dtype=np.int64).reshape(-1, 5) for limbs in (a, b))
    result = kernel._module._test_field(kernel._number, operation, left, right)
    return np.frombuffer(result, dtype=np.int64).reshape(-1, 5)


def extreme_limbs(kernel: Kernel, count: int, seed: int) -> list[list[int]]:
    """All-low, all-high, every mixture of both, and random limbs inside the invariant."""
    low, high = TIGHT[kernel.name]
    source = random.Random(seed)
    choices = [limb for limb in (low, low + 1, high, high - 1, 0, 1, -1, 2**49, -(2**49)) if low <= limb]
    mixtures = [[high if bits >> i & 1 else low for i in range(5)] for bits in range(32)]
    picked = [[source.choice(choices) for _ in range(5)] for _ in range(count)]
    return mixtures + picked + [[source.randint(low, high) for _ in range(5)] for _ in range(count)]


def assert_tight(kernel: Kernel, result: np.ndarray) -> None:
    low, high = TIGHT[kernel.name]
    assert low <= result.min()
    assert result.max() <= high


@each_kernel
@pytest.mark.parametrize("name", list(OPERATIONS)[:7])
def test_operation_is_exact_and_tight_at_the_extremes(kernel: Kernel, name: str) -> None:
    operation, expected = OPERATIONS[name]
    a = extreme_limbs(kernel, 2000, seed=1)
    b = a[:32][::-1] + random.Random(2).sample(a, len(a) - 32)
    result = run(kernel, operation, a, b)
    assert_tight(kernel, result)
    for left, right, got in zip(a, b, result, strict=True):
        assert (value(got) - expected(value(left), value(right))) % P == 0, (left, right)


@each_kernel
def test_all_pairs_of_extreme_mixtures(kernel: Kernel) -> None:
    mixtures = extreme_limbs(kernel, 0, seed=0)
    a, b = ([pair[i] for pair in ((x, y) for x in mixtures for y in mixtures)] for i in (0, 1))
    for name in ("mul", "sum_of_products", "difference_of_products", "add_small"):
        operation, expected = OPERATIONS[name]
        result = run(kernel, operation, a, b)
        assert_tight(kernel, result)
        for x, y, got in zip(a, b, result, strict=True):
            assert (value(got) - expected(value(x), value(y))) % P == 0, (x, y)


@each_kernel
@pytest.mark.parametrize("name", ["invert", "legendre"])
def test_powers(kernel: Kernel, name: str) -> None:
    operation, expected = OPERATIONS[name]
    a = [[0] * 5, [1, 0, 0, 0, 0], [2, 0, 0, 0, 0], *extreme_limbs(kernel, 20, seed=3)]
    for limbs, got in zip(a, run(kernel, operation, a, a), strict=True):
        assert (value(got) - expected(value(limbs) % P, 0)) % P == 0, limbs


@each_kernel
def test_carry_of_extreme_columns(kernel: Kernel) -> None:
    """Columns up to 2^60 - 1 in size, and those just around a carry."""
    source = random.Random(4)
    edges = [2**bits + step for bits in (49, 50, 51, 52, 57, 58, 59) for step in (-1, 0, 1)]
    choices = [*edges, *(-edge for edge in edges)]
    a = [[source.choice(choices) for _ in range(5)] for _ in range(3000)]
    a += [[edge] * 5 for edge in (2**60 - 1, 1 - 2**60, 0, -1)]
    result = run(kernel, LOAD, a, [[0] * 5] * len(a))
    assert_tight(kernel, result)
    assert all((value(got) - value(limbs)) % P == 0 for limbs, got in zip(a, result, strict=True))


@each_kernel
def test_the_one_reduced_representation(kernel: Kernel) -> None:
    """Limbs up to 2^57 in size, and the values next to a multiple of p, in all the ways to spell them."""
    source = random.Random(6)
    near = [k * P + step for k in (0, 1, 2) for step in range(-20, 21) if 0 <= k * P + step < 2**256]
    a = [[number >> 51 * i & 2**51 - 1 for i in range(4)] + [number >> 204] for number in near]
    lowest = [low - step for low in (0, 2**51 - 19) for step in range(-20, 40)]
    a += [[low, *[2**51 - 1] * 3, top] for low in lowest for top in (-1, 0, 2**51 - 1)]
    a += [[source.choice((-1, 1)) * source.randrange(2**57) for _ in range(5)] for _ in range(500)]
    a += [[sign * (2**57 - 1)] * 5 for sign in (-1, 1)]
    result = run(kernel, REDUCE, a, [[0] * 5] * len(a))
    assert result.min() >= 0
    assert result.max() < 2**51
    assert [value(got) for got in result] == [value(limbs) % P for limbs in a]


@each_kernel
def test_lanes_do_not_mix(kernel: Kernel) -> None:
    a = extreme_limbs(kernel, 3, seed=5)
    alone = [run(kernel, 0, [limbs], [limbs])[0] for limbs in a]
    assert np.array_equal(run(kernel, 0, a, a), np.array(alone))
