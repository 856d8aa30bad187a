"""What a party compares of a new run with its own earlier runs: who takes part, and whether question and data are new.

Both are keyed and stay with the party. The peer learns at most one bit of each: that a run was refused by own checks
(`disclosure.overlap = "refuse"`), and that the data are those of an earlier run (`disclosure.repeats = "replay"`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from cleanroom import limits
from cleanroom.disclosure.sketch import Difference, Words, difference, make_sketch, words
from cleanroom.identity.values import KeyValues
from cleanroom.measures.compact import Compact

_AT_ONCE: Final = 65_536  # rows whose copies are in memory


@dataclass(frozen=True, slots=True, repr=False)
class Memory:
    """What is kept of one run: a keyed digest of its question and own data (32 bytes), and the sketch of its people."""

    question: bytes
    sketch: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """An earlier run whose people differ from this one's by fewer than the threshold."""

    run: str
    difference: Difference


def memory_of(key: bytes, question: tuple[bytes, ...], contract: str, threshold: int, taking_part: KeyValues,
              asked: KeyValues, payload: Compact) -> Memory:
    """The memory of a run.

    `taking_part`: (n, K) match keys of those whose tokens are sent; `asked`, `payload`: (m, K) keys and (m, C) values
    of what the question is put to: the same people, unless noise decides on merging. Neither order of rows counts.
    """
    people = words(_derived(key, b"people " + contract.encode()), taking_part)
    whole = people if asked is taking_part else words(_derived(key, b"people " + contract.encode()), asked)
    return Memory(_digest(_derived(key, b"question"), question, whole, payload), make_sketch(people, threshold))


def closest(memory: Memory, earlier: Iterable[tuple[str, bytes]], threshold: int) -> Close | None:
    """The earlier run that is nearest without being about the same people, if fewer than `threshold` differ."""
    near = (Close(run, difference(memory.sketch, sketch)) for run, sketch in earlier)
    return min((each for each in near if 0 < each.difference.people < threshold),
               key=lambda each: each.difference.people, default=None)


def _digest(key: bytes, question: tuple[bytes, ...], people: Words, payload: Compact) -> bytes:
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in (limits.PROTOCOL_VERSION.to_bytes(4, "big"), *question):
        digest.update(len(part).to_bytes(8, "big") + part)
    order = np.lexsort((people[:, 1], people[:, 0]))
    digest.update(repr((people.shape, (len(payload), payload.width))).encode())
    chunks = [order[start:start + _AT_ONCE] for start in range(0, len(order), _AT_ONCE)]
    for rows in chunks:
        digest.update(people[rows].astype("<u8").tobytes())
    for rows in chunks:
        digest.update(payload.take(rows).T.astype("<i8").tobytes())
    return digest.digest()


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"cleanroom past runs: " + purpose, hashlib.sha256)
