"""X25519 of every kernel: published answers, edge cases, and OpenSSL on thousands of points."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from native_kit import SMALL_ORDER, P, each_kernel, encode, openssl, random_bytes, split, vectors

from cleanroom._native import Kernel

SCALAR = random_bytes(1, 32)
EDGES = (*SMALL_ORDER, 2, 9, P - 2, P + 2, 2**255 - 1, 2**255, 2**255 + 9, 2**256 - 1, 2**51, 2**51 - 1,
         2**204, 2**254, sum(2**50 << 51 * i for i in range(5)), sum((2**50 - 1) << 51 * i for i in range(5)))


def expected(scalar: bytes, points: bytes) -> bytes:
    return b"".join(openssl(scalar, point) for point in split(points))


@each_kernel
def test_rfc_7748_iterated_a_thousand_times(kernel: Kernel) -> None:
    k = u = encode(9)
    for _ in range(1000):
        k, u = kernel.power(k, u), k
    assert k.hex() == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"


@each_kernel
def test_wycheproof(kernel: Kernel) -> None:
    cases = [case for group in vectors("wycheproof-x25519.json")["testGroups"] for case in group["tests"]]
    assert len(cases) == 518
    for case in cases:
        scalar, point, shared = (bytes.fromhex(case[field]) for field in ("private", "public", "shared"))
        assert kernel.power(scalar, point) == shared, case["tcId"]


@each_kernel
@pytest.mark.parametrize("seed", range(4))
def test_random_points_of_curve_and_twist(kernel: Kernel, seed: int) -> None:
    points, scalar = random_bytes(seed, 32 * 1000), random_bytes(~seed, 32)
    assert kernel.power(scalar, points) == expected(scalar, points)


@each_kernel
def test_edge_points_beside_ordinary_ones(kernel: Kernel) -> None:
    points = b"".join(encode(edge) + random_bytes(edge % 1000, 32 * (edge % 3)) for edge in EDGES)
    assert kernel.power(SCALAR, points) == expected(SCALAR, points)


@each_kernel
@pytest.mark.parametrize("edge", [0, 1, 8, 2**254, 2**254 + 8, 2**255 - 8, 2**255 - 1, 2**256 - 1])
def test_edge_scalars(kernel: Kernel, edge: int) -> None:
    points = random_bytes(2, 32 * 9)
    assert kernel.power(encode(edge), points) == expected(encode(edge), points)


@each_kernel
def test_small_order_gives_zeros_and_spoils_no_neighbour(kernel: Kernel) -> None:
    for place in range(9):
        points = [encode(9)] * 9
        points[place] = encode(SMALL_ORDER[place % len(SMALL_ORDER)])
        result = split(kernel.power(SCALAR, b"".join(points)))
        assert result.pop(place) == bytes(32)
        assert set(result) == {openssl(SCALAR, encode(9))}


@each_kernel
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 63, 64, 65, 255, 256, 257, 513])
def test_every_size_of_batch(kernel: Kernel, count: int) -> None:
    points = random_bytes(3, 32 * 513)
    assert kernel.power(SCALAR, points[: 32 * count]) == kernel.power(SCALAR, points)[: 32 * count]


@each_kernel
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 63, 64, 65, 257])
def test_many_scalars_one_point(kernel: Kernel, count: int) -> None:
    scalars, point = random_bytes(4, 32 * count), random_bytes(5, 32)
    assert kernel.power_each(scalars, point) == b"".join(openssl(scalar, point) for scalar in split(scalars))


@each_kernel
def test_threads_give_the_same_result(kernel: Kernel) -> None:
    points = random_bytes(6, 32 * 1000)
    pieces = [points[i : i + 3200] for i in range(0, len(points), 3200)]
    with ThreadPoolExecutor(4) as pool:
        together = b"".join(pool.map(lambda piece: kernel.power(SCALAR, piece), pieces))
    assert together == kernel.power(SCALAR, points)


@each_kernel
def test_wrong_buffers_are_refused(kernel: Kernel) -> None:
    with pytest.raises(ValueError, match="not a multiple of 32"):
        kernel.power(SCALAR, bytes(33))
    with pytest.raises(ValueError, match="instead of 32"):
        kernel.power(SCALAR[:31], bytes(32))
    with pytest.raises(ValueError, match="not a multiple of 32"):
        kernel.power_each(bytes(31), bytes(32))
    with pytest.raises(ValueError, match="instead of 32"):
        kernel.power_each(bytes(32), bytes(64))
    with pytest.raises(TypeError):
        kernel.power(SCALAR, "text")  # type: ignore[arg-type]


@each_kernel
def test_buffers_with_gaps_are_refused(kernel: Kernel) -> None:
    with pytest.raises((ValueError, BufferError)):
        kernel.power(SCALAR, np.zeros((4, 64), dtype=np.uint8)[:, ::2].data)
    with pytest.raises((ValueError, BufferError)):
        kernel.power(SCALAR, memoryview(bytes(128))[::2])
