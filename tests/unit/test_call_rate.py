"""A caller's calls: a bucket each, filled by the clock; a bad call takes many."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom import limits
from cleanroom.node.call_rate import CallRate

ALICE, MALLORY = bytes(32), bytes([1]) * 32


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def admitted(rate: CallRate, caller: bytes, calls: int) -> int:
    return sum(rate.admit(caller) for _ in range(calls))


def test_a_minutes_calls_at_once_and_no_more() -> None:
    clock = Hand()
    rate = CallRate(60, clock)
    assert admitted(rate, MALLORY, 100) == 60
    assert admitted(rate, ALICE, 1) == 1
    clock.time += 10
    assert admitted(rate, MALLORY, 100) == 10


def test_a_bad_call_counts_as_many() -> None:
    clock = Hand()
    rate = CallRate(600, clock)
    bad = 0
    while rate.admit(MALLORY):
        rate.spoiled(MALLORY)
        bad += 1
    assert bad == 600 // limits.BAD_CALL
    clock.time += 0.2
    assert rate.admit(MALLORY)
    rate.spoiled(MALLORY)
    clock.time += 2.8
    assert not rate.admit(MALLORY)
    assert rate.admit(ALICE)


def test_bad_calls_at_once_cost_no_more_than_a_minute() -> None:
    clock = Hand()
    rate = CallRate(60, clock)
    assert admitted(rate, MALLORY, 60) == 60
    for _ in range(60):
        rate.spoiled(MALLORY)
    clock.time += 60
    assert not rate.admit(MALLORY)
    clock.time += 1
    assert rate.admit(MALLORY)


def test_a_shortage_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    clock = Hand()
    rate = CallRate(60, clock)
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            admitted(rate, MALLORY, 100)
            clock.time += 3
        assert caplog.text.count("a caller is not answered") == 1
        clock.time += 60
        admitted(rate, MALLORY, 100)
        assert caplog.text.count("a caller is not answered") == 2
    assert MALLORY.hex() not in caplog.text


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=300))
def test_no_pattern_gets_more_than_two_minutes_worth_in_a_minute(calls: list[tuple[float, bool]]) -> None:
    """The bound of a token bucket: what it holds and what flows in."""
    clock, times = Hand(), list[float]()
    rate = CallRate(60, clock)
    for pause, bad in calls:
        clock.time += pause / 100
        if rate.admit(MALLORY):
            times.append(clock.time)
            if bad:
                rate.spoiled(MALLORY)
    for first in range(len(times)):
        assert sum(times[first] <= each < times[first] + 60 for each in times) <= 120
