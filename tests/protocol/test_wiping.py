"""Nothing secret or about a row survives the end of a run, good or bad (as far as Python allows)."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from cheat import small_pair
from kit import EXACT, Node, exchange, finish, pair, small_contract, values
from wiped import assert_dead_and_wiped, assert_wiped

from cleanroom.errors import MisuseError
from cleanroom.measures.compact import Compact
from cleanroom.session.script import SCRIPT

STEPS = [step.name for step in SCRIPT if step.sender in {"advertiser", "retailer"}]


def test_nothing_is_left_after_a_good_end() -> None:
    """Only the table and the receipt remain."""
    nodes = small_pair()
    exchange(*nodes)
    finish(*nodes)
    for node in nodes:
        assert_wiped(node)
        assert node.side.closing.table is not None
        assert node.side.closing.envelope()
        with pytest.raises(MisuseError):
            list(node.session.send())


@pytest.mark.parametrize("step", sorted(set(STEPS), key=STEPS.index))
def test_nothing_is_left_when_a_run_is_ended_at_any_step(step: str) -> None:
    nodes = small_pair()
    exchange(*nodes, until=step)
    assert {node.session.step_name for node in nodes} == {step}
    finish(*nodes)
    for node in nodes:
        assert_dead_and_wiped(node)


@pytest.mark.parametrize("step", sorted(set(STEPS), key=STEPS.index))
def test_nothing_is_left_when_sending_is_interrupted(step: str) -> None:
    """Ctrl-C or a lost connection while a message is handed over: the session ends with the generator."""
    nodes = small_pair()
    exchange(*nodes, until=step)
    sender = next(node for node in nodes if node.session.sending)
    messages = sender.session.send()
    next(messages)
    with pytest.raises(KeyboardInterrupt):
        messages.throw(KeyboardInterrupt)
    assert_dead_and_wiped(sender)


@pytest.mark.parametrize("until", ["done", "columns", "reblinded_cells"])
def test_keys_and_columns_are_released_to_the_allocator(until: str) -> None:
    """A view would keep the whole array alive: after the end nobody holds the inputs any more."""
    names, columns = [f"n{i}" for i in range(12)], Compact.of(np.ones((12, 3), dtype=np.int64))
    inputs = [values(names), np.arange(12) % 2, values(names), columns]
    alive = [weakref.ref(inputs[place]) for place in (0, 2, 3)]
    nodes: tuple[Node, Node] = pair(small_contract(threshold=0), *inputs, **EXACT)
    del inputs, columns
    assert all(reference() is not None for reference in alive)
    exchange(*nodes, until=until)
    finish(*nodes)
    gc.collect()
    assert [reference() for reference in alive] == [None] * 3


def test_the_check_itself_sees_a_secret_that_is_left() -> None:
    """Before the end `assert_wiped` fails on both sides, at every step at which it holds something."""
    for step in ("reblinded_cells", "columns", "open_people"):
        nodes = small_pair()
        exchange(*nodes, until=step)
        for node in nodes:
            with pytest.raises(AssertionError):
                assert_wiped(node)
