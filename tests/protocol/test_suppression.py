"""Groups under the threshold: their sums never leave a side, and a run in which everything is one still finishes."""

from __future__ import annotations

import numpy as np
import pytest
from duplex import run_flow
from kit import EXACT, NO_PADDING, SeededNoise, exchange, finish, pair, small_contract, values
from small_tables import AGREED, both_tables

from cleanroom.disclosure.shares import SHARE_BYTES
from cleanroom.session.messages import Opening


def run_with_shares() -> tuple[list, dict[str, list[list[int]]], object]:
    """A run in which `control` (2 matched) stays under the threshold of 5 and `exposed` (8 matched) does not."""
    names = [f"n{i}" for i in range(10)]
    columns = np.array([[1, 1, 10 * i] for i in range(10)])
    nodes = pair(small_contract(threshold=5), values(names), [0] * 8 + [1] * 2, values(names), columns, **EXACT)
    shares: dict[str, list[list[int]]] = {}
    for node in nodes:
        node.side.closing.take_shares = _keeping(node, shares)
    seen = exchange(*nodes)
    finish(*nodes)
    return seen, shares, nodes[0].side.closing.table


def _keeping(node, shares: dict[str, list[list[int]]]):
    take = node.side.closing.take_shares

    def spy(given: list[list[int]], most: list[int]) -> None:
        shares[node.setup.role] = [list(row) for row in given]
        take(given, most)

    return spy


def test_shares_of_suppressed_sums_appear_in_no_message() -> None:
    """With zero noise the opened shares are the raw ones: those of the surviving group are in the second opening, those
    of the suppressed group are nowhere, neither as numbers nor as bytes inside any message."""
    seen, shares, table = run_with_shares()
    exposed, control = table.rows
    assert (exposed.people, control.people, control.sums) == (8, None, None)
    for role, (survivor, suppressed) in shares.items():
        opened = [sent.message.shares for sent in seen if sent.role == role and isinstance(sent.message, Opening)]
        assert opened == [(survivor[0], suppressed[0]), tuple(survivor[1:])]
        spoken = b"".join(_bytes(sent.message) for sent in seen)
        assert survivor[1].to_bytes(SHARE_BYTES, "little") in spoken
        for share in suppressed[1:]:
            assert share.to_bytes(SHARE_BYTES, "little") not in spoken


def _bytes(message: object) -> bytes:
    return b"".join(part.to_bytes(8, "little") if isinstance(part, int) else part for part in message.parts()
                    if isinstance(part, bytes) or part >= 0)


@pytest.mark.parametrize(("mine", "theirs", "size"), [("left", "right", 120), ("same", "same", 40)],
                         ids=["empty intersection", "every group under the threshold"])
@pytest.mark.parametrize("noise", [None, SeededNoise(9)], ids=["zero noise", "noise"])
def test_a_run_without_a_releasable_group_finishes_and_says_so(mine: str, theirs: str, size: int, noise) -> None:
    options = EXACT if noise is None else {"noise": noise, "padding": NO_PADDING}
    outcomes = run_flow(AGREED, both_tables(mine, theirs, size), **options)
    ours, theirs_ = outcomes["advertiser"], outcomes["retailer"]
    assert ours.table == theirs_.table
    assert ours.receipt == theirs_.receipt
    assert len(ours.table.rows) == 10
    assert all(row.suppressed and row.sums is None for row in ours.table.rows)
    for outcome in outcomes.values():
        assert outcome.estimates
        assert {(estimate.value, estimate.low, estimate.note) for estimate in outcome.estimates} == {
            (None, None, "suppressed")}


def test_the_same_people_in_larger_number_are_released() -> None:
    """The control of the test above: with enough people the two arms are opened and correct."""
    outcomes = run_flow(AGREED, both_tables("same", "same", 120), **EXACT)
    found = {row.group.key: row.people for row in outcomes["advertiser"].table.of(0)}
    assert found == {("exposed",): 60, ("control",): 60}
