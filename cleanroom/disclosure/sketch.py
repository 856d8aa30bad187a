"""A keyed sketch of who takes part in a run, from which a small difference to another one can be read, and no more.

An invertible Bloom lookup table (Goodrich and Mitzenmacher, 2011; for set differences Eppstein et al., "What's the
Difference?", SIGCOMM 2011): each person is a pseudorandom word of 128 bits, keyed BLAKE2b (RFC 7693) of their match
keys, and is added, by exclusive or, to one cell of each of four tables. Of two sketches with the same key, subtracted
cell by cell, only the people of one side stay. As long as they are few, some cell holds a single one; taking it out
frees others, until all are found. The number is then exact.

Nothing small is missed. d people touch at most 4d cells, so when more than half of the m cells are not empty, d > m/8;
a sketch has at least 8 cells for each person of the threshold. When half or fewer are not empty and the peeling still
gets stuck (two people with the same four cells: about d²/2 (4/m)^4), the number is bounded from below by half of the
cells that are left, since each of them holds two people or more and each person is in four.

Without the key the words are pseudorandom, so a sketch tells the number of people (its counts add up to it) and nothing
else. Its size does not depend on that number.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cleanroom import limits
from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues

Words = npt.NDArray[np.uint64]  # (n, 2)
TABLES: Final = 4
_CELL: Final = np.dtype([("count", "<i8"), ("first", "<u8"), ("second", "<u8"), ("check", "<u8")])
_AT_ONCE: Final = 65_536  # people whose messages and places are in memory
_FEWEST: Final = 2048  # cells; so that a threshold up to 256 may be raised by an amendment without losing sight
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # of splitmix64 (Steele et al., 2014)


@dataclass(frozen=True, slots=True)
class Difference:
    """People in one of two populations and not in the other. `exact`, or at least that many."""

    people: int
    exact: bool


def words(key: bytes, values: KeyValues) -> Words:
    """(n, 2) pseudorandom words of n people. `values`: (n, K) match keys; `key`: 32 bytes."""
    found, keyed = np.empty((len(values), 2), dtype=np.uint64), hashlib.blake2b(digest_size=16, key=key)
    for start in range(0, len(values), _AT_ONCE):
        part = values.part(slice(start, min(start + _AT_ONCE, len(values)))).framed()
        macs = b"".join([_mac(keyed, message) for message in part])
        found[start:start + len(part)] = np.frombuffer(macs, dtype="<u8").reshape(-1, 2)
    return found


def _mac(keyed: hashlib.blake2b, message: bytes) -> bytes:
    mac = keyed.copy()  # the key takes longer to set up than most messages to hash
    mac.update(message)
    return mac.digest()


def make_sketch(people: Words, threshold: int) -> bytes:
    """The sketch of a population: 32 bytes a cell, 8 cells or more for each person of `threshold`."""
    wanted = min(max(8 * threshold, _FEWEST), limits.MAX_SKETCH_CELLS)
    cells = np.zeros(1 << (wanted - 1).bit_length(), dtype=_CELL)
    for start in range(0, len(people), _AT_ONCE):
        _add(cells, people[start:start + _AT_ONCE], 1)
    return cells.tobytes()


def difference(one: bytes, two: bytes) -> Difference:
    """How many people two populations differ by. MisuseError for what is no sketch."""
    first, second = _folded(_cells(one), _cells(two))
    rest = first.copy()
    rest["count"] -= second["count"]
    for name in ("first", "second", "check"):
        rest[name] ^= second[name]
    touched = _left(rest)
    if touched > len(rest) // 2:
        return Difference(touched // TABLES, exact=False)
    found = _peel(rest)
    stuck = _left(rest)
    return Difference(found + (stuck + 1) // 2, exact=not stuck)


def _cells(sketch: bytes) -> npt.NDArray[Any]:
    size, rest = divmod(len(sketch), _CELL.itemsize)
    if rest or size < TABLES or size & (size - 1):
        raise MisuseError("not a sketch of a population")
    return np.frombuffer(sketch, dtype=_CELL)


def _folded(one: npt.NDArray[Any], two: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Both at the smaller size: places are remainders by a power of two, so halves of a table add up."""
    while len(one) != len(two):
        one, two = (one, _half(two)) if len(one) < len(two) else (_half(one), two)
    return one, two


def _half(cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
    halves = cells.reshape(TABLES, 2, -1)
    folded = halves[:, 0].copy()
    folded["count"] += halves[:, 1]["count"]
    for name in ("first", "second", "check"):
        folded[name] ^= halves[:, 1][name]
    return folded.reshape(-1)


def _add(cells: npt.NDArray[Any], people: Words, sign: npt.NDArray[np.int64] | int) -> None:
    """Add (1) or take out (-1) people, all at once."""
    signs = np.broadcast_to(np.asarray(sign, dtype=np.int64), len(people))
    parts = {"first": people[:, 0], "second": people[:, 1], "check": _check(people)}
    for places in _places(people, len(cells)).T:
        order = np.argsort(places, kind="stable")
        where, starts = np.unique(places[order], return_index=True)
        if len(where):
            cells["count"][where] += np.add.reduceat(signs[order], starts)
            for name, values in parts.items():
                cells[name][where] ^= np.bitwise_xor.reduceat(values[order], starts)


def _peel(rest: npt.NDArray[Any]) -> int:
    """Take single people out of a difference until no cell holds just one; how many they were."""
    found = 0
    while found < len(rest):  # each round takes at least one out, and no difference that decodes has more
        alone = np.flatnonzero(np.abs(rest["count"]) == 1)
        people = np.stack([rest["first"][alone], rest["second"][alone]], axis=1)
        true = (_check(people) == rest["check"][alone]) & (_places(people, len(rest)) == alone[:, None]).any(axis=1)
        people, index = np.unique(people[true], axis=0, return_index=True)
        if not len(people):
            break
        _add(rest, people, -rest["count"][alone[true][index]])
        found += len(people)
    return found


def _places(people: Words, cells: int) -> npt.NDArray[np.int64]:
    """(n, 4) one cell of each table, from the four 32-bit halves of the words."""
    low, size = np.uint64(0xFFFFFFFF), cells // TABLES
    halves = np.stack([people[:, 0] & low, people[:, 0] >> np.uint64(32), people[:, 1] & low,
                       people[:, 1] >> np.uint64(32)], axis=1)
    return (halves % np.uint64(size)).astype(np.int64) + np.arange(TABLES) * size


def _check(people: Words) -> Words:
    """A checksum that is not linear, so that several people in a cell do not look like one."""
    mixed = people[:, 0] ^ ((people[:, 1] << np.uint64(31)) | (people[:, 1] >> np.uint64(33)))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[0]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[1]
    return mixed ^ (mixed >> np.uint64(31))


def _left(rest: npt.NDArray[Any]) -> int:
    return int(np.count_nonzero((rest["count"] != 0) | (rest["first"] != 0) | (rest["second"] != 0)))
