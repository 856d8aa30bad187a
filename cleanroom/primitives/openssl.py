"""The backend that runs everywhere: OpenSSL for X25519, Python integers for the field, numpy for the ring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from cleanroom.errors import MisuseError
from cleanroom.ports import Executor, Job
from cleanroom.primitives import curve, ring
from cleanroom.primitives.backend import Digests, Encryption, Points, Polys, Texts
from cleanroom.primitives.encryption import encrypt
from cleanroom.primitives.hash_to_curve import blind_chunk, hash_chunk
from cleanroom.primitives.sha256 import sha256_each

T = TypeVar("T")
R = TypeVar("R")

CHUNK: Final = 512  # points a task: about 25 ms of X25519, so that starting a task costs under 1 %


class OpenSSLBackend:
    """Splits points into chunks for an Executor; up to one chunk runs in the calling process.

    See `backend.Backend` for every method. Note that `power` hands the scalar to the executor's processes.
    """

    name = "openssl"

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    @property
    def workers(self) -> int:
        """Processes."""
        return self._executor.workers

    def begin_blind(self, scalar: bytes, dst: bytes, prefix: bytes, texts: Texts) -> Job[Points]:
        """Hash and raise, in pieces."""
        _require(scalar)
        parts = [texts.part(i, min(i + CHUNK, len(texts.offsets) - 1))
                 for i in range(0, len(texts.offsets) - 1, CHUNK)]
        return self._begin(blind_chunk, [(scalar, (dst, prefix, part.tolist())) for part in parts])

    def begin_power(self, scalar: bytes, points: Points) -> Job[Points]:
        """Check and raise, in pieces."""
        _require(scalar)
        return self._begin(curve.checked_power_chunk, list(_tasks(scalar, points)))

    def begin_check(self, points: Points) -> Job[Points]:
        """Check, in pieces."""
        return self._begin(curve.checked_chunk, list(_tasks(b"", points)))

    def begin_encrypt(self, task: Encryption) -> Job[ring.Residues]:
        """In this process, when the result is asked for."""
        return _Here(partial(encrypt, self), task)

    def _begin(self, function: Callable[[T], bytes], tasks: list[T]) -> Job[Points]:
        if len(tasks) == 1:  # a small list is not worth starting processes
            return _Joined([_Here(function, tasks[0])])
        return _Joined([self._executor.submit(function, task) for task in tasks])

    def hash_to_curve(self, dst: bytes, prefix: bytes, messages: Sequence[bytes]) -> Points:
        """RFC 9380 curve25519_XMD:SHA-512_ELL2_RO_ of prefix || message."""
        if not 1 <= len(dst) <= 255:
            raise MisuseError("a domain separation tag has 1 to 255 bytes")
        tasks = ((dst, prefix, messages[i : i + CHUNK]) for i in range(0, len(messages), CHUNK))
        return self._run(hash_chunk, tasks, len(messages))

    def power(self, scalar: bytes, points: Points) -> Points:
        """X25519 of one scalar and many points."""
        _require(scalar)
        return self._run(curve.power_chunk, _tasks(scalar, points), len(points))

    def power_base(self, scalars: Points) -> Points:
        """X25519 of many scalars and the base point."""
        return self._run(curve.power_base_chunk, _tasks(b"", scalars), len(scalars))

    def power_each(self, scalars: Points, point: bytes) -> Points:
        """X25519 of many scalars and one point."""
        _require(point)
        return self._run(curve.power_each_chunk, _tasks(point, scalars), len(scalars))

    def sha256(self, prefix: bytes, heads: NDArray[np.uint8], texts: Texts) -> Digests:
        """In this process: a digest costs less than its way to another one."""
        return sha256_each(prefix, heads, texts)

    def check_points(self, points: Points) -> None:
        """Refuse the first point that is not canonical, on the curve and non-zero."""
        for _ in self._map(curve.check_chunk, _tasks(b"", points), len(points)):
            pass

    def ntt(self, polys: Polys) -> Polys:
        """Coefficients to NTT form."""
        return ring.ntt(polys)

    def intt(self, polys: Polys) -> Polys:
        """NTT form to coefficients."""
        return ring.intt(polys)

    def multiply(self, left: Polys, right: Polys) -> Polys:
        """Reduced product, slot by slot."""
        return ring.multiply(left, right)

    def multiply_add(self, total: Polys, left: Polys, right: Polys) -> None:
        """Unreduced multiply-accumulate in place."""
        ring.multiply_add(total, left, right)

    def reduce(self, polys: Polys) -> None:
        """Reduce in place."""
        ring.reduce(polys)

    def _run(self, function: Callable[[T], bytes], tasks: Iterator[T], count: int) -> Points:
        joined = b"".join(self._map(function, tasks, count))
        return np.frombuffer(bytearray(joined), dtype=np.uint8).reshape(count, curve.SIZE)

    def _map(self, function: Callable[[T], bytes], tasks: Iterator[T], count: int) -> Iterator[bytes]:
        return map(function, tasks) if count <= CHUNK else self._executor.map(function, tasks)


class _Joined:
    """Pieces of one chunk."""

    def __init__(self, jobs: Sequence[Job[bytes]]) -> None:
        self._jobs = jobs

    def result(self) -> Points:
        """See `ports.Job`."""
        joined = b"".join(job.result() for job in self._jobs)
        return np.frombuffer(joined, dtype=np.uint8).reshape(-1, curve.SIZE)


class _Here(Generic[T, R]):
    """A piece that is worked on in this process."""

    def __init__(self, function: Callable[[T], R], task: T) -> None:
        self._function, self._task = function, task

    def result(self) -> R:
        """See `ports.Job`."""
        return self._function(self._task)


def _tasks(constant: bytes, items: Points) -> Iterator[tuple[int, bytes, bytes]]:
    if items.dtype != np.uint8 or items.ndim != 2 or items.shape[1] != curve.SIZE:
        raise MisuseError("points and scalars are uint8 arrays of shape (n, 32)")
    return ((i, constant, items[i : i + CHUNK].tobytes()) for i in range(0, len(items), CHUNK))


def _require(item: bytes) -> None:
    if len(item) != curve.SIZE:
        raise MisuseError("a point or a scalar has 32 bytes")
