"""What a side may still hold after its end, and what no text may show."""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from itertools import chain

import numpy as np
import pytest
from kit import Node

from cleanroom.aggregate.advertiser import BlindedSums
from cleanroom.aggregate.retailer import EncryptedTable
from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues
from cleanroom.match.dummies import Dummies
from cleanroom.match.padded import PaddedCells
from cleanroom.match.retailer import RetailerMatch
from cleanroom.match.salt import Salt
from cleanroom.match.shuffle import Buckets
from cleanroom.match.tokens import Scalar
from cleanroom.measures.compact import Compact
from cleanroom.session.messages import Commitment, Message
from cleanroom.session.script import STEPS
from cleanroom.session.side import RunSide


def assert_dead_and_wiped(node: Node) -> None:
    """The session refuses everything, the side holds no secret, and no table was released."""
    assert_wiped(node)  # first: a call on a living session would end it, too
    assert_dead(node)
    assert node.side.closing.table is None
    with pytest.raises(MisuseError):
        node.side.closing.envelope()


def assert_dead(node: Node) -> None:
    """Neither sending nor receiving is possible any more."""
    assert node.session._dead
    with pytest.raises(MisuseError):
        list(node.session.send())
    with pytest.raises(MisuseError):
        node.session.receive(min(node.session.position, len(STEPS) - 1), Commitment(bytes(32)))


def assert_wiped(node: Node) -> None:
    """Every secret and row-level piece of this side is zero, gone or an array of its own without elements."""
    side = node.side
    assert isinstance(side, RunSide)
    for array in _overwritten(side):
        assert not array.any()
    for item in reachable(side):
        if isinstance(item, KeyValues | Compact):
            assert len(item) == 0
        if isinstance(item, Buckets):
            assert item._waiting == []
            assert all(pile._parts == [] for pile in item._piles)
    assert side.closing._shares == side.closing._people == []
    assert side.closing._stages == {}
    assert _shares(side) == []


def _overwritten(side: RunSide) -> Iterator[np.ndarray]:
    for item in reachable(side):
        match item:
            case Scalar():
                yield np.frombuffer(item.use(), np.uint8)
            case Salt():
                yield np.frombuffer(item._salt, np.uint8)
            case PaddedCells():
                yield item._order
            case BlindedSums():
                yield from (item._block, item._cells + 1)
            case RetailerMatch():
                yield item.order + 1
            case Dummies():
                yield from (item.cells, item.values)
            case EncryptedTable():
                yield from (item._secret._reflected, item._secret._ntt, item._order + 1)


def _shares(side: RunSide) -> list:
    found = []
    for item in reachable(side):
        if isinstance(item, BlindedSums):
            found += item._shares + item._sums + item._sealed
        if isinstance(item, EncryptedTable):
            found += item.shares
    return found


def reachable(root: object) -> Iterator[object]:
    """Every object of this product that can be reached from `root`."""
    seen, queue = {id(root)}, [root]
    while queue:
        item = queue.pop()
        if type(item).__module__.startswith("cleanroom."):
            yield item
        if isinstance(item, type | types.ModuleType | types.FunctionType | types.BuiltinFunctionType):
            continue
        for inner in gc.get_referents(item):
            if id(inner) not in seen:
                seen.add(id(inner))
                queue.append(inner)


def secrets_of(node: Node) -> set[str]:
    """Texts that would give away a key, point, scalar or share of this side, in the spellings a repr would use."""
    side, found = node.side, set()
    for item in reachable(side):
        match item:
            case KeyValues():
                found |= {value.decode() for value in chain.from_iterable(item.tolist()) if value is not None}
            case Scalar():
                found |= _spellings(item.use())
            case Salt():
                found |= _spellings(bytes(item._salt))
    for row in side.closing._shares:
        found |= {str(share) for share in row if share > 10**6}
    for stage in side.closing._stages.values():
        found |= {str(share) for share in stage._shares if share > 10**6} | _spellings(stage._blind)
    return found


def points_of(message: Message) -> set[str]:
    """Spellings of the points and shares of a message, as a careless error text or repr would print them."""
    found: set[str] = set()
    for part in message.parts():
        if isinstance(part, bytes) and len(part) >= 32:
            found |= _spellings(part[:32])
        elif isinstance(part, int) and abs(part) > 10**9:
            found.add(str(part))
    return found


def _spellings(secret: bytes) -> set[str]:
    if not any(secret):
        return set()
    array = np.frombuffer(secret, np.uint8)
    return {secret.hex(), repr(secret)[2:-1], str(int.from_bytes(secret, "little")),
            " ".join(f"{x:3}" for x in array[:3]), ", ".join(f"{x:3}" for x in array[:3])}
