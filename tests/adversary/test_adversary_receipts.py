"""Receipts that sign anything but the same run, contract, transcript and table; and a wire that alters messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from cheat import By, Cheat, changed, refused, small_pair
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kit import KEYS, Node, exchange, finish
from wiped import assert_dead_and_wiped

from cleanroom.audit import merkle
from cleanroom.audit.receipt import Receipt, open_receipt
from cleanroom.errors import PeerViolationError
from cleanroom.primitives.dsse import SigningKey
from cleanroom.primitives.ring import PRIMES
from cleanroom.session.messages import Message, Points, ReceiptSignature

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
both_sides = pytest.mark.parametrize("cheat", ["advertiser", "retailer"])
STRANGER = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ALTERED = {
    "another table": {"table_sha256": "00" * 32},
    "another transcript": {"transcript_sha256": "11" * 32},
    "another run": {"run_id": "22" * 16},
    "another contract": {"contract_hash": "33" * 32},
    "less privacy spent": {"epsilon": "0.1"},
}


def signed(receipt: Receipt, role: str, root: bytes, key: SigningKey) -> ReceiptSignature:
    return ReceiptSignature(root, receipt.sign(key, role, root))


def refused_receipt(cheat: str, make: object) -> None:
    """`make(receipt, message)` gives the message that is sent; it must be refused."""
    nodes = small_pair()
    node: Node = next(node for node in nodes if node.setup.role == cheat)

    def by(position: int, message: ReceiptSignature) -> list[tuple[int, Message]]:
        return [(position, make(node.side.closing._receipt, message))]

    text = refused(Cheat(cheat, "receipt", by), victim=OTHER[cheat], nodes=nodes)
    assert "another table or transcript" in text


@both_sides
@pytest.mark.parametrize("name", ALTERED)
def test_a_good_signature_of_another_receipt_is_refused(cheat: str, name: str) -> None:
    def make(receipt: Receipt, sent: ReceiptSignature) -> ReceiptSignature:
        return signed(replace(receipt, **ALTERED[name]), cheat, sent.audit_root, KEYS[cheat])

    refused_receipt(cheat, make)


@both_sides
def test_a_signature_by_another_key_is_refused(cheat: str) -> None:
    """A stranger's, and the receiver's own one sent back."""
    for key in (STRANGER, KEYS[OTHER[cheat]]):
        refused_receipt(cheat, lambda receipt, sent, key=key: signed(receipt, cheat, sent.audit_root, key))


@both_sides
def test_a_damaged_signature_is_refused(cheat: str) -> None:
    refused_receipt(cheat, lambda _, sent: replace(sent, signature=bytes([sent.signature[0] ^ 1]) + sent.signature[1:]))
    refused_receipt(cheat, lambda _, sent: replace(sent, signature=bytes(64)))


@both_sides
def test_another_root_than_the_signed_one_is_refused(cheat: str) -> None:
    """And so is a statement signed as if it were the other role's."""
    refused_receipt(cheat, lambda _, sent: replace(sent, audit_root=bytes(32)))
    refused_receipt(cheat, lambda receipt, sent: signed(receipt, OTHER[cheat], sent.audit_root, KEYS[cheat]))


def test_each_side_holds_the_root_of_the_other_sides_log_up_to_the_table() -> None:
    nodes = small_pair()
    exchange(*nodes)
    held = [open_receipt(node.side.closing.envelope(), {role: key.public for role, key in KEYS.items()})
            for node in nodes]
    assert held[0] == held[1]
    for node in nodes:
        leaves = [merkle.leaf_hash(line) for line in node.audit.lines]
        size = next(n for n, line in enumerate(node.audit.lines, 1) if b"table_released" in line)
        assert held[0].audit_roots[node.setup.role] == merkle.root(leaves[:size]).hex()


def rows_swapped(position: int, message: Points) -> list[tuple[int, Message]]:
    """Two rows of a list change places: every message is still well formed."""
    tuples = message.tuples.copy()
    tuples[[0, 1]] = tuples[[1, 0]]
    return [(position, Points(message.offset, tuples))]


ON_THE_WIRE: dict[tuple[str, str], By] = {
    ("advertiser", "hello"): changed(software="another version"),
    ("retailer", "hello"): changed(unix_time=lambda old: old + 1),
    ("advertiser", "sizes"): changed(blinding_key=bytes([9]) + bytes(31)),
    ("advertiser", "blinded_cells"): rows_swapped,
    ("retailer", "reblinded_cells"): rows_swapped,
    ("retailer", "blinded_values"): rows_swapped,
}


@pytest.mark.parametrize(("sender", "step"), ON_THE_WIRE)
def test_a_message_altered_on_the_way_is_noticed_at_the_receipt(sender: str, step: str) -> None:
    """Changes that no single message betrays: the transcripts differ, so the receipts do not fit and nothing is
    released. (Mutual TLS makes this impossible for outsiders; the receipt does not rely on it.)"""
    text = refused(Cheat(sender, step, ON_THE_WIRE[sender, step]), victim="retailer")
    assert "another table or transcript" in text


@pytest.mark.parametrize("step", ["lattice_key", "columns", "masked_sums"])
def test_an_altered_ciphertext_is_noticed_before_anything_is_released(step: str) -> None:
    """One residue off by one: a wild count at the opening, or two transcripts that differ at the receipt."""
    field = {"lattice_key": "b", "columns": "c0", "masked_sums": "c1"}[step]

    def nudge(polynomial: np.ndarray) -> np.ndarray:
        other = polynomial.copy()
        other[0, 0] = (int(other[0, 0]) + 1) % PRIMES[0]
        return other

    sender, nodes = "advertiser" if step == "masked_sums" else "retailer", small_pair()
    with pytest.raises(PeerViolationError):  # by either side: which one notices depends on the number
        exchange(*nodes, Cheat(sender, step, changed(**{field: nudge})))
    finish(*nodes)
    for node in nodes:
        assert_dead_and_wiped(node)


def test_the_receipt_covers_every_message_but_the_receipts() -> None:
    """Both transcripts change with every message of the run, end equal, and are what the receipts sign."""
    digests: list[bytes] = []

    def watch(role: str, position: int, message: Message) -> Iterator[tuple[int, Message]]:
        if not isinstance(message, ReceiptSignature):
            sender = nodes[role != "advertiser"]
            digests.append(sender.session.transcript)
        yield position, message

    nodes = small_pair()
    exchange(*nodes, watch)
    assert len(set(digests)) == len(digests) > 10
    for node in nodes:
        assert node.side.closing._receipt.transcript_sha256 == node.session.transcript.hex() == digests[-1].hex()
