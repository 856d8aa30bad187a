"""The transcript hash is fixed, ordered and unambiguous."""

import hashlib

import pytest

from cleanroom.primitives.transcript import Transcript


def digest(*messages):
    transcript = Transcript()
    for message in messages:
        transcript.absorb(*message)
    return transcript.digest()


def test_same_messages_same_digest_and_more_may_follow():
    transcript = Transcript()
    transcript.absorb("hello", b"a", 1)
    assert transcript.digest() == transcript.digest() == digest(("hello", b"a", 1))
    transcript.absorb("bye")
    assert transcript.digest() == digest(("hello", b"a", 1), ("bye",))


def test_encoding_by_hand():
    def sized(kind, data):
        return kind + len(data).to_bytes(8, "big") + data

    text = (b"cleanroom/v1 transcript"
            + sized(b"l", b"hello") + (2).to_bytes(8, "big") + sized(b"b", b"a") + sized(b"i", b"\xff")
            + sized(b"l", b"end") + (1).to_bytes(8, "big") + sized(b"i", b"\x00\x80"))
    assert digest(("hello", b"a", -1), ("end", 128)) == hashlib.sha256(text).digest()


@pytest.mark.parametrize("other", [
    [("hello", b"ab", b"c")], [("hello", b"abc")], [("hello", b"a"), ("hello", b"bc")], [("hell", b"oa", b"bc")],
    [("hello", b"a", b"bc", b"")], [("hello", b"bc", b"a")], [],
])
def test_boundaries_and_order_count(other):
    assert digest(*other) != digest(("hello", b"a", b"bc"))


def test_integers_and_bytes_are_told_apart():
    assert len({digest(("x", part)) for part in (1, -1, 255, 256, 2**200, 0, b"", b"\0", b"\1", b"1")}) == 10

