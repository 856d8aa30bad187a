"""KMAC256 over many texts: NIST's samples, and a library one text at a time."""

from __future__ import annotations

import numpy as np
import pytest
from Crypto.Hash import KMAC256
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.primitives.backend import Texts
from cleanroom.primitives.kmac import kmac256

KEY = bytes(range(0x40, 0x60))


def library(key: bytes, custom: bytes, message: bytes) -> bytes:
    return bytes(KMAC256.new(key=key, mac_len=32, custom=custom, data=message).digest())


def test_one_of_nists_samples_as_the_library_computes_it() -> None:
    """Sample 4 of NIST's KMAC_samples.pdf has 512 bits of output: the library gives its answer, and ours the library's
    for 256 bits."""
    data, custom = bytes(range(4)), b"My Tagged Application"
    answer = KMAC256.new(key=KEY, mac_len=64, custom=custom, data=data).hexdigest().upper()
    assert answer == ("20C570C31346F703C9AC36C61C03CB64C3970D0CFC787E9B79599D273A68D2F7"
                      "F69D4CC3DE9D104A351689F27CF6F5951F0103F33F4F24871024D9C27773A8DD")
    assert kmac256(KEY, custom, b"", Texts.of([data])).tobytes() == library(KEY, custom, data)


@settings(deadline=None, database=None, derandomize=True, max_examples=40)
@given(st.lists(st.binary(max_size=600), max_size=8), st.binary(max_size=20), st.binary(max_size=160))
def test_many_texts_are_as_one_by_one(texts: list[bytes], prefix: bytes, custom: bytes) -> None:
    macs = kmac256(KEY, custom, prefix, Texts.of(texts))
    assert macs.shape == (len(texts), 32)
    assert [row.tobytes() for row in macs] == [library(KEY, custom, prefix + text) for text in texts]


@pytest.mark.parametrize("size", [0, 1, 131, 132, 133, 134, 135, 136, 137, 267, 268, 269, 272])
def test_lengths_around_the_ends_of_blocks(size: int) -> None:
    """Four bytes of padding and length may need a block of their own."""
    texts = [bytes([i]) * size for i in range(3)]
    macs = kmac256(KEY, b"c", b"", Texts.of(texts))
    assert [row.tobytes() for row in macs] == [library(KEY, b"c", text) for text in texts]


def test_parts_of_a_longer_buffer() -> None:
    texts = Texts.of([b"person%d" % i for i in range(5000)])
    whole = kmac256(KEY, b"c", b"email\x00", texts)
    parts = [kmac256(KEY, b"c", b"email\x00", texts.part(at, min(at + 999, 5000))) for at in range(0, 5000, 999)]
    assert np.array_equal(whole, np.concatenate(parts))
