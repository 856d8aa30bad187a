"""Both halves of the matching in the salted-hash mode. One object serves one run.

The advertiser sends one token for each key; the retailer makes its own, joins, and so learns the cell of each of its
people. The advertiser learns nothing, not even who or how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues
from cleanroom.match.dummies import Padding
from cleanroom.match.inbox import Inbox
from cleanroom.match.join import JoinSide, waterfall
from cleanroom.match.padded import PaddedCells
from cleanroom.match.salt import Salt
from cleanroom.match.tokens import Tuples, chunks_of, random_scalars
from cleanroom.ports import Entropy, Noise, Scratch
from cleanroom.primitives.backend import Backend


class SaltedAdvertiser:
    """`keys` is (n, K), `cells` (n,) the cell of each person, `cell_count` the contract's cells."""

    def __init__(self, backend: Backend, entropy: Entropy, noise: Noise, scratch: Scratch, padding: Padding,
                 key_types: Sequence[str], keys: KeyValues, cells: npt.NDArray[np.integer[Any]],
                 cell_count: int) -> None:
        self._entropy, self._scratch, self._key_types = entropy, scratch, tuple(key_types)
        self._people = PaddedCells(noise, padding, keys, cells, cell_count)
        self._salt = Salt(backend, entropy)

    def __repr__(self) -> str:
        return "SaltedAdvertiser"

    @property
    def cell_sizes(self) -> tuple[int, ...]:
        """Padded."""
        return self._people.sizes

    @property
    def public(self) -> bytes:
        """Our ephemeral key."""
        return self._salt.public

    def agree(self, ctx: bytes, peer: bytes) -> None:
        """The retailer's ephemeral key. PeerViolationError when it is none."""
        self._salt.agree(ctx, "advertiser", peer)

    def tokens(self) -> Iterator[Tuples]:
        """Cell by cell, people and padding in random order. Everything is wiped afterwards."""
        made = (self._salt.tokens(self._key_types, values) for values in self._people.chunks())
        yield from self._people.shuffled(self._scratch, made, partial(random_scalars, self._entropy))
        self.wipe()

    @property
    def wiped(self) -> bool:
        """Whether `wipe` was called."""
        return self._salt.wiped and self._people.wiped

    def wipe(self) -> None:
        """Overwrite scalar and salt; forget the keys."""
        self._salt.wipe()
        self._people.wipe()


class SaltedRetailer:
    """`keys` is (n, K). `rows` is what we declare: our people and a number of others that follows the padding."""

    def __init__(self, backend: Backend, entropy: Entropy, noise: Noise, scratch: Scratch, padding: Padding,
                 key_types: Sequence[str], keys: KeyValues) -> None:
        self._scratch, self._key_types, self._keys = scratch, tuple(key_types), keys
        self.rows = len(keys) + padding.draw(noise, 1)[0]
        self._salt = Salt(backend, entropy)
        self._parts = chunks_of(len(keys))  # those that are not hashed yet
        self._ends = np.zeros(0, dtype=np.int64)
        self._inbox: Inbox | None = None
        self._sides: tuple[JoinSide, JoinSide] | None = None

    def __repr__(self) -> str:
        return "SaltedRetailer"

    @property
    def public(self) -> bytes:
        """Our ephemeral key."""
        return self._salt.public

    def expect_tokens(self, ctx: bytes, sizes: tuple[int, ...], peer: bytes) -> None:
        """The advertiser declared these padded cell sizes and its ephemeral key. PeerViolationError when it is none."""
        self._salt.agree(ctx, "retailer", peer)
        count, total = len(self._key_types), sum(sizes)
        most = max(total, len(self._keys))
        self._scratch.require((total + len(self._keys)) * count * 36)
        self._ends = np.cumsum(sizes)
        self._inbox = Inbox("tokens", total, count)
        self._sides = (JoinSide("tokens", self._scratch, total, most, count),
                       JoinSide("own tokens", self._scratch, len(self._keys), most, count))

    def receive_tokens(self, offset: int, chunk: Tuples) -> bool:
        """Some of the advertiser's. Returns whether all are here. While it makes the next ones we make ours."""
        inbox, (theirs, _) = self._expected()
        inbox.accept(offset, chunk)
        theirs.add(offset, chunk)
        self._hash_own(islice(self._parts, 1))
        return inbox.complete

    def _hash_own(self, parts: Iterable[slice]) -> None:
        _, (_, own) = self._expected()
        for part in parts:
            own.add(part.start, self._salt.tokens(self._key_types, self._keys.part(part).chosen()))

    def join(self) -> npt.NDArray[np.int16]:
        """(n,) the cell of each of our people, or -1. Everything else is wiped. PeerViolationError when the advertiser
        sent a token twice."""
        self._hash_own(self._parts)
        partner, _ = waterfall(*self._expected()[1])
        cells = np.where(partner >= 0, np.searchsorted(self._ends, partner, side="right"), -1).astype(np.int16)
        self.wipe()
        return cells

    def _expected(self) -> tuple[Inbox, tuple[JoinSide, JoinSide]]:
        if self._inbox is None or self._sides is None:
            raise MisuseError("tokens before their sizes were declared")
        return self._inbox, self._sides

    @property
    def wiped(self) -> bool:
        """Whether nothing is left of salt, keys and tokens."""
        return self._salt.wiped and not len(self._keys) and self._sides is None

    def wipe(self) -> None:
        """Overwrite scalar and salt; forget tokens and keys."""
        self._salt.wipe()
        for side in self._sides or ():
            side.clear()
        self._sides = None
        self._keys = self._keys.none()
