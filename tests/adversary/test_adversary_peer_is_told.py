"""Both ends of a real link: what the other side learns of a failure, and that both end dead and wiped."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from cheat import small_pair
from duplex import QUOTA, both, converse_both
from kit import EXACT, KEYS, Node, Silent, make_setup, pair, small_contract, values
from small_tables import AGREED, both_tables
from wiped import assert_dead, assert_dead_and_wiped, assert_wiped

from cleanroom import flow
from cleanroom.audit.events import Kind, parse_event
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import run_cost
from cleanroom.errors import BudgetError, DataError, PeerRefusedError, PeerUnavailableError, PeerViolationError
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.match.dummies import Padding
from cleanroom.node.carrier import start_pump
from cleanroom.node.link import FrameLink
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
    for run in ("01" * 16, "02" * 16):
        setups["retailer"].ports.ledger.charges[AGREED.id, run, "release"] = (
            float(cost.epsilon), float(cost.delta))
    tables = both_tables("same", "same")

    def run(role: str, link: FrameLink) -> None:
        flow.run(setups[role], lambda: tables[role], link, Silent(), initiator=role == "advertiser")

    errors = both(run)
    assert type(errors["retailer"]) is BudgetError
    assert type(errors["advertiser"]) is PeerRefusedError
    assert "the privacy budget of the contract is spent" in str(errors["advertiser"])
    for role, expected in (("retailer", "BudgetError"), ("advertiser", "PeerRefusedError")):
        lines = setups[role].audit._sink.lines
        last = parse_event(lines[-1], len(lines) - 1, "")
        assert last.kind == Kind.RUN_FAILED
        assert (last.fields["error"], last.fields["stage"]) == (expected, "sizes")
        assert b"example.org" not in b"".join(lines)


@pytest.mark.parametrize("stop", [step.name for step in SCRIPT if step.sender == "retailer"])
def test_a_peer_that_falls_silent_at_any_step_ends_the_run(stop: str) -> None:
    """The retailer keeps the connection and says nothing more: the advertiser ends by itself, dead and wiped."""
    one, two = small_pair()
    mine, theirs = FrameLink(silence=0.5), FrameLink(silence=30)
    mine.quota = theirs.quota = QUOTA
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


def broken_off(culprit: str, tables: AdvertiserTables | RetailerTables, bound: int) -> tuple[dict, dict, list[str]]:
    """Errors, audit logs and labels of the culprit's messages, when its own tables do not allow the run. Two dummies a
    cell; `bound` is the most people of the culprit, unchecked, on purpose."""
    setups = {role: make_setup(AGREED, role, noise=EXACT["noise"], padding=Padding(2, 1.0)) for role in KEYS}
    mine = setups[culprit]
    terms = AGREED.match.model_copy(update={f"max_people_{culprit}": bound})
    setups[culprit] = replace(mine, plan=Plan(AGREED.model_copy(update={"match": terms})))
    everyone, said = {**both_tables("same", "same"), culprit: tables}, []

    def run(role: str, link: FrameLink) -> None:
        send = link.send
        link.send = lambda step, message: (said.append((role, message.label)), send(step, message))
        flow.run(setups[role], lambda: everyone[role], link, Silent(), initiator=role == "advertiser")

    errors = both(run)
    assert [setup.ports.ledger.charges for setup in setups.values()] == [{}, {}]
    return errors, setups[culprit].audit._sink.lines, [label for role, label in said if role == culprit]


@pytest.mark.parametrize("culprit", ["advertiser", "retailer"])
def test_refusals_by_own_data_look_alike_to_the_peer(culprit: str) -> None:
    """Nobody, too many or too few: the peer reads one class and text, hears nothing about people, pays nothing."""
    full = both_tables("same", "same")[culprit]
    nobody = replace(full, consents=full.consents.iloc[:0])
    told, own = set(), []
    for tables, bound in ((nobody, 5000), (full, 100), (both_tables("same", "same", 4)[culprit], 5000)):
        errors, lines, said = broken_off(culprit, tables, bound)
        assert type(errors[culprit]) is DataError
        assert type(errors[OTHER[culprit]]) is PeerRefusedError
        assert set(said) <= {"hello"}  # which is about nobody; who dials says it before it looks at its data
        told.add(str(errors[OTHER[culprit]]))
        own.append(errors[culprit].what)
        assert parse_event(lines[-1], len(lines) - 1, "").fields["stage"] == "gate"
    assert [text in what for text, what in zip(("nobody", "120 people", "4 people"), own, strict=True)] == [True] * 3
    assert len(told) == 1


@pytest.mark.parametrize("stop", [step.name for step in SCRIPT if step.sender == "retailer"])
def test_the_log_of_a_failed_run_names_its_step(stop: str) -> None:
    setups = {role: make_setup(AGREED, role, **EXACT) for role in KEYS}
    tables = both_tables("same", "same")

    class Failing:
        def __init__(self, inner: Link) -> None:
            self.receive, self._send = inner.receive, inner.send

        def send(self, step: int, message: Message) -> None:
            if SCRIPT[step].name == stop:
                raise PeerUnavailableError("lost")
            self._send(step, message)

    def run(role: str, link: FrameLink) -> None:
        mine = Failing(link) if role == "retailer" else link
        flow.run(setups[role], lambda: tables[role], mine, Silent(), initiator=role == "advertiser")

    both(run)
    lines = setups["retailer"].audit._sink.lines
    assert parse_event(lines[-1], len(lines) - 1, "").fields["stage"] == stop
