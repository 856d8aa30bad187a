"""SHA-256 of many messages: both ways of hashing against the library, with heads and prefixes of any size."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom._native import KernelError, kernels
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.errors import MisuseError
from cleanroom.primitives.backend import Texts
from cleanroom.primitives.native import NativeBackend
from cleanroom.primitives.openssl import OpenSSLBackend
from cleanroom.primitives.sha256 import hmac_sha256_each, no_texts, sha256_each

BYTES = st.binary(max_size=200)


def backends():
    yield pytest.param(OpenSSLBackend(SerialExecutor()), id="openssl")
    try:
        yield pytest.param(NativeBackend(kernels()[0], SerialExecutor()), id="native")
    except KernelError:
        return


@pytest.fixture(scope="module", params=backends())
def backend(request):
    return request.param


def heads_of(items):
    return np.frombuffer(b"".join(items), dtype=np.uint8).reshape(len(items), -1)


@given(BYTES, st.integers(0, 130), st.lists(BYTES, min_size=1, max_size=9))
def test_each_is_the_digest_of_prefix_head_and_text(backend, prefix, width, texts):
    heads = [bytes([place]) * width for place in range(len(texts))]
    found = backend.sha256(prefix, heads_of(heads), Texts.of(texts))
    assert [each.tobytes() for each in found] == [hashlib.sha256(prefix + head + text).digest()
                                                  for head, text in zip(heads, texts, strict=True)]


@pytest.mark.parametrize("size", [0, 1, 54, 55, 56, 63, 64, 65, 118, 119, 120, 127, 128, 1000])
def test_every_padding(backend, size):
    found = backend.sha256(b"", np.empty((2, 0), dtype=np.uint8), Texts.of([b"a" * size, b"b" * size]))
    assert found.tobytes() == b"".join(hashlib.sha256(letter * size).digest() for letter in (b"a", b"b"))


def test_nothing_at_all(backend):
    assert backend.sha256(b"prefix", np.empty((0, 32), dtype=np.uint8), no_texts(0)).shape == (0, 32)


@given(st.binary(max_size=64), BYTES, st.lists(BYTES, max_size=5))
def test_hmac(backend, key, label, texts):
    found = hmac_sha256_each(backend.sha256, key, label, Texts.of(texts))
    assert [each.tobytes() for each in found] == [hmac.digest(key, label + text, "sha256") for text in texts]


@pytest.mark.parametrize("heads", [np.empty((4, 8), dtype=np.uint8), np.empty(2, dtype=np.uint8),
                                   np.empty((2, 8), dtype=np.uint16)])
def test_each_text_has_one_head(backend, heads):
    with pytest.raises(MisuseError, match="heads"):
        backend.sha256(b"", heads, Texts.of([b"one", b"two"]))


def test_a_longer_key_is_refused():
    with pytest.raises(MisuseError, match="64 bytes"):
        hmac_sha256_each(sha256_each, bytes(65), b"", Texts.of([b""]))


@pytest.mark.parametrize("offsets", [[0, 4], [3, 1], [-1, 2], []])
def test_texts_outside_the_data_are_refused(offsets):
    try:
        kernel = kernels()[0]
    except KernelError as error:
        pytest.skip(str(error))
    if not kernel.has_sha256:
        pytest.skip("this CPU has no instructions for SHA-256")
    with pytest.raises(ValueError, match="offsets"):
        kernel.sha256(b"", b"", b"abc", np.array(offsets, dtype=np.int64))
