"""Arithmetic of which the long jobs run on other machines, and every result is looked at before it is used.

A worker is trusted with secrets, not believed to work: an old library, bad memory or a wrong installation would turn
into a wrong sum. So this node recomputes one item of every chunk, at a place nobody knows before, and checks shape,
type and range of all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from cleanroom.adapters.backends import alone
from cleanroom.errors import MachineError
from cleanroom.ports import Executor, Job
from cleanroom.primitives.backend import Backend, Encryption, Points, Texts
from cleanroom.primitives.ring import PRIMES, N, Residues

R = TypeVar("R", bound=npt.NDArray[Any])

_PRIMES: Final = np.array(PRIMES, dtype=np.uint32)[:, None]


class ClusterBackend:
    """`backend.Backend`: blinding, re-blinding and encryption on `cluster`, everything else on `here`.

    Checking a point costs less than sending it, so that is done here, too.
    """

    def __init__(self, here: Backend, cluster: Executor) -> None:
        self._here, self._cluster = here, cluster
        self.name = f"dask/{here.name}"
        self.begin_check, self.check_points = here.begin_check, here.check_points
        self.hash_to_curve, self.sha256 = here.hash_to_curve, here.sha256
        self.power, self.power_base, self.power_each = here.power, here.power_base, here.power_each
        self.ntt, self.intt, self.reduce = here.ntt, here.intt, here.reduce
        self.multiply, self.multiply_add = here.multiply, here.multiply_add

    @property
    def workers(self) -> int:
        """Threads of the cluster at this moment."""
        return self._cluster.workers

    def begin_blind(self, scalar: bytes, dst: bytes, prefix: bytes, texts: Texts) -> Job[Points]:
        """Hash and raise one chunk on a worker."""
        count = len(texts.offsets) - 1
        if not count:
            return self._here.begin_blind(scalar, dst, prefix, texts)
        place = secrets.randbelow(count)
        again = self._here.begin_blind(scalar, dst, prefix, texts.part(place, place + 1))
        return _Checked(self._cluster.submit(_blind, (scalar, dst, prefix, texts)), _are_points(count), place, again)

    def begin_power(self, scalar: bytes, points: Points) -> Job[Points]:
        """Check and raise one chunk on a worker."""
        if not len(points):
            return self._here.begin_power(scalar, points)
        place = secrets.randbelow(len(points))
        again = self._here.begin_power(scalar, points[place:place + 1])
        return _Checked(self._cluster.submit(_power, (scalar, points)), _are_points(len(points)), place, again)

    def begin_encrypt(self, task: Encryption) -> Job[Residues]:
        """Encrypt one chunk on a worker."""
        place = secrets.randbelow(len(task.columns))
        again = self._here.begin_encrypt(task.only(place))
        return _Checked(self._cluster.submit(_encrypt, task), _are_residues(len(task.columns)), place, again)


class _Checked(Generic[R]):
    """A job elsewhere, of whose result the item at `place` is `again`, too."""

    def __init__(self, job: Job[R], fits: Callable[[R], bool], place: int, again: Job[R]) -> None:
        self._job, self._fits, self._place, self._again = job, fits, place, again

    def result(self) -> R:
        """See `ports.Job`. MachineError says which check a result did not pass."""
        found = self._job.result()
        if not self._fits(found):
            raise _wrong("has another shape, type or range")
        if not np.array_equal(found[self._place], self._again.result()[0]):
            raise _wrong("differs from what this node computes")
        return found


def _wrong(what: str) -> MachineError:
    return MachineError(f"a worker's result {what}", where="dask",
                        todo="run `cleanroom doctor` on each machine of the cluster, and look for broken memory")


def _are_points(count: int) -> Callable[[Points], bool]:
    return lambda found: (isinstance(found, np.ndarray) and found.dtype == np.uint8 and found.shape == (count, 32)
                          and _canonical(found))


def _canonical(points: Points) -> bool:
    """Whether all are below 2^255 - 19: not above 2^255, nor from 7f ff … ff ed on (little endian)."""
    top = points[points[:, 31] >= 0x7F]
    return not ((top[:, 31] > 0x7F) | ((top[:, 1:31] == 0xFF).all(axis=1) & (top[:, 0] >= 0xED))).any()


def _are_residues(count: int) -> Callable[[Residues], bool]:
    return lambda found: (isinstance(found, np.ndarray) and found.dtype == np.uint32
                          and found.shape == (count, len(PRIMES), N) and bool((found < _PRIMES).all()))


def _blind(task: tuple[bytes, bytes, bytes, Texts]) -> Points:
    return alone().begin_blind(*task).result()


def _power(task: tuple[bytes, Points]) -> Points:
    return alone().begin_power(*task).result()


def _encrypt(task: Encryption) -> Residues:
    return alone().begin_encrypt(task).result()
