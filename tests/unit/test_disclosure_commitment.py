"""Commitments: a pinned value, binding to every field, bounds of the peer."""

from __future__ import annotations

import hashlib

import pytest

from cleanroom.disclosure.commitment import check, commit
from cleanroom.disclosure.shares import MODULUS
from cleanroom.errors import MisuseError, PeerViolationError

RUN, BLIND, SHARES = b"run-1", bytes(range(32)), [0, 1, MODULUS - 1]


def test_the_committed_bytes_are_the_documented_ones() -> None:
    fields = [b"cleanroom/v1/opening", b"run-1", b"people", b"advertiser"]
    expected = b"".join(len(field).to_bytes(8, "little") + field for field in fields)
    expected += b"".join(number.to_bytes(8, "little") for number in (2, 5, 6)) + BLIND
    committed = commit(RUN, "people", "advertiser", shares=[5, 6], blind=BLIND)
    assert committed == hashlib.sha256(expected).digest()


def test_an_honest_opening_is_accepted() -> None:
    check(commit(RUN, "sums", "retailer", shares=SHARES, blind=BLIND), RUN, "sums", "retailer",
          shares=SHARES, blind=BLIND)


@pytest.mark.parametrize("change", [
    {"run": b"run-2"}, {"stage": "people"}, {"role": "advertiser"}, {"shares": [0, 1, 2]}, {"shares": [0, 1]},
    {"shares": [1, 0, MODULUS - 1]}, {"blind": bytes(32)}, {"blind": bytes(31)}, {"commitment": bytes(32)},
    {"commitment": b""}, {"shares": [0, 1, MODULUS]}, {"shares": [0, 1, -1]}, {"shares": [0, 1, 2**70]},
])
def test_any_change_is_a_violation(change: dict[str, object]) -> None:
    opened: dict[str, object] = {
        "commitment": commit(RUN, "sums", "retailer", shares=SHARES, blind=BLIND),
        "run": RUN, "stage": "sums", "role": "retailer", "shares": SHARES, "blind": BLIND} | change
    with pytest.raises(PeerViolationError):
        check(**opened)  # type: ignore[arg-type]


@pytest.mark.parametrize(("shares", "blind"), [([1], bytes(16)), ([-1], BLIND), ([MODULUS], BLIND)])
def test_our_own_mistakes_are_misuse(shares: list[int], blind: bytes) -> None:
    with pytest.raises(MisuseError):
        commit(RUN, "sums", "retailer", shares=shares, blind=blind)
