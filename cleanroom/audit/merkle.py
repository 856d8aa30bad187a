"""Merkle tree hashing and inclusion proofs of RFC 6962 §2.1, verified as in RFC 9162 §2.1.3.2.

All hashes are SHA-256, 32 bytes; `leaves` are always *leaf hashes*, in order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from cleanroom.errors import AuditError, MisuseError
from cleanroom.primitives.backend import Digests
from cleanroom.primitives.sha256 import SIZE, Sha256, no_texts, sha256_each

Proof = tuple[bytes, ...]

LEAF: Final = b"\x00"
NODE: Final = b"\x01"
_BLOCK: Final = 4096  # leaves of a subtree that are hashed level by level; a power of two


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(NODE + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Merkle tree hash of RFC 6962 §2.1; of no leaves, SHA-256 of nothing."""
    return _root(np.frombuffer(b"".join(leaves), dtype=np.uint8).reshape(-1, SIZE), sha256_each)


def _root(level: Digests, sha256: Sha256) -> bytes:
    """A last node without a sibling rises: the same tree as by splitting at powers of two."""
    if not len(level):
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = len(level) // 2
        nodes = sha256(NODE, level[:2 * pairs].reshape(-1, 2 * SIZE), no_texts(pairs))
        level = np.concatenate([nodes, level[2 * pairs:]])
    return level.tobytes()


class Growing:
    """The same tree, as leaves come: it holds a node for each power of two of the size, and leaves of one block."""

    def __init__(self, sha256: Sha256 = sha256_each) -> None:
        self._sha256 = sha256
        self._nodes: list[tuple[int, bytes]] = []  # (blocks, hash), sizes falling
        self._leaves: Digests = np.empty((0, SIZE), dtype=np.uint8)  # after the last whole block

    def extend(self, leaves: Digests) -> None:
        """More leaf hashes, (n, 32)."""
        self._leaves = np.concatenate([self._leaves, leaves])
        whole = len(self._leaves) // _BLOCK * _BLOCK
        for start in range(0, whole, _BLOCK):
            self._add(_root(self._leaves[start:start + _BLOCK], self._sha256))
        self._leaves = self._leaves[whole:]

    def root(self) -> bytes:
        """As `root` of all leaves so far."""
        nodes = [node for _, node in self._nodes]
        value = _root(self._leaves, self._sha256) if len(self._leaves) or not nodes else nodes.pop()
        for node in reversed(nodes):
            value = node_hash(node, value)
        return value

    def _add(self, node: bytes) -> None:
        size = 1
        while self._nodes and self._nodes[-1][0] == size:
            size, node = 2 * size, node_hash(self._nodes.pop()[1], node)
        self._nodes.append((size, node))


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


def _climb(node: int, last: int) -> tuple[int, int]:
    """Skip the levels where a rightmost node has no sibling."""
    while not node & 1 and node:
        node, last = node >> 1, last >> 1
    return node, last


def _split(size: int) -> int:
    """The largest power of two smaller than `size` ≥ 2."""
    return 1 << (size - 1).bit_length() - 1
