"""Nothing secret or about a row survives the end of a run, good or bad (as far as Python allows)."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from cheat import small_pair
from kit import EXACT, MODES, Node, exchange, finish, pair, small_contract, steps_of_both_modes, values
from wiped import assert_dead_and_wiped, assert_wiped

from cleanroom.contract.protocols import ECDH, SALTED
from cleanroom.errors import MisuseError
from cleanroom.measures.compact import Compact

EVERY_STEP = pytest.mark.parametrize(("protocol", "step"), steps_of_both_modes())


def nodes_of(protocol: str) -> tuple[Node, Node]:
    return small_pair(small_contract(threshold=0, **MODES[protocol]))


@pytest.mark.parametrize("protocol", MODES)
def test_nothing_is_left_after_a_good_end(protocol: str) -> None:
    """Only the table and the receipt remain."""
    nodes = nodes_of(protocol)
    exchange(*nodes)
    finish(*nodes)
    for node in nodes:
        assert_wiped(node)
        assert node.side.closing.table is not None
        assert node.side.closing.envelope()
        with pytest.raises(MisuseError):
            list(node.session.send())


@EVERY_STEP
def test_nothing_is_left_when_a_run_is_ended_at_any_step(protocol: str, step: str) -> None:
    nodes = nodes_of(protocol)
    exchange(*nodes, until=step)
    assert {node.session.step_name for node in nodes} == {step}
    finish(*nodes)
    for node in nodes:
        assert_dead_and_wiped(node)


@EVERY_STEP
def test_nothing_is_left_when_sending_is_interrupted(protocol: str, step: str) -> None:
    """Ctrl-C or a lost connection while a message is handed over: the session ends with the generator."""
    nodes = nodes_of(protocol)
    exchange(*nodes, until=step)
    sender = next(node for node in nodes if node.session.sending)
    messages = sender.session.send()
    next(messages)
    with pytest.raises(KeyboardInterrupt):
        messages.throw(KeyboardInterrupt)
    assert_dead_and_wiped(sender)


@pytest.mark.parametrize(("protocol", "until"), [*((protocol, "done") for protocol in MODES), (ECDH, "columns"),
                                                 (ECDH, "reblinded_cells"), (SALTED, "tokens")])
def test_keys_and_columns_are_released_to_the_allocator(protocol: str, until: str) -> None:
    """A view would keep the whole array alive: after the end nobody holds the inputs any more."""
    names, columns = [f"n{i}" for i in range(12)], Compact.of(np.ones((12, 3), dtype=np.int64))
    inputs = [values(names), np.arange(12) % 2, values(names), columns]
    alive = [weakref.ref(inputs[place]) for place in (0, 2, 3)]
    nodes: tuple[Node, Node] = pair(small_contract(threshold=0, **MODES[protocol]), *inputs, **EXACT)
    del inputs, columns
    assert all(reference() is not None for reference in alive)
    exchange(*nodes, until=until)
    finish(*nodes)
    gc.collect()
    assert [reference() for reference in alive] == [None] * 3


def test_a_retailer_of_the_salted_mode_is_wiped_only_when_all_of_it_is() -> None:
    """Audit and session believe `wiped`."""
    nodes = nodes_of(SALTED)
    exchange(*nodes, until="tokens")
    side = nodes[1].side
    side.closing.wipe()
    side._match._salt.wipe()
    side._match._keys = side._match._keys.none()
    assert not side.wiped  # the tokens
    side._match.wipe()
    assert not side.wiped  # the columns
    side._forget_columns()
    assert side.wiped


def test_the_check_itself_sees_a_secret_that_is_left() -> None:
    """Before the end `assert_wiped` fails on both sides, at every step at which it holds something."""
    for protocol, step in ((ECDH, "reblinded_cells"), (ECDH, "columns"), (ECDH, "open_people"), (SALTED, "tokens"),
                           (SALTED, "open_people")):
        nodes = nodes_of(protocol)
        exchange(*nodes, until=step)
        for node in nodes:
            with pytest.raises(AssertionError):
                assert_wiped(node)
