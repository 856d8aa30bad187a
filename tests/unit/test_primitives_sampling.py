"""Samplers: ranges, moments, rejection, and the fixed expansion that both parties must share."""

import hashlib

import numpy as np
import pytest
from Crypto.Cipher import AES
from primitives_kit import SeededEntropy

from cleanroom.errors import MisuseError
from cleanroom.primitives import ring, sampling

P = np.array(ring.PRIMES)[:, None]
EXPANSION_SHA256 = "847946d05553bd3e777f4a2f9fff1babdd8ce4cad33ebbaec9d91b6ab56c3c91"  # part of the protocol


class Repeated:
    """The same pattern for ever, after an optional first read."""

    def __init__(self, pattern, first=b""):
        self.pattern, self.first = pattern, first

    def bytes(self, size, /):
        first, self.first = self.first, b""
        return (first + self.pattern * size)[:size]


def test_ternary_is_balanced():
    out = sampling.ternary(SeededEntropy(1), 20)
    counts = np.array([(out == v).sum() for v in (-1, 0, 1)])
    assert out.shape == (20, ring.N)
    assert counts.sum() == out.size
    assert np.abs(counts - out.size / 3).max() < 6 * np.sqrt(out.size * 2 / 9)


def test_ternary_rejects_byte_255():
    out = sampling.ternary(Repeated(b"\x02", first=b"\xff" * 200 + b"\x00" * 20), 1)[0]
    assert out[:20].tolist() == [-1] * 20
    assert (out[20:] == 1).all()


def test_centred_binomial_moments_and_range():
    out = sampling.centred_binomial(SeededEntropy(2), 100_000)
    assert np.abs(out).max() <= sampling.ETA
    assert abs(out.mean()) < 6 * np.sqrt(10.5 / out.size)
    assert abs(out.var() - 10.5) < 0.3


@pytest.mark.parametrize(("word", "expected"), [(2**21 - 1, 21), ((2**21 - 1) << 21, -21), (2**64 - 2**42, 0)])
def test_centred_binomial_uses_two_times_21_bits(word, expected):
    out = sampling.centred_binomial(Repeated(word.to_bytes(8, "little")), 3)
    assert out.tolist() == [expected] * 3


def test_uniform_bits():
    out = sampling.uniform_bits(Repeated(b"\xff"), 44, 2, 2)
    assert out.tolist() == [[2**44 - 1] * 2] * 2
    assert sampling.uniform_bits(Repeated(b"\xff"), 63, 1).tolist() == [2**63 - 1]
    with pytest.raises(MisuseError):
        sampling.uniform_bits(Repeated(b"\xff"), 64, 1)


def test_expansion_is_fixed():
    out = sampling.expand_uniform("c1", b"ctx", bytes(32), 3, 7)
    assert hashlib.sha256(ring.pack(out)).hexdigest() == EXPANSION_SHA256


def test_expansion_is_uniform_and_reduced():
    out = sampling.expand_uniform("c1", b"ctx", bytes(32))
    assert (out < P).all()
    assert np.abs(out.mean(axis=1) / P[:, 0] - 0.5).max() < 6 / np.sqrt(12 * ring.N)


def test_expansion_depends_on_everything():
    inputs = [("c1", b"ctx", bytes(32), 3, 7), ("a", b"ctx", bytes(32), 3, 7), ("c1", b"ctX", bytes(32), 3, 7),
              ("c1", b"ctx", b"\1" * 32, 3, 7), ("c1", b"ctx", bytes(32), 7, 3), ("c1", b"ct", b"x" + bytes(32), 3, 7)]
    assert len({ring.pack(sampling.expand_uniform(*args)) for args in inputs}) == len(inputs)



def test_expanded_errors_are_those_of_aes_in_counter_mode():
    """By AES of single blocks: index in the first half of the counter block, big endian."""
    cipher = AES.new(b"k" * 32, AES.MODE_ECB)
    stream = b"".join(cipher.encrypt(bytes([0] * 7 + [5]) + i.to_bytes(8, "big")) for i in range(ring.N // 2))
    expected = sampling.centred_binomial(Repeated(b"", first=stream), ring.N)
    assert sampling.expand_binomial(b"k" * 32, 5).tolist() == expected.tolist()
