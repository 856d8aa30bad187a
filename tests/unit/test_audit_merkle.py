"""Known answers of Certificate Transparency, and properties over sizes.

Leaves, roots and proofs: github.com/google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc.
"""

import hashlib
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.audit import merkle
from cleanroom.errors import AuditError, MisuseError

INPUTS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
LEAVES = [merkle.leaf_hash(data) for data in INPUTS]
ROOTS = [bytes.fromhex(text) for text in (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)]
N12 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"  # leaves 2 and 3
N32 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"  # leaves 6 and 7
N14 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"  # leaves 4 to 7
L1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
L4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
INCLUSION = [  # index, size, path
    (0, 1, []),
    (0, 8, [L1, N12, N14]),
    (5, 8, [L4, N32, ROOTS[4].hex()]),
    (2, 3, [ROOTS[2].hex()]),
    (1, 5, [ROOTS[1].hex(), N12, L4]),
]
SIZES = st.integers(1, 40)


def numbered(size):
    return [merkle.leaf_hash(b"%d" % i) for i in range(size)]


def array(leaves):
    return np.frombuffer(b"".join(leaves), dtype=np.uint8).reshape(-1, 32)


def decoded(path):
    return tuple(bytes.fromhex(text) for text in path)


@pytest.mark.parametrize("size", range(9))
def test_roots(size):
    assert merkle.root(LEAVES[:size]) == ROOTS[size]
    tree = merkle.Growing()
    tree.extend(array(LEAVES[:size]))
    assert tree.root() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_vectors(index, size, path):
    assert merkle.inclusion_proof(LEAVES[:size], index) == decoded(path)
    merkle.verify_inclusion(LEAVES[index], index, size, decoded(path), ROOTS[size])


def test_leaves_and_nodes_are_hashed_apart():
    assert merkle.leaf_hash(b"x") == hashlib.sha256(b"\x00x").digest()
    assert merkle.node_hash(b"l", b"r") == hashlib.sha256(b"\x01lr").digest()


@settings(max_examples=60)
@given(SIZES, st.data())
def test_every_inclusion_proof_fits_only_its_leaf_place_and_root(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves = numbered(size)
    proof, root = merkle.inclusion_proof(leaves, index), merkle.root(leaves)
    merkle.verify_inclusion(leaves[index], index, size, proof, root)
    assert len(proof) <= (size - 1).bit_length()
    for other in set(range(size)) - {index}:
        with pytest.raises(AuditError):
            merkle.verify_inclusion(leaves[index], other, size, proof, root)
    leaf = leaves[index]
    bad = [(b"\0" * 32, proof, root), (leaf, (*proof, root), root), (leaf, proof, b"\1" * 32)]
    bad += [(leaf, proof[:-1], root)] if proof else []
    for wrong_leaf, path, top in bad:
        with pytest.raises(AuditError):
            merkle.verify_inclusion(wrong_leaf, index, size, path, top)


def test_a_leaf_beyond_the_only_one_is_refused():
    with pytest.raises(AuditError, match="outside"):
        merkle.verify_inclusion(LEAVES[0], 1, 1, (), ROOTS[1])


@pytest.mark.parametrize("index", [-1, 3])
def test_leaves_outside_the_tree(index):
    with pytest.raises(AuditError):
        merkle.verify_inclusion(LEAVES[0], index, 3, (), ROOTS[3])
    with pytest.raises(MisuseError):
        merkle.inclusion_proof(LEAVES[:3], index)


@pytest.mark.parametrize("block", [1, 2, 8])
@given(st.lists(st.integers(0, 20), max_size=20))
def test_a_growing_tree_has_the_root_of_its_leaves_at_every_size(block, steps):
    leaves, tree = numbered(sum(steps)), merkle.Growing()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merkle, "_BLOCK", block)
        for step, end in zip(steps, accumulate(steps), strict=True):
            tree.extend(array(leaves[end - step:end]))
            assert tree.root() == merkle.root(leaves[:end])


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 3 * 4096, 20_000])
def test_a_growing_tree_of_whole_blocks_and_a_rest(size):
    leaves, tree = [merkle.leaf_hash(b"%d" % i) for i in range(size)], merkle.Growing()
    tree.extend(array(leaves))
    assert tree.root() == merkle.root(leaves)
