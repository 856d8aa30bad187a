"""How fast this machine's arithmetic is, operation by operation, beside OpenSSL in the same moments."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from statistics import median
from typing import Final, NamedTuple

import numpy as np

from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.system import SystemEntropy
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.openssl import OpenSSLBackend
from cleanroom.primitives.ring import PRIMES, N

REPEATS: Final = 7
THREADS: Final = (1, 2)
POINTS, POLYS = 8192, 64  # of a round of the backend in use: tens of milliseconds on one core
FEW: Final = 8  # the baseline is up to a hundred times slower: it gets an eighth of the work
_DST: Final = b"cleanroom-bench"


class Rate(NamedTuple):
    """Microseconds of one operation (wall clock, medians), and the median of the ratios round by round.

    `baseline` is the backend `openssl` on one core: X25519 by `cryptography`, one call a point; the field of hashing
    and of validation by Python's integers, the ring by numpy.
    """

    operation: str
    threads: int
    microseconds: float
    baseline: float
    ratio: float


class _Work(NamedTuple):
    """An operation on inputs made once; it returns how many operations it did."""

    operation: str
    threads: tuple[int, ...]
    run: Callable[[Backend, int], int]  # backend, divisor of the work


def kernel_rates(repeats: int = REPEATS) -> list[Rate]:
    """Each operation on the backend this machine uses and on the baseline, in turns. On two threads: X25519 only."""
    with ExitStack() as executors:
        arithmetics = {threads: choose_arithmetic(threads) for threads in THREADS}
        backends = {threads: each.backend for threads, each in arithmetics.items()}
        for each in arithmetics.values():
            executors.callback(each.executor.close)
        return [rate for work in _works() for rate in _rates(work, backends, repeats)]


def _rates(work: _Work, backends: Mapping[int, Backend], repeats: int) -> Iterator[Rate]:
    baseline = OpenSSLBackend(SerialExecutor())
    for threads in work.threads:
        work.run(backends[threads], 1)  # starts threads or processes, fills caches
    found: dict[int, list[tuple[float, float]]] = {threads: [] for threads in work.threads}
    for _ in range(repeats):
        other = _seconds(work, baseline, FEW)
        for threads in work.threads:
            found[threads].append((_seconds(work, backends[threads], 1), other))
    for threads, rounds in found.items():
        own, others = zip(*rounds, strict=True)
        yield Rate(work.operation, threads, 1e6 * median(own), 1e6 * median(others),
                   median(other / one for one, other in rounds))


def _seconds(work: _Work, backend: Backend, divisor: int) -> float:
    start = time.perf_counter()
    count = work.run(backend, divisor)
    return (time.perf_counter() - start) / count


def _works() -> Iterator[_Work]:
    entropy = SystemEntropy()
    keys = [b"person.%09d@example.org" % number for number in range(POINTS)]
    points = OpenSSLBackend(SerialExecutor()).power_base(
        np.frombuffer(entropy.bytes(32 * POINTS // FEW), np.uint8).reshape(-1, 32))
    points = np.tile(points, (FEW, 1))  # all of them random points; that they come again makes nothing faster
    polys = np.arange(POLYS * len(PRIMES) * N, dtype=np.uint64).reshape(POLYS, len(PRIMES), N) % np.uint64(min(PRIMES))
    scalar, context = entropy.bytes(32), entropy.bytes(64)

    def power(backend: Backend, divisor: int) -> int:
        return len(backend.power(scalar, points[: POINTS // divisor]))

    def hashing(backend: Backend, divisor: int) -> int:
        return len(backend.hash_to_curve(_DST, context, keys[: POINTS // divisor]))

    def validation(backend: Backend, divisor: int) -> int:
        backend.check_points(points[: POINTS // divisor])
        return POINTS // divisor

    def transform(backend: Backend, divisor: int) -> int:
        return len(backend.ntt(polys[: POLYS // divisor]))

    yield _Work("x25519", THREADS, power)
    yield _Work("hash_to_curve", (1,), hashing)
    yield _Work("validation", (1,), validation)
    yield _Work("ntt", (1,), transform)
