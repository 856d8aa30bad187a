"""The salted-hash mode against a peer that sends what it should not: keys, tokens, counts, steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

import numpy as np
import pytest
from cheat import BAD_POINTS, Cheat, changed, encoded, refused, small_pair
from kit import SALTED_TERMS, Node, exchange, finish, small_contract
from wiped import assert_dead_and_wiped

from cleanroom.aggregate.plain import plain_sums
from cleanroom.disclosure.shares import MODULUS
from cleanroom.errors import PeerViolationError
from cleanroom.match.dummies import Padding
from cleanroom.session import salted
from cleanroom.session.messages import Commitment, Message, Points, ReceiptSignature
from cleanroom.session.script import ORDERS, STEPS

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
SENDERS = {"initiator": "advertiser", "responder": "retailer", "advertiser": "advertiser", "retailer": "retailer"}
ALL = [(SENDERS[STEPS[place].sender], STEPS[place].name) for place in ORDERS["salted-hash-v1"]]
both_sides = pytest.mark.parametrize("cheat", ["advertiser", "retailer"])
PEOPLE = 12


def nodes(seed: object = 0, **options: object) -> tuple[Node, Node]:
    keys = options.pop("keys", ("email",))
    return small_pair(small_contract(keys=keys, threshold=0, **SALTED_TERMS), seed=seed, **options)


@both_sides
@pytest.mark.parametrize("name", BAD_POINTS)
def test_a_bad_ephemeral_key_ends_the_run(cheat: str, name: str) -> None:
    """Zero, small order, twist, not canonical: the agreement would be one that everybody knows."""
    key = encoded(BAD_POINTS[name]).tobytes()
    refused(Cheat(cheat, "sizes", changed(blinding_key=key)), victim=OTHER[cheat], nodes=nodes(), at="sizes")


@both_sides
@pytest.mark.parametrize("change", [
    {"blinding_key": b""}, {"blinding_key": bytes([9]) + bytes(15)}, {"rows": ()}, {"rows": lambda old: (*old, 0)},
    {"rows": lambda old: (5001, *old[1:])}, {"rows": lambda old: (0,) * len(old)}],
    ids=["no key", "half a key", "no rows", "a key type more", "rows beyond the cap", "zero rows"])
def test_sizes_of_the_wrong_form_end_the_run(cheat: str, change: dict) -> None:
    refused(Cheat(cheat, "sizes", changed(**change)), victim=OTHER[cheat], nodes=nodes(), at="sizes")


@pytest.mark.parametrize("name", ["another key", "the peer's own key"])
def test_another_ephemeral_key_on_the_way_ends_the_run(name: str) -> None:
    """The salts differ, so nobody matches, and the receipts do not fit: the keys are in the transcript."""
    pair = nodes()
    key = pair[1].side._match.public if name == "the peer's own key" else bytes([9]) + bytes(31)
    refused(Cheat("advertiser", "sizes", changed(blinding_key=key)), victim="retailer", nodes=pair, at="receipt")


SHAPES = {
    "offset ahead": changed(offset=1),
    "offset absurd": changed(offset=2**64 - 1),
    "one row too many": changed(tuples=lambda old: np.concatenate([old, old[:1] ^ 1])),
    "no rows": changed(tuples=lambda old: old[:0]),
    "two key types": changed(tuples=lambda old: old.reshape(-1, 2, 32)),
    "flat": changed(tuples=lambda old: old.reshape(-1, 32)),
    "tokens of 16 bytes": changed(tuples=lambda old: old.reshape(-1, 1, 16)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_chunk_of_tokens_of_the_wrong_form_ends_the_run(name: str) -> None:
    refused(Cheat("advertiser", "tokens", SHAPES[name]), victim="retailer", nodes=nodes(), at="tokens")


@pytest.mark.parametrize("keys", [("email",), ("email", "phone")])
def test_a_token_that_occurs_twice_ends_the_run(keys: tuple[str, ...]) -> None:
    """One person would count in two cells."""
    def by(position: int, message: Points) -> list[tuple[int, Message]]:
        tuples = message.tuples.copy()
        tuples[3, -1] = tuples[4, -1]
        return [(position, Points(message.offset, tuples))]

    assert "twice" in refused(Cheat("advertiser", "tokens", by), victim="retailer", nodes=nodes(keys=keys))


def test_a_token_of_one_cell_again_in_another_ends_the_run() -> None:
    heard: list[Points] = []

    def again(role: str, position: int, message: Message) -> Iterator[tuple[int, Message]]:
        if isinstance(message, Points):
            heard.append(message)
            tuples = message.tuples.copy()
            tuples[0] = heard[0].tuples[0]
            message = Points(message.offset, tuples)
        yield position, message

    assert "twice" in refused(again, victim="retailer", nodes=nodes())
    assert len(heard) == 2


def test_tokens_of_another_run_match_nobody() -> None:
    """A recorded list is worthless in any other run, and the receipts say that it was not ours."""
    recorded = [sent.message for sent in exchange(*nodes(seed=1)) if sent.step == "tokens"]
    pair = nodes(seed=2)
    queue = iter(recorded)

    def replay(role: str, position: int, message: Message) -> Iterable[tuple[int, Message]]:
        return [(position, next(queue) if isinstance(message, Points) else message)]

    refused(replay, victim="retailer", nodes=pair, at="receipt")
    assert pair[1].side.closing.table is None


def test_a_truncated_list_is_never_taken_for_a_whole_one() -> None:
    pair = nodes()
    with suppress(PeerViolationError):
        exchange(*pair, Cheat("advertiser", "tokens", changed(tuples=lambda old: old[:-1]), number=1))
    assert pair[1].session.step_name == "tokens"
    finish(*pair)
    for node in pair:
        assert_dead_and_wiped(node)


@pytest.mark.parametrize(("cheat", "step"), [each for each in ALL if each[1] != "receipt"])
def test_a_repeated_message_ends_the_run(cheat: str, step: str) -> None:
    refused(Cheat(cheat, step, lambda position, message: [(position, message)] * 2), victim=OTHER[cheat], nodes=nodes())


@pytest.mark.parametrize("place", [6, 12, 2**32 - 1])
@pytest.mark.parametrize(("cheat", "step"), ALL)
def test_a_message_for_another_step_ends_the_run(cheat: str, step: str, place: int) -> None:
    """Places of the blinded mode, too: 6 is its first list."""
    def by(position: int, message: Message) -> list[tuple[int, Message]]:
        return [(place if place != position else place + 1, message)]

    assert "expected" in refused(Cheat(cheat, step, by), victim=OTHER[cheat], nodes=nodes())


@pytest.mark.parametrize(("cheat", "step"), ALL)
def test_a_message_of_another_kind_ends_the_run(cheat: str, step: str) -> None:
    def by(position: int, message: Message) -> list[tuple[int, Message]]:
        foreign = ReceiptSignature(bytes(32), bytes(64)) if step.startswith("commit") else Commitment(bytes(32))
        return [(position, foreign)]

    assert "expected" in refused(Cheat(cheat, step, by), victim=OTHER[cheat], nodes=nodes())


@pytest.mark.parametrize(("cheat", "step"), [each for each in ALL if each != ("retailer", "receipt")])
def test_a_run_with_a_missing_message_releases_nothing(cheat: str, step: str) -> None:
    pair = nodes()
    with suppress(PeerViolationError):
        exchange(*pair, Cheat(cheat, step, lambda _, __: []))
    assert not any(node.session.finished for node in pair)
    finish(*pair)
    for node in pair:
        assert_dead_and_wiped(node)


@both_sides
@pytest.mark.parametrize("stage", ["people", "sums"])
@pytest.mark.parametrize("shares", [
    lambda old: old[:-1], lambda old: (*old, 0), lambda _: (), lambda old: (MODULUS, *old[1:]),
    lambda old: ((old[0] + 1) % MODULUS, *old[1:])], ids=["one short", "one more", "none", "2^44", "another"])
def test_shares_that_were_not_committed_to_or_are_out_of_range_end_the_run(cheat: str, stage: str,
                                                                           shares: object) -> None:
    refused(Cheat(cheat, f"open_{stage}", changed(shares=shares)), victim=OTHER[cheat], nodes=nodes(),
            at=f"open_{stage}")


def lying(monkeypatch: pytest.MonkeyPatch, extra: int) -> tuple[Node, Node]:
    """A retailer that adds `extra` people to every count: it computes the totals alone."""
    def lied(*given: object) -> list[list[int]]:
        return [[(row[0] + extra) % MODULUS, *row[1:]] for row in plain_sums(*given)]

    monkeypatch.setattr(salted, "plain_sums", lied)
    return nodes(padding=Padding(2, 1.0))


@pytest.mark.parametrize("extra", [1000, MODULUS // 2, -1000])
def test_the_advertiser_notices_a_count_that_its_cells_do_not_allow(monkeypatch: pytest.MonkeyPatch,
                                                                    extra: int) -> None:
    pair = lying(monkeypatch, extra)
    with pytest.raises(PeerViolationError, match="far outside"):
        exchange(*pair)
    assert not any(node.session.finished for node in pair)


@pytest.mark.parametrize("extra", [20, -3])
def test_a_lie_within_the_noise_and_the_declared_sizes_is_not_noticed(monkeypatch: pytest.MonkeyPatch,
                                                                      extra: int) -> None:
    """docs/adr/0023-salted-hash-mode.md says so; here is what it means."""
    honest = nodes(padding=Padding(2, 1.0))
    exchange(*honest)
    pair = lying(monkeypatch, extra)
    exchange(*pair)
    assert all(node.session.finished for node in (*pair, *honest))
    told, lied = (side.closing._people for side in (honest[0].side, pair[0].side))
    assert [count + extra for count in told] == lied
