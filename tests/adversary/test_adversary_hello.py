"""A hello of another contract, run, role, version or time, and sizes that the contract does not allow."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from cheat import Cheat, changed, refused, small_pair
from kit import NOW, exchange, make_setup, small_contract

from cleanroom import limits
from cleanroom.errors import PeerViolationError, VersionError
from cleanroom.match.dummies import Padding
from cleanroom.session.greeting import check_sizes
from cleanroom.session.messages import Message, Sizes

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
NOW_SECONDS = int(NOW.timestamp())
YEAR = 366 * 86_400

SAME_FOR_BOTH = {
    "another contract": {"contract": bytes(32)},
    "another run": {"run": bytes(16)},
    "clock five minutes and a second ahead": {"unix_time": NOW_SECONDS + 301},
    "clock five minutes and a second behind": {"unix_time": NOW_SECONDS - 301},
    "clock years ahead": {"unix_time": NOW_SECONDS + 10 * YEAR},
    "clock years behind": {"unix_time": NOW_SECONDS - 50 * YEAR},
    "clock at the end of time": {"unix_time": 2**63 - 1},
    "clock at its beginning": {"unix_time": -(2**63)},
    "the receiver's own role": {"role": lambda old: OTHER[old]},
}
VERSIONS = {
    "older": {"version": limits.OLDEST_PROTOCOL - 1, "oldest": 0},
    "newer": {"version": limits.PROTOCOL_VERSION + 1, "oldest": limits.PROTOCOL_VERSION + 1},
    "none at all": {"version": 0, "oldest": 0},
    "a range that is none": {"oldest": 2**32 - 1},
}
BAD_SIZES = {
    "no sizes": {"rows": ()},
    "nobody at all": {"rows": lambda old: (0,) * len(old)},
    "an absurd size": {"rows": lambda old: (2**64 - 1, *old[1:])},
    "more people than the contract allows": {"rows": lambda old: (5001, *old[1:])},
    "one size too many": {"rows": lambda old: (*old, 0)},
    "half a blinding key": {"blinding_key": bytes([9]) + bytes(15)},
}
BAD_SIZES_OF_ONE = {
    ("advertiser", "one cell too few"): {"rows": lambda old: old[:-1]},
    ("advertiser", "no blinding key"): {"blinding_key": b""},
    ("retailer", "a blinding key"): {"blinding_key": bytes([9]) + bytes(31)},
}
PADDING = Padding(8, 1.0)


@pytest.mark.parametrize("cheat", ["advertiser", "retailer"])
@pytest.mark.parametrize("name", SAME_FOR_BOTH)
def test_a_hello_that_does_not_fit_ends_the_run(cheat: str, name: str) -> None:
    refused(Cheat(cheat, "hello", changed(**SAME_FOR_BOTH[name])), victim=OTHER[cheat], at="hello")


@pytest.mark.parametrize("cheat", ["advertiser", "retailer"])
@pytest.mark.parametrize("name", VERSIONS)
def test_versions_without_a_common_one_end_the_run(cheat: str, name: str) -> None:
    refused(Cheat(cheat, "hello", changed(**VERSIONS[name])), victim=OTHER[cheat], at="hello", error=VersionError)


@pytest.mark.parametrize("cheat", ["advertiser", "retailer"])
@pytest.mark.parametrize("name", BAD_SIZES)
def test_sizes_that_do_not_fit_end_the_run(cheat: str, name: str) -> None:
    refused(Cheat(cheat, "sizes", changed(**BAD_SIZES[name])), victim=OTHER[cheat], at="sizes")


@pytest.mark.parametrize(("cheat", "name"), BAD_SIZES_OF_ONE)
def test_sizes_of_the_wrong_form_for_their_side_end_the_run(cheat: str, name: str) -> None:
    refused(Cheat(cheat, "sizes", changed(**BAD_SIZES_OF_ONE[cheat, name])), victim=OTHER[cheat], at="sizes")


@pytest.mark.parametrize("keys", [("email",), ("email", "phone")])
def test_a_retailer_cannot_declare_fewer_rows_than_its_padding(keys: tuple[str, ...]) -> None:
    """P for each of two cells and each key pattern are there in any honest list: one row less ends the run."""
    nodes = small_pair(small_contract(keys=keys, threshold=0), padding=PADDING)
    least = PADDING.most * 2 * (2 ** len(keys) - 1)
    text = refused(Cheat("retailer", "sizes", changed(rows=(least - 1,))), victim="advertiser", nodes=nodes, at="sizes")
    assert f"{least} to " in text


def test_the_smallest_and_largest_honest_sizes_are_taken() -> None:
    """Empty cells are honest while somebody is in another one; the bounds themselves are inside."""
    people = small_contract().match
    for peer, rows in (("advertiser", (0, 1)), ("advertiser", (people.max_people_advertiser + 16, 0)),
                       ("retailer", (16,)), ("retailer", (people.max_people_retailer + 24,))):
        setup = make_setup(small_contract(threshold=0), OTHER[peer], padding=PADDING)
        check_sizes(setup, Sizes(rows, bytes(32) if peer == "advertiser" else b""), peer)


@pytest.mark.parametrize("retailer_dials", [False, True])
def test_a_hello_that_is_refused_gets_nothing_in_return_and_costs_nothing(retailer_dials: bool) -> None:
    """The responder does not even say its own hello to a peer whose hello does not fit, and neither side is charged."""
    nodes = small_pair(retailer_dials=retailer_dials)
    initiator, responder = ("retailer", "advertiser") if retailer_dials else ("advertiser", "retailer")
    said: list[str] = []
    cheat = Cheat(initiator, "hello", changed(contract=bytes(32)))

    def listen(role: str, position: int, message: Message) -> Iterable[tuple[int, Message]]:
        said.append(role)
        return cheat(role, position, message)

    with pytest.raises(PeerViolationError):
        exchange(*nodes, listen)
    assert said == [initiator]
    assert responder not in said
    assert all(not node.ledger.charges for node in nodes)


@pytest.mark.parametrize("skew", [-300, 300])
def test_clocks_may_differ_by_the_stated_bound(skew: int) -> None:
    """Five minutes exactly are inside: the run goes on (and ends at the receipt, since the hello was altered)."""
    text = refused(Cheat("advertiser", "hello", changed(unix_time=NOW_SECONDS + skew)), victim="retailer")
    assert "another table or transcript" in text
