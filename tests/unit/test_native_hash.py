"""Hash to curve and the point check of every kernel."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from native_kit import SMALL_ORDER, J, P, each_kernel, encode, is_curve_point, random_bytes, split, vectors

from cleanroom._native import Kernel

RFC = vectors("rfc9380-curve25519_XMD-SHA-512_ELL2_RO_.json")
DST = RFC["dst"].encode()


def expand(message: bytes, dst: bytes) -> bytes:
    """expand_message_xmd with SHA-512 to 96 bytes (RFC 9380, section 5.3.1)."""
    tail = dst + bytes([len(dst)])
    b_0 = hashlib.sha512(bytes(128) + message + b"\x00\x60\x00" + tail).digest()
    b_1 = hashlib.sha512(b_0 + b"\x01" + tail).digest()
    b_2 = hashlib.sha512(bytes(x ^ y for x, y in zip(b_0, b_1, strict=True)) + b"\x02" + tail).digest()
    return (b_1 + b_2)[:96]


def root(square: int) -> int:
    candidate = pow(square, (P + 3) // 8, P)
    return candidate if candidate * candidate % P == square else candidate * pow(2, (P - 1) // 4, P) % P


def elligator2(u: int) -> tuple[int, int]:
    """map_to_curve_elligator2, straight from section 6.7.1 with Z = 2, K = 1."""
    x = -J * pow(1 + 2 * u * u, -1, P) % P
    on_curve = is_curve_point(x) or x == 0
    x = x if on_curve else (-x - J) % P
    y = root((x * x * x + J * x * x + x) % P)
    return x, y if y % 2 == on_curve else P - y


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    if a == b:
        slope = (3 * a[0] ** 2 + 2 * J * a[0] + 1) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - J - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def map_to_group(u_0: int, u_1: int) -> bytes:
    point = add(elligator2(u_0), elligator2(u_1))
    for _ in range(3):
        point = add(point, point)
    return encode(point[0])


def reference(message: bytes, dst: bytes) -> bytes:
    uniform = expand(message, dst)
    return map_to_group(*(int.from_bytes(uniform[i : i + 48]) % P for i in (0, 48)))


def test_the_reference_itself_meets_rfc_9380() -> None:
    for case in RFC["vectors"]:
        assert reference(case["msg"].encode(), DST) == encode(int(case["P"]["x"], 16))


@each_kernel
def test_rfc_9380(kernel: Kernel) -> None:
    cases = RFC["vectors"]
    assert len(cases) == 5
    result = kernel.hash_to_curve(DST, b"", [case["msg"].encode() for case in cases])
    assert result == encode(*(int(case["P"]["x"], 16) for case in cases))


@each_kernel
def test_map_at_edge_elements(kernel: Kernel) -> None:
    edges = [0, 1, 2, 3, P - 1, P - 2, (P - 1) // 2, 2**51 - 1, 2**254, pow(2, -1, P)]
    pairs = [(a, b) for a in edges for b in edges if elligator2(a)[0] != elligator2(b)[0]]
    assert len(pairs) > 70
    u_0, u_1 = (encode(*(pair[i] for pair in pairs)) for i in (0, 1))
    expected = [map_to_group(*pair) for pair in pairs]
    assert split(kernel._module._test_map(kernel._number, u_0, u_1)) == expected


@each_kernel
def test_halves_with_one_x_give_zero_which_is_refused(kernel: Kernel) -> None:
    """±u and ±1/2u map to one x: the sum is a doubling or neutral, with a chance of 2^-252 for hashes."""
    u_0, u_1 = encode(5, 7, 5, 8, 5), encode(5, 8, P - 5, 7, pow(10, -1, P))
    result = split(kernel._module._test_map(kernel._number, u_0, u_1))
    assert result == [bytes(32), map_to_group(7, 8), bytes(32), map_to_group(8, 7), bytes(32)]
    assert kernel.check_points(result[0]) == 0


@each_kernel
def test_messages_of_every_length_mixed_in_one_batch(kernel: Kernel) -> None:
    """Lengths around the block borders of SHA-512; neighbours in a vector differ in their blocks."""
    messages = [random_bytes(size, size) for step in range(7) for size in range(step * 19, 400, 133)]
    messages += [random_bytes(size, size) for size in (*range(60, 131), *range(190, 210))]
    result = split(kernel.hash_to_curve(DST, b"", messages))
    assert result == [reference(message, DST) for message in messages]


@each_kernel
@pytest.mark.parametrize("size", [1, 43, 44, 45, 46, 47, 60, 61, 62, 63, 64, 254, 255])
def test_every_length_of_dst(kernel: Kernel, size: int) -> None:
    dst = random_bytes(size, size)
    assert kernel.hash_to_curve(dst, b"", [b"abc"]) == reference(b"abc", dst)


@each_kernel
@pytest.mark.parametrize("size", [0, 1, 64, 71, 127, 128, 129, 300])
def test_prefix_is_joined_to_each_message(kernel: Kernel, size: int) -> None:
    prefix, messages = random_bytes(size, size), [b"", b"a", b"bc" * 60]
    joined = [prefix + message for message in messages]
    assert kernel.hash_to_curve(DST, prefix, messages) == kernel.hash_to_curve(DST, b"", joined)


@each_kernel
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 63, 64, 65, 257])
def test_every_size_of_batch(kernel: Kernel, count: int) -> None:
    messages = [b"%d" % i for i in range(257)]
    all_hashes = kernel.hash_to_curve(DST, b"x", messages)
    assert kernel.hash_to_curve(DST, b"x", messages[:count]) == all_hashes[: 32 * count]


@each_kernel
def test_bad_hash_input_is_refused(kernel: Kernel) -> None:
    for dst in (b"", bytes(256)):
        with pytest.raises(ValueError, match="dst"):
            kernel.hash_to_curve(dst, b"", [b"a"])
    for offsets in ([], [0, 4], [-1, 2], [2, 1], [0, 3, 2]):
        with pytest.raises(ValueError, match="offsets"):
            kernel._module.hash_to_curve(kernel._number, DST, b"", b"abc", np.array(offsets, dtype=np.int64))
    with pytest.raises(ValueError, match="offsets"):
        kernel._module.hash_to_curve(kernel._number, DST, b"", b"abc", bytes(12))


@each_kernel
def test_hashes_are_points_of_the_prime_order_group(kernel: Kernel) -> None:
    hashes = kernel.hash_to_curve(DST, b"", [b"%d" % i for i in range(500)])
    assert kernel.check_points(hashes) == -1


@each_kernel
def test_check_tells_curve_from_twist(kernel: Kernel) -> None:
    for u in (int.from_bytes(point, "little") % P for point in split(random_bytes(8, 32 * 300))):
        assert kernel.check_points(encode(u)) == (-1 if is_curve_point(u) else 0)


@each_kernel
@pytest.mark.parametrize("bad", [0, 2, P - 1, P, P + 1, P + 9, 2**255 - 1, 2**255, 2**255 + 9, 2**256 - 1])
def test_check_names_the_first_bad_point(kernel: Kernel, bad: int) -> None:
    for place in range(10):
        points = [9] * 12
        points[place] = points[11] = bad
        assert kernel.check_points(encode(*points)) == place


@each_kernel
def test_check_of_small_order_follows_the_curve_equation(kernel: Kernel) -> None:
    """Points of order 4 and 8 lie on the curve; what refuses them is the zero result of X25519."""
    for u in SMALL_ORDER:
        assert (kernel.check_points(encode(u)) == -1) == (u < P and is_curve_point(u))
        assert kernel.power(random_bytes(1, 32), encode(u)) == bytes(32)
    assert kernel.check_points(b"") == -1
    with pytest.raises(ValueError, match="not a multiple of 32"):
        kernel.check_points(bytes(31))
