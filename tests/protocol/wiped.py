"""What a side may still hold after its end, and what no text may show."""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from itertools import chain

import numpy as np
import pytest
from kit import Node

from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues
from cleanroom.match.shuffle import Buckets
from cleanroom.measures.compact import Compact
from cleanroom.session.advertiser import AdvertiserSide
from cleanroom.session.messages import Commitment, Message
from cleanroom.session.retailer import RetailerSide
from cleanroom.session.salted import SaltedAdvertiserSide, SaltedRetailerSide
from cleanroom.session.script import STEPS


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
    assert isinstance(side, AdvertiserSide | RetailerSide)
    for array in _overwritten(side):
        assert not array.any()
    for held in _forgotten(side):
        assert len(held) == 0
    for item in reachable(side):
        if isinstance(item, Buckets):
            assert item._waiting == []
            assert all(pile._parts == [] for pile in item._piles)
    assert side._match._scalar.use() == bytes(32)
    assert side.closing._shares == side.closing._people == []
    assert side.closing._stages == {}
    assert _shares(side) == []


def _overwritten(side: AdvertiserSide | RetailerSide) -> Iterator[np.ndarray]:
    match = side._match
    if isinstance(side, AdvertiserSide):
        yield match._order
        yield from [side._sums._block, side._sums._cells + 1] if side._sums else []
        return
    yield match.order + 1
    yield from [match._dummies.cells, match._dummies.values] if match._dummies else []
    if side._table:
        yield from (side._table._secret._reflected, side._table._secret._ntt, side._table._order + 1)


def _forgotten(side: AdvertiserSide | RetailerSide) -> Iterator[KeyValues | Compact]:
    yield side._match._keys
    if isinstance(side, RetailerSide):
        yield side._columns
        yield from [side._table._columns] if side._table else []


def _shares(side: AdvertiserSide | RetailerSide) -> list:
    if isinstance(side, AdvertiserSide):
        return [] if side._sums is None else side._sums._shares + side._sums._sums + side._sums._sealed
    return [] if side._table is None else side._table.shares


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
    for value in chain.from_iterable(side._match._keys.tolist()):
        found |= set() if value is None else {value.decode()}
    found |= _spellings(side._match._scalar.use())
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
