"""The native backend: the answers and errors of the OpenSSL backend, in one thread and in several."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from native_kit import SMALL_ORDER, P, all_kernels, each_kernel, encode, random_bytes

from cleanroom import _native
from cleanroom._native import Kernel, KernelError
from cleanroom.adapters import backends
from cleanroom.adapters.executors import ProcessExecutor, SerialExecutor
from cleanroom.adapters.threads import ThreadExecutor
from cleanroom.errors import MisuseError, PeerViolationError, SettingsError
from cleanroom.primitives import native, ring
from cleanroom.primitives.backend import Points
from cleanroom.primitives.native import CHUNK, NativeBackend, check_ring
from cleanroom.primitives.openssl import OpenSSLBackend

SCALAR = random_bytes(1, 32)
OPENSSL = OpenSSLBackend(SerialExecutor())


def points(count: int, seed: int = 2) -> Points:
    return np.frombuffer(random_bytes(seed, 32 * count), dtype=np.uint8).reshape(count, 32)


@pytest.fixture
def threads() -> Iterator[ThreadExecutor]:
    with ThreadExecutor(2) as executor:
        yield executor


@each_kernel
@pytest.mark.parametrize("count", [0, 1, 5, CHUNK, CHUNK + 1, 2 * CHUNK + 3])
def test_threads_and_caller_agree_with_openssl(kernel: Kernel, threads: ThreadExecutor, count: int) -> None:
    many, few = points(count), slice(-3, None)
    in_threads, alone = NativeBackend(kernel, threads), NativeBackend(kernel, SerialExecutor())
    for run in (lambda backend, items: backend.power(SCALAR, items),
                lambda backend, items: backend.power_each(items, encode(9)),
                lambda backend, items: backend.power_base(items),
                lambda backend, items: backend.hash_to_curve(b"dst", b"a", [i.tobytes() for i in items])):
        result = run(in_threads, many)
        assert result.shape == (count, 32)
        assert result.dtype == np.uint8
        assert np.array_equal(result, run(alone, many))
        assert np.array_equal(result[few], run(OPENSSL, many[few]))


@each_kernel
def test_results_may_be_written_to(kernel: Kernel, threads: ThreadExecutor) -> None:
    NativeBackend(kernel, threads).power(SCALAR, points(3))[0] = 0


@each_kernel
def test_a_view_with_gaps_is_taken_as_its_items(kernel: Kernel, threads: ThreadExecutor) -> None:
    backend, wide = NativeBackend(kernel, threads), points(20)
    assert np.array_equal(backend.power(SCALAR, wide[::2]), backend.power(SCALAR, wide[::2].copy()))


@each_kernel
@pytest.mark.parametrize("place", [0, 7, CHUNK, 2 * CHUNK])
def test_a_bad_point_is_named_by_its_place(kernel: Kernel, threads: ThreadExecutor, place: int) -> None:
    backend, good = NativeBackend(kernel, threads), points(2 * CHUNK + 1)
    many = backend.power_base(good).copy()
    backend.check_points(many)
    for bad in (0, 2, P, P + 9):
        many[place] = np.frombuffer(encode(bad), dtype=np.uint8)
        with pytest.raises(PeerViolationError, match=f"^point {place}: not a canonical point"):
            backend.check_points(many)
    many[place] = np.frombuffer(encode(SMALL_ORDER[-1]), dtype=np.uint8)
    with pytest.raises(PeerViolationError, match=f"^point {place}: a point has small order"):
        backend.power(SCALAR, many)
    with pytest.raises(PeerViolationError, match=r"^point 0: a point has small order"):
        backend.power_each(good, encode(1))


@each_kernel
def test_ring_operations_agree_with_the_reference(kernel: Kernel, threads: ThreadExecutor) -> None:
    generator = np.random.default_rng(3)
    polys = np.stack([generator.integers(0, p, (17, ring.N), dtype=np.uint64) for p in ring.PRIMES], axis=1)
    before, backend = polys.copy(), NativeBackend(kernel, threads)
    assert np.array_equal(backend.ntt(polys), ring.ntt(polys))
    assert np.array_equal(backend.intt(polys[:2, None]), ring.intt(polys[:2, None]))
    assert np.array_equal(backend.multiply(polys[0], polys[:2]), ring.multiply(polys[0], polys[:2]))
    assert np.array_equal(polys, before)
    total = polys[:3].copy()
    backend.multiply_add(total, polys[0], polys[3:6])
    assert np.array_equal(total, polys[:3] + polys[0] * polys[3:6])
    backend.reduce(total)
    ring.reduce(expected := polys[:3] + polys[0] * polys[3:6])
    assert np.array_equal(total, expected)


@each_kernel
def test_single_coefficients_are_reduced(kernel: Kernel, threads: ThreadExecutor) -> None:
    constants = np.random.default_rng(5).integers(0, 2**64, (3, 4, 1), dtype=np.uint64)
    expected = constants.copy()
    ring.reduce(expected)
    NativeBackend(kernel, threads).reduce(constants)
    assert np.array_equal(constants, expected)


@each_kernel
def test_views_with_gaps_are_changed_in_place(kernel: Kernel, threads: ThreadExecutor) -> None:
    words = np.random.default_rng(4).integers(0, 2**26, (4, 4, ring.N), dtype=np.uint64)
    backend, wide = NativeBackend(kernel, threads), words.copy()
    backend.multiply_add(wide[::2], words[0], words[1::2])
    backend.reduce(wide[::2])
    expected = words[::2] + words[0] * words[1::2]
    ring.reduce(expected)
    assert np.array_equal(wide[::2], expected)
    assert np.array_equal(wide[1::2], words[1::2])


@each_kernel
def test_misuse_is_refused(kernel: Kernel, threads: ThreadExecutor) -> None:
    backend, poly = NativeBackend(kernel, threads), np.zeros((4, ring.N), dtype=np.uint64)
    with pytest.raises(MisuseError, match="separation tag"):
        backend.hash_to_curve(b"", b"", [])
    with pytest.raises(MisuseError, match="32 bytes"):
        backend.power(SCALAR[1:], points(1))
    with pytest.raises(MisuseError, match="shape"):
        backend.power(SCALAR, points(2).reshape(1, 64))
    with pytest.raises(MisuseError, match="shape"):
        backend.ntt(poly.astype(np.int64))  # type: ignore[arg-type]
    with pytest.raises(MisuseError, match="shape"):
        backend.multiply_add(poly, poly[:, 1:], poly)


@each_kernel
@pytest.mark.parametrize("function", ["ring_transform", "ring_multiply_add"])
def test_a_ring_that_does_nothing_is_refused(kernel: Kernel, function: str) -> None:
    real = kernel._module
    members = {name: getattr(real, name) for name in ("ring_transform", "ring_multiply_add", "ring_reduce")}
    broken = SimpleNamespace(**members | {function: lambda *arguments: None})
    check_ring(kernel)
    with pytest.raises(KernelError, match="lattice ring"):
        check_ring(Kernel("broken", kernel._number, broken))  # type: ignore[arg-type]


def test_a_kernel_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "kernels", lambda: (Kernel("old", 0, SimpleNamespace()),))  # type: ignore[arg-type]
    with pytest.raises(KernelError, match="another version"):
        _native.load_kernel.__wrapped__()


@pytest.mark.skipif(not all_kernels(), reason="the extension is not built")
def test_the_kernel_is_chosen_where_it_works() -> None:
    arithmetic = backends.choose_arithmetic(2)
    arithmetic.executor.close()
    assert isinstance(arithmetic.executor, ThreadExecutor)
    assert (arithmetic.backend.name, arithmetic.reason) == (f"native-{all_kernels()[0].name}", "")


def test_openssl_is_chosen_with_the_reason_where_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Kernel:
        raise KernelError("the C kernel is broken")

    monkeypatch.setattr(backends, "load_native", refuse)
    arithmetic = backends.choose_arithmetic(2)
    arithmetic.executor.close()
    assert isinstance(arithmetic.executor, ProcessExecutor)
    assert (arithmetic.backend.name, arithmetic.reason) == ("openssl", "the C kernel is broken")


def test_the_table_has_the_size_of_the_struct() -> None:
    assert len(native.ring_table()) == 4 * 4 + 4 * 4 * ring.N * 4


def test_thread_executor_keeps_order_and_raises_in_place(threads: ThreadExecutor) -> None:
    assert list(threads.map(lambda x: x * x, range(50))) == [x * x for x in range(50)]
    results = threads.map(lambda x: 1 // x, iter([1, 0, 1]))
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
    threads.close()
    threads.close()
    with pytest.raises(MisuseError, match="closed"):
        list(threads.map(abs, [1]))
    with pytest.raises(SettingsError):
        ThreadExecutor(0)
