"""A hello of another contract, run, role, version or time, or with sizes that the contract does not allow."""

from __future__ import annotations

import pytest
from cheat import Cheat, changed, refused, small_pair
from kit import NOW, exchange

from cleanroom import limits
from cleanroom.errors import PeerViolationError

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
NOW_SECONDS = int(NOW.timestamp())
YEAR = 366 * 86_400

SAME_FOR_BOTH = {
    "older version": {"version": 0},
    "newer version": {"version": limits.PROTOCOL_VERSION + 1},
    "another contract": {"contract": bytes(32)},
    "another run": {"run": bytes(16)},
    "clock five minutes and a second ahead": {"unix_time": NOW_SECONDS + 301},
    "clock five minutes and a second behind": {"unix_time": NOW_SECONDS - 301},
    "clock years ahead": {"unix_time": NOW_SECONDS + 10 * YEAR},
    "clock years behind": {"unix_time": NOW_SECONDS - 50 * YEAR},
    "clock at the end of time": {"unix_time": 2**63 - 1},
    "clock at its beginning": {"unix_time": -(2**63)},
    "no sizes": {"sizes": ()},
    "an absurd size": {"sizes": lambda old: (2**64 - 1, *old[1:])},
    "more people than the contract allows": {"sizes": lambda old: (5001, *old[1:])},
    "one size too many": {"sizes": lambda old: (*old, 0)},
    "half a blinding key": {"blinding_key": bytes([9]) + bytes(15)},
}
OF_ONE = {
    ("advertiser", "one cell too few"): {"sizes": lambda old: old[:-1]},
    ("advertiser", "no blinding key"): {"blinding_key": b""},
    ("advertiser", "the retailer's role"): {"role": "retailer"},
    ("retailer", "the advertiser's role"): {"role": "advertiser"},
    ("retailer", "a blinding key"): {"blinding_key": bytes([9]) + bytes(31)},
}


@pytest.mark.parametrize("cheat", ["advertiser", "retailer"])
@pytest.mark.parametrize("name", SAME_FOR_BOTH)
def test_a_hello_that_does_not_fit_ends_the_run(cheat: str, name: str) -> None:
    refused(Cheat(cheat, "hello", changed(**SAME_FOR_BOTH[name])), victim=OTHER[cheat], at="hello")


@pytest.mark.parametrize(("cheat", "name"), OF_ONE)
def test_a_hello_of_the_wrong_side_ends_the_run(cheat: str, name: str) -> None:
    refused(Cheat(cheat, "hello", changed(**OF_ONE[cheat, name])), victim=OTHER[cheat], at="hello")


def test_a_hello_that_is_refused_gets_no_point_in_return() -> None:
    """The retailer does not even say its own hello to a peer whose hello does not fit."""
    one, two = small_pair()
    with pytest.raises(PeerViolationError):
        exchange(one, two, Cheat("advertiser", "hello", changed(contract=bytes(32))))
    assert two.session.step_name == "hello"
    assert not two.ledger.charges  # a hello is charged before it leaves: nothing was charged, so nothing was said


@pytest.mark.parametrize("skew", [-300, 300])
def test_clocks_may_differ_by_the_stated_bound(skew: int) -> None:
    """Five minutes exactly are inside: the run goes on (and ends at the receipt, since the hello was altered)."""
    text = refused(Cheat("advertiser", "hello", changed(unix_time=NOW_SECONDS + skew)), victim="retailer")
    assert "another table or transcript" in text
