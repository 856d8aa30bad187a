"""Results of other machines are looked at before they are used; a pickled job shows nothing of itself."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from primitives_kit import BACKEND, random_points

from cleanroom.adapters import cluster
from cleanroom.adapters.backends import dask_executor
from cleanroom.adapters.cluster import ClusterBackend
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.parcel import Answer, Parcel
from cleanroom.errors import MachineError, PeerViolationError, SettingsError
from cleanroom.ports import Job
from cleanroom.primitives.backend import Encryption, Texts
from cleanroom.primitives.ring import PRIMES, N

SCALAR = b"\x01" * 32
PRIME = 2**255 - 19
POINTS = BACKEND.power_base(random_points(1, 5))
TEXTS = Texts.of([b"one", b"two", b""])
TASK = Encryption(b"c" * 64, b"s" * 32, range(2, 4), 1, np.array([[1, 2], [3, 4]]),
                  np.ones((4, N), dtype=np.uint64), b"e" * 32)
JOBS: dict[str, Callable[[ClusterBackend], Job[Any]]] = {
    "blind": lambda backend: backend.begin_blind(SCALAR, b"dst", b"", TEXTS),
    "power": lambda backend: backend.begin_power(SCALAR, POINTS),
    "encrypt": lambda backend: backend.begin_encrypt(TASK),
}
each_job = pytest.mark.parametrize("job", JOBS)


class Worker(SerialExecutor):
    """A machine that changes what it found."""

    def __init__(self, spoil: Callable[[Any], Any] = lambda found: found) -> None:
        self._spoil = spoil

    def submit(self, function: Callable[[Any], Any], chunk: Any) -> Job[Any]:
        sent = pickle.loads(pickle.dumps((function, chunk)))
        return super().submit(lambda given: self._spoil(sent[0](given).copy()), sent[1])


def result(job: str, spoil: Callable[[Any], Any]) -> Any:
    return JOBS[job](ClusterBackend(BACKEND, Worker(spoil))).result()


@each_job
def test_a_worker_gives_what_this_machine_gives(job: str) -> None:
    found = result(job, lambda found: found)
    assert np.array_equal(found, JOBS[job](BACKEND).result())


@each_job
@pytest.mark.parametrize("spoil", [lambda found: None, lambda found: found[1:], lambda found: found.astype(np.int64),
                                   lambda found: found.tobytes(), lambda found: found[..., :-1]])
def test_another_shape_or_type_is_refused(job: str, spoil: Callable[[Any], Any]) -> None:
    with pytest.raises(MachineError, match="another shape, type or range"):
        result(job, spoil)


@each_job
def test_a_changed_item_is_found_wherever_it_is_looked_for(job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(2):
        monkeypatch.setattr(cluster.secrets, "randbelow", lambda count, place=place: place)

        def spoil(found: Any, place: int = place) -> Any:
            found[place].reshape(-1)[0] ^= 1
            return found

        with pytest.raises(MachineError, match="differs from what this node computes"):
            result(job, spoil)


@pytest.mark.parametrize("number", [PRIME, PRIME + 18, 2**255, 2**256 - 1])
def test_a_point_that_is_not_canonical_is_refused(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.secrets, "randbelow", lambda count: 0)

    def spoil(found: Any) -> Any:
        found[4] = np.frombuffer(number.to_bytes(32, "little"), np.uint8)
        return found

    with pytest.raises(MachineError, match="another shape, type or range"):
        result("power", spoil)


def test_the_largest_canonical_number_is_in_range() -> None:
    last = np.frombuffer((PRIME - 1).to_bytes(32, "little"), np.uint8)[None]
    assert cluster._canonical(last)
    assert not cluster._canonical(last + np.eye(1, 32, dtype=np.uint8))


@pytest.mark.parametrize("prime", range(4))
def test_a_residue_that_is_not_reduced_is_refused(prime: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.secrets, "randbelow", lambda count: 0)

    def spoil(found: Any) -> Any:
        found[1, prime, 7] = PRIMES[prime]
        return found

    with pytest.raises(MachineError, match="another shape, type or range"):
        result("encrypt", spoil)


def test_empty_chunks_stay_here() -> None:
    backend = ClusterBackend(BACKEND, Worker(lambda found: None))
    assert len(backend.begin_power(SCALAR, POINTS[:0]).result()) == 0
    assert len(backend.begin_blind(SCALAR, b"dst", b"", Texts.of([])).result()) == 0


def test_a_peers_bad_point_is_the_peers_fault() -> None:
    bad = POINTS.copy()
    bad[3] = 0
    with pytest.raises(PeerViolationError) as caught:
        ClusterBackend(BACKEND, Worker()).begin_power(SCALAR, bad).result()
    assert caught.value.where == "point 3"


def test_parcels_answers_and_tasks_are_silent() -> None:
    parcel = Parcel.of(len, b"secret")
    assert (repr(parcel), str(parcel)) == ("Parcel", "Parcel")
    assert (repr(Answer(b"secret")), repr(TASK)) == ("Answer", "Encryption")


def test_without_dask_the_setting_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cleanroom.adapters.dask_executor", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingsError) as caught:
        dask_executor(object())
    assert (caught.value.what, caught.value.todo) == ("Dask is not installed",
                                                      "install cleanroom with the extra `dask`")
