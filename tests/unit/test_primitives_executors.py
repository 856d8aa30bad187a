"""Executors: same results in the same order, bounded look-ahead, clear failures."""

import itertools
import math
import os
import sys

import pytest
from primitives_kit import BACKEND, points, random_points

from cleanroom.adapters.executors import ProcessExecutor, SerialExecutor
from cleanroom.errors import MachineError, MisuseError, PeerViolationError, SettingsError
from cleanroom.primitives.openssl import OpenSSLBackend


def main_is_empty(_):
    return not hasattr(sys.modules["__main__"], "__file__")


@pytest.fixture(scope="module")
def pool():
    with ProcessExecutor(2) as executor:
        yield executor


def test_processes_give_what_one_process_gives(pool):
    backend, scalars = OpenSSLBackend(pool), random_points(1, 1100)
    assert (backend.power_base(scalars) == BACKEND.power_base(scalars)).all()


def test_hashing_in_processes_keeps_the_order(pool):
    messages = [b"%d" % i for i in range(520)]
    out = OpenSSLBackend(pool).hash_to_curve(b"dst", b"", messages)
    assert out[::130].tolist() == BACKEND.hash_to_curve(b"dst", b"", messages[::130]).tolist()


def test_a_violation_found_by_a_worker_keeps_its_place(pool):
    scalars = random_points(2, 600)
    bad = BACKEND.power_base(scalars)
    bad[599] = points(bytes(32))[0]
    with pytest.raises(PeerViolationError) as caught:
        OpenSSLBackend(pool).power(scalars[0].tobytes(), bad)
    assert caught.value.where == "point 599"
    assert list(pool.map(abs, [-1])) == [1]


def test_endless_chunks_are_taken_a_few_at_a_time(pool):
    taken = itertools.count()
    results = pool.map(math.sqrt, (next(taken) for _ in itertools.count()))
    assert [next(results) for _ in range(5)] == [math.sqrt(i) for i in range(5)]
    results.close()
    assert next(taken) <= 5 + 3 * pool.workers


def test_serial_is_lazy_and_ordered():
    assert SerialExecutor().workers == 1
    assert list(itertools.islice(SerialExecutor().map(abs, itertools.count(-2)), 4)) == [2, 1, 0, 1]


def test_a_dead_worker_is_reported():
    with ProcessExecutor(1) as executor, pytest.raises(MachineError, match="worker process died"):
        list(executor.map(os._exit, [3]))


def test_after_a_dead_worker_the_next_call_starts_fresh_ones():
    with ProcessExecutor(1) as executor:
        with pytest.raises(MachineError) as caught:
            list(executor.map(os._exit, [3]))
        assert caught.value.public == "the other party's node has a fault"
        assert list(executor.map(abs, [-1, 2])) == [1, 2]


def test_a_call_that_breaks_leaves_the_pool_that_came_after_it():
    with ProcessExecutor(1) as executor:
        other = executor.map(abs, range(100))
        assert next(other) == 0
        with pytest.raises(MachineError):
            list(executor.map(os._exit, [3]))
        newer = executor.map(abs, range(100))
        assert next(newer) == 0
        with pytest.raises(MachineError):
            list(other)
        assert list(newer) == list(range(1, 100))


def test_processes_start_without_the_main_script_and_leave_it_in_place():
    main = sys.modules["__main__"]
    with ProcessExecutor(2) as executor:
        assert list(executor.map(main_is_empty, range(4))) == [True] * 4
    assert sys.modules["__main__"] is main


def test_closed_executor_is_misuse():
    executor = ProcessExecutor(1)
    executor.close()
    executor.close()
    with pytest.raises(MisuseError):
        list(executor.map(abs, [1]))


def test_no_workers_is_refused():
    with pytest.raises(SettingsError):
        ProcessExecutor(0)
