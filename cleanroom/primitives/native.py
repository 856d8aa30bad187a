"""The backend on the C kernel: the fast way, for threads.

It is chosen only after `load_native` has compared the kernel with OpenSSL and numpy. The kernel releases the
interpreter lock, so the Executor should run threads: processes would gain nothing and copy everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from cleanroom._native import Kernel, KernelError, load_kernel
from cleanroom.errors import MisuseError, PeerViolationError
from cleanroom.ports import Executor, Job
from cleanroom.primitives import ring
from cleanroom.primitives.backend import Digests, Encryption, Points, Polys, Texts
from cleanroom.primitives.curve import SMALL_ORDER
from cleanroom.primitives.encryption import encrypt
from cleanroom.primitives.sha256 import require_heads, sha256_each

T = TypeVar("T")
R = TypeVar("R")

CHUNK: Final = 1024  # points a task: four whole groups that share an inversion, about 10 ms
POLYS: Final = 16  # ring elements a task: about 1 ms
SIZE: Final = 32  # bytes of a point and of a scalar
BASE: Final = (9).to_bytes(SIZE, "little")
SMALL: Final = np.array([u.to_bytes(SIZE, "little") for u in SMALL_ORDER], dtype="S32")


class NativeBackend:
    """Splits points and ring elements into chunks for an Executor. See `backend.Backend` for every method."""

    def __init__(self, kernel: Kernel, executor: Executor) -> None:
        self._kernel = kernel
        self._executor = executor

    @property
    def name(self) -> str:
        """For example "native-avx2"."""
        return f"native-{self._kernel.name}"

    @property
    def workers(self) -> int:
        """Threads."""
        return self._executor.workers

    def begin_blind(self, scalar: bytes, dst: bytes, prefix: bytes, texts: Texts) -> Job[Points]:
        """Hash and raise one chunk in a thread."""
        _require(scalar)
        return self._executor.submit(partial(_blind, self._kernel, scalar, dst, prefix), texts)

    def begin_power(self, scalar: bytes, points: Points) -> Job[Points]:
        """Check and raise one chunk in a thread."""
        _require(scalar)
        return self._executor.submit(partial(_checked_power, self._kernel, scalar), _contiguous(points))

    def begin_check(self, points: Points) -> Job[Points]:
        """Check one chunk in a thread."""
        return self._executor.submit(partial(_checked, self._kernel), _contiguous(points))

    def begin_encrypt(self, task: Encryption) -> Job[ring.Residues]:
        """Encrypt one chunk in a thread, polynomial by polynomial: it begins no chunks of its own."""
        return self._executor.submit(partial(encrypt, self), task)

    def hash_to_curve(self, dst: bytes, prefix: bytes, messages: Sequence[bytes]) -> Points:
        """RFC 9380 curve25519_XMD:SHA-512_ELL2_RO_ of prefix || message."""
        if not 1 <= len(dst) <= 255:
            raise MisuseError("a domain separation tag has 1 to 255 bytes")
        chunks = [messages[i : i + CHUNK] for i in range(0, len(messages), CHUNK)]
        return self._points(partial(self._kernel.hash_to_curve, dst, prefix), chunks)

    def power(self, scalar: bytes, points: Points) -> Points:
        """X25519 of one scalar and many points."""
        _require(scalar)
        result = self._points(partial(self._kernel.power, scalar), _chunks(points))
        return _without_zeros(result)

    def power_base(self, scalars: Points) -> Points:
        """X25519 of many scalars and the base point."""
        return self.power_each(scalars, BASE)

    def power_each(self, scalars: Points, point: bytes) -> Points:
        """X25519 of many scalars and one point."""
        _require(point)
        result = self._points(partial(_power_each, self._kernel, point), _chunks(scalars))
        return _without_zeros(result)

    def check_points(self, points: Points) -> None:
        """Refuse the first point that is not canonical, on the curve and of large order."""
        for number, bad in enumerate(self._map(partial(_first_bad, self._kernel), _chunks(points))):
            if bad >= 0:
                raise _refused(number * CHUNK + bad)

    def sha256(self, prefix: bytes, heads: NDArray[np.uint8], texts: Texts) -> Digests:
        """In the calling thread; with OpenSSL where the CPU has no instructions for it."""
        if not self._kernel.has_sha256:
            return sha256_each(prefix, heads, texts)
        require_heads(heads, texts)
        return _items(self._kernel.sha256(prefix, np.ascontiguousarray(heads), texts.data, texts.offsets))

    def ntt(self, polys: Polys) -> Polys:
        """Coefficients to NTT form."""
        return self._transform(polys, inverse=False)

    def intt(self, polys: Polys) -> Polys:
        """NTT form to coefficients."""
        return self._transform(polys, inverse=True)

    def multiply(self, left: Polys, right: Polys) -> Polys:
        """Reduced product, slot by slot."""
        product: Polys = left * right
        self.reduce(product)
        return product

    def multiply_add(self, total: Polys, left: Polys, right: Polys) -> None:
        """Unreduced multiply-accumulate in place."""
        _require_polys(total)
        _require_polys(left)
        _require_polys(right)
        if total.flags.c_contiguous:
            self._kernel.ring_multiply_add(total, np.ascontiguousarray(left), np.ascontiguousarray(right))
        else:
            ring.multiply_add(total, left, right)

    def reduce(self, polys: Polys) -> None:
        """Reduce in place. Single coefficients, shape (..., 4, 1), and views with gaps are left to numpy."""
        if polys.dtype == np.uint64 and polys.shape[-1] == ring.N and polys.flags.c_contiguous:
            self._kernel.ring_reduce(ring_table(), polys)
        else:
            ring.reduce(polys)

    def _transform(self, polys: Polys, *, inverse: bool) -> Polys:
        _require_polys(polys)
        result = np.array(polys, order="C")
        flat = result.reshape(-1, len(ring.PRIMES), ring.N)
        chunks = [flat[i : i + POLYS] for i in range(0, len(flat), POLYS)]
        for _ in self._map(partial(self._kernel.ring_transform, ring_table(), inverse=inverse), chunks):
            pass
        return result

    def _points(self, function: Callable[[T], bytes], chunks: Sequence[T]) -> Points:
        joined = bytearray().join(self._map(function, chunks))
        return np.frombuffer(joined, dtype=np.uint8).reshape(-1, SIZE)

    def _map(self, function: Callable[[T], R], chunks: Sequence[T]) -> Iterator[R]:
        """A single chunk runs in the calling thread: a pool would only delay it."""
        return map(function, chunks) if len(chunks) == 1 else self._executor.map(function, chunks)


def _power_each(kernel: Kernel, point: bytes, scalars: Points) -> bytes:
    return kernel.power_each(scalars, point)


def _first_bad(kernel: Kernel, points: Points) -> int:
    """Index of the first point to refuse, or -1. The kernel accepts order 4 and 8: they are on the curve."""
    off_curve = kernel.check_points(points)
    small = np.flatnonzero(np.isin(points.view("S32").reshape(-1), SMALL))
    return min((int(place) for place in (off_curve, *small[:1]) if place >= 0), default=-1)


def _refused(place: int) -> PeerViolationError:
    return PeerViolationError("not a canonical point of Curve25519, or one of small order", where=f"point {place}")


def _blind(kernel: Kernel, scalar: bytes, dst: bytes, prefix: bytes, texts: Texts) -> Points:
    hashes = kernel.hash_texts(dst, prefix, texts.data, texts.offsets)
    return _without_zeros(_items(kernel.power(scalar, hashes)))


def _checked_power(kernel: Kernel, scalar: bytes, points: Points) -> Points:
    return _without_zeros(_items(kernel.power(scalar, _checked(kernel, points))))


def _checked(kernel: Kernel, points: Points) -> Points:
    bad = _first_bad(kernel, points)
    if bad >= 0:
        raise _refused(bad)
    return points


def _items(data: bytes) -> Points:
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, SIZE)


def _contiguous(items: Points) -> Points:
    if items.dtype != np.uint8 or items.ndim != 2 or items.shape[1] != SIZE:
        raise MisuseError("points and scalars are uint8 arrays of shape (n, 32)")
    return np.ascontiguousarray(items)


def _chunks(items: Points) -> list[Points]:
    whole = _contiguous(items)
    return [whole[i : i + CHUNK] for i in range(0, len(whole), CHUNK)]


def _require(item: bytes) -> None:
    if len(item) != SIZE:
        raise MisuseError("a point or a scalar has 32 bytes")


def _require_polys(polys: Polys) -> None:
    if polys.dtype != np.uint64 or polys.shape[-2:] != (len(ring.PRIMES), ring.N):
        raise MisuseError("ring elements are uint64 arrays of shape (..., 4, 4096)")


def _without_zeros(result: Points) -> Points:
    """`result`, unless X25519 gave zeros for a point, which then has small order (RFC 7748 §6.1)."""
    zero = np.flatnonzero(~result.view(np.uint64).any(axis=1))
    if len(zero):
        raise PeerViolationError("a point has small order", where=f"point {zero[0]}")
    return result


@cache
def load_native() -> Kernel:
    """The fastest kernel, after its own self-test and a comparison of its ring with numpy's (once a process).

    KernelError says why there is none.
    """
    kernel = load_kernel()
    check_ring(kernel)
    return kernel


def check_ring(kernel: Kernel) -> None:
    """KernelError unless `kernel` transforms one ring element, there and back, as `ring` does."""
    words = np.arange(len(ring.PRIMES) * ring.N, dtype=np.uint64).reshape(len(ring.PRIMES), ring.N)
    poly = words * np.uint64(0x9E3779B97F4A7C15)  # multiplicative hashing: spreads over the whole range
    kernel.ring_reduce(ring_table(), poly)
    slots = poly.copy()
    kernel.ring_transform(ring_table(), slots, inverse=False)
    back = slots.copy()
    kernel.ring_transform(ring_table(), back, inverse=True)
    total = poly.copy()
    kernel.ring_multiply_add(total, poly, slots)
    same = np.array_equal(slots, ring.ntt(poly)) and np.array_equal(back, poly)
    if not same or not np.array_equal(total, poly + poly * slots):
        raise KernelError(f"the C kernel {kernel.name} gives a wrong result in the self-test 'lattice ring'",
                          todo="rebuild it, or go on with OpenSSL and report the fault")


@cache
def ring_table() -> bytes:
    """The struct `ring_table` of the kernel: four primes, then for each its constant factors, all uint32.

    Forward factors w layer by layer, ψ^brv(2^l + i) for run i of layer l at 2^l + i; inverse ones the same
    with ψ^-1; each list is followed by floor(w·2^32 / p). Slot 0 of the inverse list holds 1/N. The last two
    layers work on a transpose with 512 columns, so their factors are grouped by row instead.
    """
    parts = [np.array(ring.PRIMES, dtype=np.uint32).tobytes()]
    for prime, root in zip(ring.PRIMES, ring.ROOTS, strict=True):
        inverse = _by_row(_powers(prime, pow(root, -1, prime)))
        inverse[0] = pow(ring.N, -1, prime)
        for factors in (_by_row(_powers(prime, root)), inverse):
            quotients = (factors << np.uint64(32)) // np.uint64(prime)
            parts += [factors.astype(np.uint32).tobytes(), quotients.astype(np.uint32).tobytes()]
    return b"".join(parts)


def _powers(prime: int, root: int) -> NDArray[np.uint64]:
    """root^brv(i) for i < N, brv reversing 12 bits."""
    bits = ring.N.bit_length() - 1
    return np.array([pow(root, int(f"{i:0{bits}b}"[::-1], 2), prime) for i in range(ring.N)], dtype=np.uint64)


def _by_row(factors: NDArray[np.uint64]) -> NDArray[np.uint64]:
    first, last_but_one, last = np.split(factors, [ring.N // 4, ring.N // 2])
    return np.concatenate([first, last_but_one.reshape(-1, 2).T.ravel(), last.reshape(-1, 4).T.ravel()])
