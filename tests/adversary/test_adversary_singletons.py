"""An advertiser that puts one person it knows, or a few, into a cell of their own: what it reads of them."""

from __future__ import annotations

import pytest
from kit import NO_PADDING, SeededNoise, exchange, finish, pair, small_contract, values

from cleanroom.session.messages import Opening

SPENT = 900  # by the target, in the measure's unit; nobody else buys


def opened(alone: int, seed: int) -> tuple[object, list[Opening]]:
    """The released table and the retailer's openings, with `alone` people in the target's cell and 120 in the other."""
    agreed = small_contract()
    names = [f"n{i}" for i in range(120 + alone)]
    columns = [[1, 1, SPENT] if i < alone else [1, 0, 0] for i in range(len(names))]
    nodes = pair(agreed, values(names), [0] * alone + [1] * 120, values(names), columns, seed=seed,
                 noise=SeededNoise(seed), padding=NO_PADDING)
    sent = exchange(*nodes)
    table = nodes[0].side.closing.table
    finish(*nodes)
    return table, [each.message for each in sent if each.role == "retailer" and isinstance(each.message, Opening)]


@pytest.mark.parametrize("alone", [1, 10])
def test_a_tiny_cell_is_withheld_and_none_of_its_sums_is_opened(alone: int) -> None:
    """One noised count of the group; no share of what it bought is ever sent. No draw passes."""
    for seed in range(3):
        table, (people, sums) = opened(alone, seed)
        target, others = table.rows
        assert (target.people, target.sums) == (None, None)
        assert others.people is not None
        assert len(people.shares) == 2
        assert len(sums.shares) == len(others.sums)


def test_a_cell_of_many_is_released() -> None:
    """The test above would notice a threshold that withholds everything."""
    table, _ = opened(120, 3)
    assert None not in [row.people for row in table.rows]
