"""Counts of people: exact for their owner, in buckets for everybody else.

How many people a rule refused tells something about each of them to somebody who knows all but one.
"""

from __future__ import annotations

from typing import Final

Count = dict[str, int]
SMALLEST: Final = 10  # the first bucket is 0 to 10: under INSEE's threshold of 11, and none looks like a few


def exact(number: int) -> Count:
    """A count as the owner sees it."""
    return {"low": number, "high": number}


def bucket(number: int) -> Count:
    """The bucket of a count, both ends included: 0 to 10, 11 to 100, 101 to 1,000, and so on."""
    low, high = 0, SMALLEST
    while number > high:
        low, high = high + 1, high * 10
    return {"low": low, "high": high}
