"""Encrypted columns and masked sums out of order, and openings that do not keep their commitments."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cheat import Cheat, changed, refused, small_pair
from kit import Node

from cleanroom.disclosure.commitment import commit
from cleanroom.disclosure.shares import MODULUS
from cleanroom.session.messages import Commitment, Message, Opening
from cleanroom.session.script import SCRIPT

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
STAGES = ("people", "sums")
both_sides = pytest.mark.parametrize("cheat", ["advertiser", "retailer"])
both_stages = pytest.mark.parametrize("stage", STAGES)


@pytest.mark.parametrize("change", [{"column": 1}, {"block": 1}, {"column": 2**32 - 1}, {"block": 2**32 - 1}], ids=str)
@pytest.mark.parametrize("number", [0, 2])
def test_columns_out_of_order_end_the_run(change: dict, number: int) -> None:
    text = refused(Cheat("retailer", "columns", changed(**change), number), victim="advertiser")
    assert "expected block" in text


@pytest.mark.parametrize(("index", "number"), [(1, 0), (0, 1), (6, 5), (2**32 - 1, 3)])
def test_a_masked_sum_with_a_wrong_index_ends_the_run(index: int, number: int) -> None:
    text = refused(Cheat("advertiser", "masked_sums", changed(index=index), number), victim="retailer")
    assert "expected masked sum" in text


def test_one_masked_sum_more_than_released_ends_the_run() -> None:
    def by(position: int, message: Message) -> list[tuple[int, Message]]:
        return [(position, message), *changed(index=6)(position, message)]

    refused(Cheat("advertiser", "masked_sums", by, 5), victim="retailer")


@both_sides
@both_stages
def test_a_commitment_that_does_not_open_ends_the_run(cheat: str, stage: str) -> None:
    """Another share, another blind, or another digest: the choice of a share after seeing the peer's is noticed."""
    def other_share(old: tuple[int, ...]) -> tuple[int, ...]:
        return ((old[0] + 1) % MODULUS, *old[1:])

    for step, change in ((f"open_{stage}", {"shares": other_share}), (f"open_{stage}", {"blind": bytes(32)}),
                         (f"commit_{stage}", {"digest": bytes(32)}), (f"open_{stage}", {"shares": lambda s: s[::-1]})):
        assert "committed" in refused(Cheat(cheat, step, changed(**change)), victim=OTHER[cheat])


@both_sides
@both_stages
@pytest.mark.parametrize("shares", [
    lambda old: old[:-1], lambda old: (*old, 0), lambda _: (), lambda old: (MODULUS, *old[1:]),
    lambda old: (*old[:-1], 2**64 - 1)], ids=["one short", "one more", "none", "2^44", "2^64 - 1"])
def test_shares_of_wrong_number_or_range_end_the_run(cheat: str, stage: str, shares: object) -> None:
    refused(Cheat(cheat, f"open_{stage}", changed(shares=shares)), victim=OTHER[cheat], at=f"open_{stage}")


@both_stages
def test_the_advertisers_own_commitment_sent_back_does_not_open(stage: str) -> None:
    """A mirror: the retailer repeats the advertiser's commitment and then its opening. The role is in the hash."""
    heard: dict[type, Message] = {}

    def echo(role: str, position: int, message: Message) -> Iterator[tuple[int, Message]]:
        if SCRIPT[position].name in (f"commit_{stage}", f"open_{stage}"):
            heard.setdefault(type(message), message)
            message = heard[type(message)]
        yield position, message

    assert "committed" in refused(echo, victim="advertiser")


@both_sides
def test_the_commitment_of_the_first_stage_does_not_open_the_second(cheat: str) -> None:
    """A replay inside the run: stage one's commitment and opening are sent again in stage two."""
    heard: dict[type, Message] = {}

    def replay(role: str, position: int, message: Message) -> Iterator[tuple[int, Message]]:
        if role == cheat and isinstance(message, Commitment | Opening):
            message = heard.setdefault(type(message), message)
        yield position, message

    refused(replay, victim=OTHER[cheat])


@both_sides
def test_a_consistent_commitment_to_an_absurd_count_ends_the_run(cheat: str) -> None:
    """Commitment and opening fit, but the count they give is far outside what the declared sizes allow."""
    nodes = small_pair()
    liar: Node = next(node for node in nodes if node.setup.role == cheat)

    def lie(role: str, position: int, message: Message) -> Iterator[tuple[int, Message]]:
        if role == cheat and SCRIPT[position].name in ("commit_people", "open_people"):
            stage = liar.side.closing._stages["people"]
            shares = tuple((share + MODULUS // 2) % MODULUS for share in stage._shares)
            message = Opening(shares, stage._blind) if isinstance(message, Opening) else Commitment(
                commit(liar.setup.run, "people", cheat, shares=shares, blind=stage._blind))
        yield position, message

    assert "far outside" in refused(lie, victim=OTHER[cheat], nodes=nodes)
