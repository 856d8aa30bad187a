"""A peer whose messages are repeated, early, late, missing or of another kind; and our own calls out of order."""

from __future__ import annotations

from contextlib import suppress

import pytest
from cheat import Cheat, refused, small_pair
from kit import EXACT, Node, exchange, finish, make_setup, small_contract
from small_tables import both_tables
from wiped import assert_dead_and_wiped

from cleanroom import flow
from cleanroom.errors import MisuseError, PeerViolationError
from cleanroom.session.messages import Commitment, Message, ReceiptSignature
from cleanroom.session.script import SCRIPT

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
SENDERS = {"initiator": "advertiser", "responder": "retailer", "advertiser": "advertiser", "retailer": "retailer"}
ALL = [(SENDERS[step.sender], step.name) for step in SCRIPT]
BEFORE_THE_RECEIPT = [pair for pair in ALL if pair[1] != "receipt"]


@pytest.mark.parametrize(("cheat", "step"), BEFORE_THE_RECEIPT)
def test_a_repeated_message_ends_the_run(cheat: str, step: str) -> None:
    refused(Cheat(cheat, step, lambda position, message: [(position, message)] * 2), victim=OTHER[cheat])


@pytest.mark.parametrize("shift", [-1, 1, 2**32 - 1])
@pytest.mark.parametrize(("cheat", "step"), ALL)
def test_a_message_for_another_step_ends_the_run(cheat: str, step: str, shift: int) -> None:
    def by(position: int, message: Message) -> list[tuple[int, Message]]:
        return [((position + shift) % 2**32, message)]

    assert "expected" in refused(Cheat(cheat, step, by), victim=OTHER[cheat])


@pytest.mark.parametrize(("cheat", "step"), ALL)
def test_a_message_of_another_kind_ends_the_run(cheat: str, step: str) -> None:
    def by(position: int, message: Message) -> list[tuple[int, Message]]:
        foreign = ReceiptSignature(bytes(32), bytes(64)) if step.startswith("commit") else Commitment(bytes(32))
        return [(position, foreign)]

    assert "expected" in refused(Cheat(cheat, step, by), victim=OTHER[cheat])


@pytest.mark.parametrize(("cheat", "step"), [("retailer", "blinded_values"), ("advertiser", "masked_sums"),
                                             ("retailer", "reblinded_cells"), ("retailer", "lattice_key")])
def test_a_missing_message_is_noticed_by_the_next_one(cheat: str, step: str) -> None:
    refused(Cheat(cheat, step, lambda _, __: []), victim=OTHER[cheat])


@pytest.mark.parametrize(("cheat", "step"), [pair for pair in ALL if pair != ("retailer", "receipt")])
def test_a_run_with_a_missing_message_releases_nothing(cheat: str, step: str) -> None:
    """Where no message follows both wait, and the link's bound on silence ends the run (tests/node)."""
    nodes = small_pair()
    with suppress(PeerViolationError):
        exchange(*nodes, Cheat(cheat, step, lambda _, __: []))
    assert not any(node.session.finished for node in nodes)
    finish(*nodes)
    for node in nodes:
        assert_dead_and_wiped(node)


def test_without_the_last_receipt_only_the_side_that_holds_both_has_a_table() -> None:
    """Somebody speaks last: the retailer holds both signatures, the advertiser does not and releases nothing."""
    one, two = small_pair()
    exchange(one, two, Cheat("retailer", "receipt", lambda _, __: []))
    assert two.session.finished
    assert not one.session.finished
    finish(one, two)
    assert_dead_and_wiped(one)
    assert two.side.closing.envelope()


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_a_message_after_the_end_changes_nothing(role: str) -> None:
    """A finished session takes no message (a node does not even read it); table and receipt stay."""
    nodes = {node.setup.role: node for node in small_pair()}
    exchange(*nodes.values())
    finish(*nodes.values())
    session, closing = nodes[role].session, nodes[role].side.closing
    before = (closing.table, closing.envelope(), session.transcript)
    with pytest.raises(MisuseError):
        session.receive(len(SCRIPT) - 1, ReceiptSignature(bytes(32), bytes(64)))
    assert (closing.table, closing.envelope(), session.transcript) == before


@pytest.mark.parametrize("until", ["hello", "reblinded_cells", "masked_sums", "commit_people", "receipt"])
def test_our_own_calls_out_of_turn_are_misuse_and_end_the_session(until: str) -> None:
    """Sending when it is the peer's turn, and receiving when it is ours."""
    nodes = small_pair()
    exchange(*nodes, until=until)
    for node in nodes:
        with pytest.raises(MisuseError):
            _out_of_turn(node)
        assert_dead_and_wiped(node)


def _out_of_turn(node: Node) -> None:
    if node.session.sending:
        node.session.receive(node.session.position, Commitment(bytes(32)))
    else:
        list(node.session.send())


def test_sides_refuse_steps_before_their_time() -> None:
    """The machine never does this; a side that is driven by other code must still not work with half a state."""
    one, two = small_pair()
    for side, step in ((one.side, "blinded_cells"), (one.side, "masked_sums"), (one.side, "receipt"),
                       (two.side, "reblinded_cells"), (two.side, "blinded_values"), (two.side, "columns"),
                       (two.side, "receipt")):
        with pytest.raises(MisuseError):
            list(side.send(step, b""))


def test_tables_of_the_other_role_are_misuse() -> None:
    tables = both_tables("same", "same", 40)
    with pytest.raises(MisuseError):
        flow.prepare(make_setup(small_contract(), "advertiser", **EXACT), tables["retailer"])
