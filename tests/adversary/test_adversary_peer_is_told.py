"""Both ends of a real link: what the other side learns of a failure, and that both end dead and wiped."""

from __future__ import annotations

import threading
from contextlib import suppress

import numpy as np
import pytest
from cheat import small_pair
from duplex import both, converse_both
from kit import EXACT, KEYS, Node, Silent, make_setup, pair, small_contract, values
from small_tables import AGREED, both_tables
from wiped import assert_dead, assert_dead_and_wiped, assert_wiped

from cleanroom import flow
from cleanroom.audit.events import Kind, parse_event
from cleanroom.disclosure.accounting import run_cost
from cleanroom.errors import BudgetError, PeerRefusedError, PeerUnavailableError, PeerViolationError
from cleanroom.node.link import FrameLink, start_pump
from cleanroom.session.converse import Link, converse
from cleanroom.session.messages import Message, Opening
from cleanroom.session.script import SCRIPT

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}


class CheatingLink:
    """Sends another share than was committed to."""

    def __init__(self, inner: Link) -> None:
        self._inner = inner

    def send(self, step: int, message: Message) -> None:
        if isinstance(message, Opening):
            message = Opening(((message.shares[0] + 1) % 2**44, *message.shares[1:]), message.blind)
        self._inner.send(step, message)

    def receive(self) -> tuple[int, Message]:
        return self._inner.receive()


@pytest.mark.parametrize("cheat", ["advertiser", "retailer"])
def test_a_violation_is_told_in_public_words_and_ends_both_sides(cheat: str) -> None:
    nodes: dict[str, Node] = {node.setup.role: node for node in small_pair()}
    errors = converse_both(nodes, lambda role, link: CheatingLink(link) if role == cheat else link)
    told, victim = errors[cheat], errors[OTHER[cheat]]
    assert type(victim) is PeerViolationError
    assert type(told) is PeerRefusedError
    assert (told.where, told.what) == ("PeerViolationError", "the peer ended the run: protocol violation")
    for node in nodes.values():
        assert_dead_and_wiped(node)


def test_a_refusal_for_lack_of_budget_is_told_and_logged() -> None:
    """Through `flow.run`: the audit log of each side ends with RUN_FAILED, its class and its public text only."""
    setups = {role: make_setup(AGREED, role, **EXACT) for role in KEYS}
    cost = run_cost(setups["retailer"].plan).total
    for run in ("first", "second"):
        setups["retailer"].ports.ledger.charges[setups["retailer"].contract_hash.hex(), run, "release"] = (
            float(cost.epsilon), float(cost.delta))
    tables = both_tables("same", "same")

    def run(role: str, link: FrameLink) -> None:
        flow.run(setups[role], tables[role], link, Silent(), initiator=role == "advertiser")

    errors = both(run)
    assert type(errors["retailer"]) is BudgetError
    assert type(errors["advertiser"]) is PeerRefusedError
    assert "the privacy budget of the contract is spent" in str(errors["advertiser"])
    for role, expected in (("retailer", "BudgetError"), ("advertiser", "PeerRefusedError")):
        lines = setups[role].audit._sink.lines
        last = parse_event(lines[-1], len(lines) - 1, "")
        assert last.kind == Kind.RUN_FAILED
        assert (last.fields["error"], last.fields["stage"]) == (expected, "protocol")
        assert b"example.org" not in b"".join(lines)


@pytest.mark.parametrize("stop", [step.name for step in SCRIPT if step.sender == "retailer"])
def test_a_peer_that_falls_silent_at_any_step_ends_the_run(stop: str) -> None:
    """The retailer keeps the connection and says nothing more: the advertiser ends by itself, dead and wiped."""
    one, two = small_pair()
    mine, theirs = FrameLink(silence=0.5), FrameLink(silence=30)
    pumps = [start_pump(mine, theirs.outgoing()), start_pump(theirs, mine.outgoing())]

    class SilenceError(Exception):
        """Ends the retailer's half of this test without a word to the peer."""

    class Mute:
        def send(self, step: int, message: Message) -> None:
            if SCRIPT[step].name == stop:
                raise SilenceError
            theirs.send(step, message)

        def receive(self) -> tuple[int, Message]:
            return theirs.receive()

    def retailer() -> None:
        with suppress(SilenceError, PeerUnavailableError):
            converse(two.session, Mute())

    thread = threading.Thread(target=retailer)
    thread.start()
    with pytest.raises(PeerUnavailableError, match="silent"):
        converse(one.session, mine)
    for link in (mine, theirs):
        link.close()
    for worker in (thread, *pumps):
        worker.join(30)
    assert_dead_and_wiped(one)
    assert_dead(two)
    assert_wiped(two)  # at its receipt the retailer holds both signatures already, so the table was released to it


def test_a_violation_before_the_hello_of_the_responder_leaves_it_unpaid() -> None:
    """A peer with another contract learns nothing, and costs nothing."""
    names = values([f"n{i}" for i in range(4)])
    left = pair(small_contract(threshold=0), names, [0, 0, 1, 1], names, np.ones((4, 3)), **EXACT)
    right = pair(small_contract(threshold=0, version=2), names, [0, 0, 1, 1], names, np.ones((4, 3)), **EXACT)
    nodes = {"advertiser": left[0], "retailer": right[1]}
    errors = converse_both(nodes)
    assert type(errors["retailer"]) is PeerViolationError
    assert type(errors["advertiser"]) is PeerRefusedError
    assert right[1].ledger.charges == {}
