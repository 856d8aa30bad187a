"""No repr, str or error text of a run shows a key, point, scalar or share, whatever it is asked of and whenever."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from kit import MODES, Node, SeededNoise, exchange, finish, pair, small_contract, steps_of_both_modes, values
from wiped import points_of, reachable, secrets_of

from cleanroom.contract.protocols import ECDH
from cleanroom.match.dummies import Padding
from cleanroom.session.messages import Message
from cleanroom.session.script import STEPS


def nodes(protocol: str = ECDH) -> tuple[Node, Node]:
    emails = [f"someone.unusual{i}@example.org" for i in range(10)]
    phones = [f"+336000000{i:02}" for i in range(10)]
    keys = values(emails, phones)
    agreed = small_contract(keys=("email", "phone"), threshold=3, **MODES[protocol])
    return pair(agreed, keys, [i % 2 for i in range(10)], keys, np.ones((10, 3)), noise=SeededNoise(2),
                padding=Padding(4, 1.0))


def spoken_by(node: Node) -> Iterator[tuple[str, str]]:
    """(class, what it prints) of everything a session holds."""
    for item in reachable(node.session):
        yield type(item).__name__, f"{item!r} {item!s}"


def dummy_points(node: Node) -> set[str]:
    dummies = getattr(node.side._match, "_dummies", None)
    if dummies is None or not dummies.values.any():
        return set()
    found = set()
    for array in (dummies.cells.reshape(-1, 32), dummies.values.reshape(-1, 32)):
        for point in (array[0], array[-1]):
            found |= {", ".join(f"{x:3}" for x in point[:3]), point.tobytes().hex(), repr(point.tobytes())[2:-1]}
    return found


@pytest.mark.parametrize(("protocol", "step"), steps_of_both_modes())
def test_nothing_a_session_holds_prints_a_secret(protocol: str, step: str) -> None:
    """Every object reachable from both sessions, at the moment of the first message of each step."""
    one, two = nodes(protocol)
    checked: list[int] = []

    def look(role: str, position: int, message: Message) -> list[tuple[int, Message]]:
        if STEPS[position].name == step:
            secrets = points_of(message) | set().union(*(secrets_of(n) | dummy_points(n) for n in (one, two)))
            texts = [pair for node in (one, two) for pair in spoken_by(node)]
            checked.append(len(texts))
            assert not [name for name, text in texts for secret in secrets if secret in text]
        return [(position, message)]

    exchange(one, two, look)
    finish(one, two)
    assert checked
    assert min(checked) > 30  # the walk did reach the rooms


def test_the_walk_reaches_what_matters() -> None:
    one, two = nodes()
    exchange(one, two, until="blinded_values")
    names = {name for node in (one, two) for name, _ in spoken_by(node)}
    assert {"AdvertiserSide", "RetailerSide", "AdvertiserMatch", "RetailerMatch", "Scalar", "Inbox", "Dummies",
            "Closing", "Setup", "SigningKey"} <= names


def test_messages_print_their_class_only() -> None:
    for sent in exchange(*nodes()):
        assert repr(sent.message) == str(sent.message) == type(sent.message).__name__
