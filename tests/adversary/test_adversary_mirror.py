"""A retailer that sends our own points back, hoping that they match each other: nothing joins."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from cheat import PEOPLE, small_pair
from kit import exchange

from cleanroom.session.messages import Message, Points
from cleanroom.session.script import SCRIPT


def joined(tamper: object) -> int:
    """How many rows of the retailer found a partner; half the people are in common."""
    nodes = small_pair()
    exchange(*nodes, tamper, until="lattice_key")
    return sum(key.people for key in nodes[0].side.matched)  # exact, since this run is not padded


def mirror(*steps: str) -> object:
    """The advertiser's blinded cells, sent back in the place of the retailer's lists."""
    ours: list[np.ndarray] = []

    def by(role: str, position: int, message: Message) -> Iterator[tuple[int, Message]]:
        name = SCRIPT[position].name
        if name == "blinded_cells":
            ours.append(message.tuples)
        if name in steps:
            points = np.concatenate(ours)[message.offset:message.offset + len(message.tuples)]
            message = Points(message.offset, points)
        yield position, message

    return by


def test_honest_lists_join() -> None:
    assert joined(mirror()) == PEOPLE // 2


@pytest.mark.parametrize("steps", [("blinded_values",), ("reblinded_cells",), ("reblinded_cells", "blinded_values")],
                         ids="+".join)
def test_our_own_points_match_nothing(steps: tuple[str, ...]) -> None:
    """As values they become a²H, as cells they stay aH; every point of a person is abH."""
    assert joined(mirror(*steps)) == 0
