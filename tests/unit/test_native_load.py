"""Loading the kernel: it is tested before use, refused when wrong, and missed gracefully."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from native_kit import each_kernel

from cleanroom._native import Kernel, KernelError, kernel, load_kernel, selftest


@each_kernel
def test_every_kernel_passes_its_self_test(kernel: Kernel) -> None:
    selftest.check(kernel)


@each_kernel
def test_the_fastest_kernel_is_loaded(kernel: Kernel) -> None:
    assert load_kernel().name == load_kernel().name
    assert repr(kernel) == f"Kernel({kernel.name})"


def altered(kernel: Kernel, function: str) -> Kernel:
    """The kernel with one bit wrong in what `function` gives."""
    real = kernel._module

    def wrong(*arguments: object) -> bytes | int:
        result = getattr(real, function)(*arguments)
        return bytes([result[0] ^ 1]) + result[1:] if isinstance(result, bytes) else result + 1

    names = ("power", "power_each", "hash_to_curve", "check_points")
    members = {name: getattr(real, name) for name in names} | {function: wrong}
    return Kernel("altered", kernel._number, SimpleNamespace(**members))  # type: ignore[arg-type]


@each_kernel
@pytest.mark.parametrize(("function", "test"), [
    ("power", "RFC 7748"), ("power_each", "RFC 7748"), ("hash_to_curve", "RFC 9380"),
    ("check_points", "points"),
])
def test_a_wrong_bit_is_found(kernel: Kernel, function: str, test: str) -> None:
    with pytest.raises(KernelError, match=test):
        selftest.check(altered(kernel, function))


@each_kernel
def test_a_kernel_wrong_only_on_a_later_point_is_found(kernel: Kernel) -> None:
    real = kernel._module

    def wrong(number: int, scalar: bytes, points: bytes) -> bytes:
        result = real.power(number, scalar, points)
        return bytes(result[:-1]) + b"\xff" if len(result) > 32 else bytes(result)

    members = {"power": wrong, "power_each": real.power_each, "hash_to_curve": real.hash_to_curve}
    with pytest.raises(KernelError, match="OpenSSL"):
        selftest.check(Kernel("altered", kernel._number, SimpleNamespace(**members)))  # type: ignore[arg-type]


def test_a_missing_extension_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanroom._native._kernel", None)
    with pytest.raises(KernelError, match=r"not built.*OpenSSL"):
        kernel.kernels()
