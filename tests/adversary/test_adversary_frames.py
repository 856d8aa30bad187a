"""Arbitrary and mutated frames, and arbitrary well-formed messages: only the stated errors come out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from cheat import small_pair
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import SALTED_TERMS, exchange, small_contract
from wiped import assert_dead_and_wiped

from cleanroom import limits
from cleanroom.contract.protocols import SALTED
from cleanroom.errors import PeerRefusedError, PeerViolationError
from cleanroom.primitives.ring import POLY_BYTES, PRIMES, N
from cleanroom.session import messages as m
from cleanroom.session.script import ORDERS, SCRIPT, STEPS, Step
from cleanroom.v1 import aggregate_pb2, match_pb2, node_pb2, opening_pb2
from cleanroom.wire.codec import decode, encode

ALLOWED = (PeerViolationError, PeerRefusedError, DecodeError)
SETTINGS = settings(deadline=None, database=None, derandomize=True,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@cache
def valid_frames() -> dict[str, bytes]:
    """One frame of each kind, from an honest run."""
    return {sent.message.label: encode(sent.message, 3, 0).SerializeToString() for sent in exchange(*small_pair())}


def decoded(data: bytes) -> m.Message | None:
    """The message, or None for a refusal that is allowed; anything else is raised."""
    try:
        return decode(node_pb2.Frame.FromString(data), 0)[1]
    except ALLOWED:
        return None


@settings(SETTINGS, max_examples=300)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_come_through_otherwise(data: bytes) -> None:
    decoded(data)


@settings(SETTINGS, max_examples=300)
@given(data=st.data(), label=st.sampled_from(["hello", "account", "sizes", "points", "lattice-key",
                                              "encrypted-block", "masked-sum", "commitment", "opening", "receipt"]))
def test_mutated_frames_never_come_through_otherwise(data: st.DataObject, label: str) -> None:
    frame = bytearray(valid_frames()[label])
    for _ in range(data.draw(st.integers(1, 3))):
        near = data.draw(st.booleans())
        at = data.draw(st.integers(0, min(60, len(frame)) if near else len(frame)))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "end"])):
            case "flip" if at < len(frame):
                frame[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del frame[at:at + data.draw(st.integers(1, 40))]
            case "insert":
                frame[at:at] = data.draw(st.binary(min_size=1, max_size=40))
            case "end":
                del frame[at:]
    decoded(bytes(frame))


def test_valid_frames_come_through() -> None:
    """The frames that are mutated above are good ones, of every kind there is."""
    frames = valid_frames()
    assert {label: decoded(frame).label for label, frame in frames.items()} == {label: label for label in frames}
    assert len(frames) == len({step.message for step in SCRIPT})


def accounts(**entry: object) -> node_pb2.Frame:
    """An account with one entry."""
    return node_pb2.Frame(account=match_pb2.Account(entries=[match_pb2.LedgerEntry(
        **{"run": bytes(16), "part": 1, **entry})]))


BAD_FRAMES = {
    "no body": node_pb2.Frame(),
    "key of 31 bytes": node_pb2.Frame(sizes=match_pb2.Sizes(rows=[1], blinding_key=bytes(31))),
    "an entry of a run of 15 bytes": accounts(run=bytes(15)),
    "an entry of an unknown part": accounts(part=3),
    "an absurd amount": accounts(epsilon=2**64 - 1),
    "an absurd epsilon of an entry": accounts(epsilon=limits.MAX_LEDGER_EPSILON + 1),
    "an absurd delta": accounts(delta=limits.MAX_LEDGER_DELTA + 1),
    "an entry twice": node_pb2.Frame(account=match_pb2.Account(entries=2 * [match_pb2.LedgerEntry(
        run=bytes(16), part=1)])),
    "too many entries": node_pb2.Frame(account=match_pb2.Account(entries=(limits.MAX_LEDGER_ENTRIES + 1) * [
        match_pb2.LedgerEntry(run=bytes(16), part=1)])),
    "too many same runs": node_pb2.Frame(account=match_pb2.Account(same=(limits.MAX_SAME_RUNS + 1) * [bytes(16)])),
    "a same run of 17 bytes": node_pb2.Frame(account=match_pb2.Account(same=[bytes(17)])),
    "unknown role": node_pb2.Frame(hello=match_pb2.Hello(role="auditor")),
    "too many cells": node_pb2.Frame(sizes=match_pb2.Sizes(rows=[0] * (limits.MAX_CELLS + 1))),
    "absurd sizes": node_pb2.Frame(sizes=match_pb2.Sizes(rows=[2**64 - 1])),
    "contract of 31 bytes": node_pb2.Frame(hello=match_pb2.Hello(role="retailer", contract=bytes(31))),
    "no key types": node_pb2.Frame(points=match_pb2.Points(key_types=0, tuples=bytes(32))),
    "nine key types": node_pb2.Frame(points=match_pb2.Points(key_types=9, tuples=bytes(9 * 32))),
    "no points": node_pb2.Frame(points=match_pb2.Points(key_types=1)),
    "half a point": node_pb2.Frame(points=match_pb2.Points(key_types=1, tuples=bytes(48))),
    "half a tuple": node_pb2.Frame(points=match_pb2.Points(key_types=2, tuples=bytes(32))),
    "seed of 33 bytes": node_pb2.Frame(lattice_key=aggregate_pb2.LatticeKey(seed=bytes(33), b=bytes(POLY_BYTES))),
    "short polynomial": node_pb2.Frame(encrypted_block=aggregate_pb2.EncryptedBlock(c0=bytes(POLY_BYTES - 4))),
    "two polynomials": node_pb2.Frame(encrypted_block=aggregate_pb2.EncryptedBlock(c0=bytes(2 * POLY_BYTES))),
    "constant of 20 bytes": node_pb2.Frame(masked_sum=aggregate_pb2.MaskedSum(c0=bytes(20), c1=bytes(POLY_BYTES))),
    "commitment of 20 bytes": node_pb2.Frame(commitment=opening_pb2.Commitment(digest=bytes(20))),
    "too many shares": node_pb2.Frame(opening=opening_pb2.Opening(shares=[0] * (limits.MAX_RELEASED_SUMS + 1),
                                                                  blind=bytes(32))),
    "short blind": node_pb2.Frame(opening=opening_pb2.Opening(shares=[0], blind=bytes(31))),
    "short signature": node_pb2.Frame(receipt=opening_pb2.ReceiptSignature(audit_root=bytes(32),
                                                                              signature=bytes(63))),
    "no audit root": node_pb2.Frame(receipt=opening_pb2.ReceiptSignature(signature=bytes(64))),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_frame_out_of_bounds_is_a_violation(name: str) -> None:
    with pytest.raises(PeerViolationError):
        decode(BAD_FRAMES[name], 0)


@pytest.mark.parametrize("sequence", [0, 2, 2**64 - 1])
def test_a_lost_repeated_or_reordered_frame_is_a_violation(sequence: int) -> None:
    frame = encode(m.Commitment(bytes(32)), 8, sequence)
    with pytest.raises(PeerViolationError, match="lost, repeated or out of order"):
        decode(frame, 1)


@pytest.mark.parametrize("place", [0, N, 2 * N + 17, 4 * N - 1])
def test_a_residue_that_is_not_below_its_prime_is_a_violation(place: int) -> None:
    """In each of the four primes, in each of the messages that carry residues."""
    polynomial = np.zeros(4 * N, dtype="<u4")
    polynomial[place] = PRIMES[place // N]
    constant = np.zeros(4, dtype="<u4")
    constant[place // N] = PRIMES[place // N]
    bad, good = polynomial.tobytes(), bytes(POLY_BYTES)
    for frame in (node_pb2.Frame(lattice_key=aggregate_pb2.LatticeKey(seed=bytes(32), b=bad)),
                  node_pb2.Frame(encrypted_block=aggregate_pb2.EncryptedBlock(c0=bad)),
                  node_pb2.Frame(masked_sum=aggregate_pb2.MaskedSum(c0=constant.tobytes(), c1=good)),
                  node_pb2.Frame(masked_sum=aggregate_pb2.MaskedSum(c0=bytes(16), c1=bad))):
        with pytest.raises(PeerViolationError, match="not below its prime"):
            decode(frame, 0)


def test_the_text_of_an_abort_is_cut_and_cleaned() -> None:
    """What a peer writes reaches our terminal without control characters, and bounded."""
    abort = node_pb2.Abort(code="\x1b[31mX" * 200, reason="\x07bad\nnews\u202e" * 200)
    with pytest.raises(PeerRefusedError) as caught:
        decode(node_pb2.Frame(abort=abort), 0)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 2 * limits.MAX_TEXT + 100


LISTENING = [(protocol, STEPS[place]) for protocol, order in ORDERS.items() for place in order
             if STEPS[place].name != "receipt"]
AGREED = {protocol: small_contract(threshold=0, **(SALTED_TERMS if protocol == SALTED else {})) for protocol in ORDERS}


def any_message() -> st.SearchStrategy[m.Message]:
    """Well-formed messages of every kind, with any value that the codec lets through."""
    word, count = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)

    def small(high: int) -> st.SearchStrategy[int]:
        return st.integers(0, high)

    def bits(size: int) -> st.SearchStrategy[bytes]:
        return st.binary(min_size=size, max_size=size)

    points = st.builds(lambda n, k, fill: np.full((n, k, 32), fill, np.uint8), st.integers(1, 30), st.integers(1, 8),
                       st.integers(0, 255))
    polynomial = st.builds(lambda value: np.full((4, N), value, np.uint32), small(min(PRIMES) - 1))
    constant = st.builds(lambda value: np.full(4, value, np.uint32), small(min(PRIMES) - 1))
    return st.one_of(
        st.builds(m.Hello, version=small(4), oldest=small(4), software=st.text(max_size=8),
                  role=st.sampled_from(["advertiser", "retailer"]),
                  contract=bits(32), run=bits(16), nonce=bits(32), unix_time=st.integers(-(2**63), 2**63 - 1)),
        st.builds(m.Sizes, rows=st.lists(st.one_of(small(20), count), max_size=4).map(tuple),
                  blinding_key=st.one_of(st.just(b""), bits(32))),
        st.builds(m.Points, offset=st.one_of(small(20), count), tuples=points),
        st.builds(m.LatticeKey, seed=bits(32), b=polynomial),
        st.builds(m.EncryptedBlock, block=st.one_of(small(1), word), column=st.one_of(small(3), word), c0=polynomial),
        st.builds(m.MaskedSum, index=st.one_of(small(7), word), c0=constant, c1=polynomial),
        st.builds(m.Commitment, digest=bits(32)),
        st.builds(m.Opening, shares=st.lists(st.one_of(small(2**44 - 1), count), max_size=6).map(tuple),
                  blind=bits(32)),
        st.builds(m.ReceiptSignature, audit_root=bits(32), signature=bits(64)))


@settings(SETTINGS, max_examples=50)
@given(listening=st.sampled_from(LISTENING), right=st.booleans(), data=st.data())
def test_any_well_formed_message_is_taken_or_refused_as_a_violation(listening: tuple[str, Step], right: bool,
                                                                     data) -> None:
    """At any step of a run of each mode, with the right step number and mostly the right kind: the session goes on, or
    it is dead and wiped after a PeerViolationError. Nothing else ever comes out."""
    protocol, step = listening
    message = data.draw(any_message().filter(lambda found: not right or isinstance(found, step.message)))
    nodes = small_pair(AGREED[protocol])
    exchange(*nodes, until=step.name)
    listener = next(node for node in nodes if not node.session.sending)
    try:
        listener.session.receive(listener.session.position, message)
        list(answer(listener))
    except PeerViolationError:
        assert_dead_and_wiped(listener)


def answer(node) -> Iterator[object]:
    """What the side says to a message it took, if it is its turn."""
    while node.session.sending:
        yield from node.session.send()
