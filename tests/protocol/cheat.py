"""A peer that follows the protocol but for one message, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from kit import EXACT, Node, Tamper, exchange, pair, small_contract, values
from wiped import assert_dead_and_wiped, assert_wiped, secrets_of

from cleanroom.contract.model import Contract
from cleanroom.errors import CleanroomError, PeerViolationError
from cleanroom.primitives.curve import P, is_acceptable
from cleanroom.session.messages import Message
from cleanroom.session.script import STEPS

By = Callable[[int, Message], Iterable[tuple[int, Message]]]
PEOPLE = 12


class Cheat:
    """Tampers with message `number` (from 0) that `role` sends in `step`; `by` gives what is sent in its place."""

    def __init__(self, role: str, step: str, by: By, number: int = 0) -> None:
        self._target, self._by, self._left = (role, step), by, number

    def __call__(self, role: str, position: int, message: Message) -> Iterator[tuple[int, Message]]:
        if (role, STEPS[position].name) == self._target:
            self._left -= 1
            if self._left == -1:
                yield from self._by(position, message)
                return
        yield position, message


def changed(**fields: object) -> By:
    """The message with other field values; a callable is applied to the old value."""
    def by(position: int, message: Message) -> list[tuple[int, Message]]:
        new = {name: value(getattr(message, name)) if callable(value) else value for name, value in fields.items()}
        return [(position, replace(message, **new))]
    return by


def small_pair(agreed: Contract | None = None, seed: object = 0, **options: object) -> tuple[Node, Node]:
    """Twelve people of the advertiser in two cells, twelve members of the retailer, half in common; nothing random."""
    agreed = agreed or small_contract(threshold=0)
    count = len(agreed.match.keys)
    mine = values(*([f"person{k}-{i}@example.org" for i in range(PEOPLE)] for k in range(count)))
    theirs = values(*([f"person{k}-{i + PEOPLE // 2}@example.org" for i in range(PEOPLE)] for k in range(count)))
    columns = np.arange(PEOPLE * 3).reshape(PEOPLE, 3) % 7
    columns[:, 0] = 1
    return pair(agreed, mine, [i % 2 for i in range(PEOPLE)], theirs, columns, seed=seed, **{**EXACT, **options})


def refused(tamper: Tamper, *, victim: str, nodes: tuple[Node, Node] | None = None,
            at: str | None = None, error: type[CleanroomError] = PeerViolationError) -> str:
    """The text with which the victim ends a tampered run: dead and wiped by itself, then the other is ended, too.

    `at`: the step in which the victim must have noticed. Only a cheat that has both receipts before it sends a bad
    one of its own is finished, with the table.
    """
    pairs = {node.setup.role: node for node in nodes or small_pair()}
    secrets = set().union(*(secrets_of(node) for node in pairs.values()))
    with pytest.raises(CleanroomError) as caught:
        exchange(pairs["advertiser"], pairs["retailer"], tamper)
    assert type(caught.value) is error
    assert at in (None, pairs[victim].session.step_name)
    assert_dead_and_wiped(pairs.pop(victim))
    (cheat,) = pairs.values()
    cheat.session.close()  # what the abort makes of the other side
    assert_wiped(cheat) if cheat.session.finished else assert_dead_and_wiped(cheat)
    text = str(caught.value)
    assert not [secret for secret in secrets if secret in text]
    return text


def encoded(u: int) -> np.ndarray:
    """A field element as a point on the wire, (32,) uint8."""
    return np.frombuffer(u.to_bytes(32, "little"), dtype=np.uint8)


TWIST = next(u for u in range(2, 100) if not is_acceptable(u))
# RFC 7748 §6.1: u-coordinates of order 1, 2, 4 and 8 on the curve and its twist.
EIGHT = (325606250916557431795983626356110631294008115727848805560023387167927233504,
         39382357235489614581723060781553021112529911719440698176882885853963445705823)
BAD_POINTS = {"zero": 0, "order four": 1, "order four, twist": P - 1, "order eight": EIGHT[0],
              "another of order eight": EIGHT[1], "twist": TWIST, "not canonical": P + 9, "zero, not canonical": P,
              "top bit set": 9 + 2**255, "all ones": 2**256 - 1}
