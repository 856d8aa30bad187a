"""Every input of the corpus again, and mutations of it: a parser returns, or raises a CleanroomError."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsers import PARSERS, check

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file())
MOST = 64 * 1024 * 1024  # bytes that a parser may hold for one input of the corpus


def test_every_parser_has_a_valid_sample() -> None:
    assert {path.parent.name for path in FILES if path.name.startswith("valid-")} == set(PARSERS)


@pytest.mark.parametrize("path", [path for path in FILES if path.name.startswith("valid-")],
                         ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_valid_sample_is_accepted(path: Path) -> None:
    """So that mutations of it reach what stands behind the first checks. An abort is accepted by raising it."""
    if path.name != "valid-abort":
        PARSERS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_of_the_corpus_is_taken_or_refused(path: Path) -> None:
    data = path.read_bytes()
    tracemalloc.start()
    try:
        check(path.parent.name, data)
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


def mutated(data: st.DataObject, sample: bytes) -> bytes:
    """A few cuts, flips, repeats and insertions."""
    found = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(found)))
        until = min(len(found), at + data.draw(st.integers(1, 40)))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "repeat", "end", "brackets"])):
            case "flip" if at < len(found):
                found[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del found[at:until]
            case "insert":
                found[at:at] = data.draw(st.one_of(st.binary(min_size=1, max_size=20), st.sampled_from(
                    [b"null", b"-1", b"1e9", b"9" * 5000, b'"\\ud800"', b"\x00", b"\xff", b"{}", b"true"])))
            case "repeat":
                found[at:at] = found[at:until] * data.draw(st.integers(1, 50))
            case "end":
                del found[at:]
            case "brackets":
                found[at:at] = data.draw(st.sampled_from([b"[", b"{", b'{"a":', b"a."])) * 3000
    return bytes(found)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_samples_are_taken_or_refused(name: str, data: st.DataObject) -> None:
    samples = [path for path in FILES if path.parent.name == name]
    check(name, mutated(data, data.draw(st.sampled_from(samples)).read_bytes()))
