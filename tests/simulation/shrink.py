"""The shortest list that still fails."""

from __future__ import annotations

from collections.abc import Callable

from lists import Play, smaller

MOST_TRIES = 40


def shortest(play: Play, fails: Callable[[Play], bool]) -> Play:
    """Leave out one operation or fault after the other, as long as it fails."""
    for _ in range(MOST_TRIES):
        candidate = next((less for less in smaller(play) if fails(less)), None)
        if candidate is None:
            return play
        play = candidate
    return play
