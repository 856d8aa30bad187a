"""Merkle tree hashing and proofs of RFC 6962 §2.1, verified as in RFC 9162 §2.1.3.2 and §2.1.4.2.

All hashes are SHA-256, 32 bytes; `leaves` are always *leaf hashes*, in order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cleanroom.errors import AuditError, MisuseError

Proof = tuple[bytes, ...]


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Merkle tree hash of RFC 6962 §2.1; of no leaves, SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> Proof:
    """PATH(index, leaves) of RFC 6962 §2.1.1. MisuseError outside 0 ≤ index < len(leaves)."""
    if not 0 <= index < len(leaves):
        raise MisuseError("no such leaf")
    if len(leaves) == 1:
        return ()
    k = _split(len(leaves))
    if index < k:
        return (*inclusion_proof(leaves[:k], index), root(leaves[k:]))
    return (*inclusion_proof(leaves[k:], index - k), root(leaves[:k]))


def consistency_proof(leaves: Sequence[bytes], first: int) -> Proof:
    """PROOF(first, leaves) of RFC 6962 §2.1.2. MisuseError outside 1 ≤ first ≤ len(leaves)."""
    if not 1 <= first <= len(leaves):
        raise MisuseError("no such tree")
    return _subproof(leaves, first, complete=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree_root: bytes) -> None:
    """Return when `leaf` is number `index` of the tree of `size` leaves with this root, else AuditError."""
    if not 0 <= index < size:
        raise AuditError("the leaf is outside the tree")
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise AuditError("the inclusion proof is too long")
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            node, last = _climb(node, last)
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or value != tree_root:
        raise AuditError("the inclusion proof does not lead to the root")


def verify_consistency(first: int, first_root: bytes, size: int, size_root: bytes,
                       proof: Sequence[bytes]) -> None:
    """Return when the tree of `first` ≥ 1 leaves begins the tree of `size` leaves, else AuditError."""
    if not 1 <= first <= size:
        raise AuditError("the trees cannot be compared")
    if first == size:
        if proof or first_root != size_root:
            raise AuditError("two trees of one size differ")
        return
    is_node = first & (first - 1) == 0  # a complete subtree is a node of the larger tree
    path = [first_root, *proof] if is_node else list(proof)
    if not path:
        raise AuditError("the consistency proof is empty")
    old, new = _fold(first - 1, size - 1, path)
    if old != first_root or new != size_root:
        raise AuditError("the consistency proof does not lead to both roots")


def _fold(node: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Both roots that follow from a consistency path (RFC 9162 §2.1.4.2, steps 4 to 6)."""
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise AuditError("the consistency proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            node, last = _climb(node, last)
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise AuditError("the consistency proof is too short")
    return old, new


def _climb(node: int, last: int) -> tuple[int, int]:
    """Skip the levels where a rightmost node has no sibling."""
    while not node & 1 and node:
        node, last = node >> 1, last >> 1
    return node, last


def _subproof(leaves: Sequence[bytes], first: int, *, complete: bool) -> Proof:
    if first == len(leaves):
        return () if complete else (root(leaves),)
    k = _split(len(leaves))
    if first <= k:
        return (*_subproof(leaves[:k], first, complete=complete), root(leaves[k:]))
    return (*_subproof(leaves[k:], first - k, complete=False), root(leaves[:k]))


def _split(size: int) -> int:
    """The largest power of two smaller than `size` ≥ 2."""
    return 1 << (size - 1).bit_length() - 1
