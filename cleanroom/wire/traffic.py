"""How many bytes a run puts on the wire, step by step, counted on the frames of real messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cleanroom import __version__, limits
from cleanroom.aggregate import block_count
from cleanroom.contract.model import Role
from cleanroom.contract.plan import Plan
from cleanroom.match.tokens import ROWS_PER_CHUNK
from cleanroom.primitives.ring import N
from cleanroom.session import messages as m
from cleanroom.session.script import SCRIPT
from cleanroom.wire.codec import encode

_POLYNOMIAL = np.zeros((4, N), dtype=np.uint32)
_LARGE = 1 << 43  # a share


@dataclass(frozen=True, slots=True)
class Sizes:
    """Padded sizes of a run: tuples of each cell of the advertiser, `dummies` that the retailer adds to each cell,
    rows of the retailer, and how many groups are opened in full."""

    cells: tuple[int, ...]
    dummies: int
    rows: int
    opened: int


def traffic(plan: Plan, sizes: Sizes) -> dict[str, dict[Role, int]]:
    """Bytes that each role sends in each step, by the step's name; TLS and HTTP/2 add about 1 %.

    The sequence number of a frame takes 0 to 3 bytes, so the figures are exact to that.
    """
    found: dict[str, dict[Role, int]] = {step.name: {"advertiser": 0, "retailer": 0} for step in SCRIPT}
    for step, bytes_sent in found.items():
        for role, count, message in _sent(plan, sizes, step):
            bytes_sent[role] += count * encode(message, len(SCRIPT), 200).ByteSize()
    return found


def _sent(plan: Plan, sizes: Sizes, step: str) -> Iterator[tuple[Role, int, m.Message]]:
    """(who, how many, one of them) of a step."""
    keys, sums = len(plan.contract.match.keys), 1 + len(plan.contract.statistics)
    both: tuple[Role, Role] = ("advertiser", "retailer")
    match step:
        case "hello":
            yield "advertiser", 1, _hello("advertiser", sizes.cells, bytes(limits.POINT_BYTES))
            yield "retailer", 1, _hello("retailer", (sizes.rows,), b"")
        case "blinded_cells":
            yield from (("advertiser", n, points) for size in sizes.cells for n, points in _chunks(size, keys))
        case "reblinded_cells":
            yield from (("retailer", n, points) for size in sizes.cells
                        for n, points in _chunks(size + sizes.dummies, keys))
        case "blinded_values":
            yield from (("retailer", n, points) for n, points in _chunks(sizes.rows, keys))
        case "lattice_key":
            yield "retailer", 1, m.LatticeKey(bytes(32), _POLYNOMIAL)
        case "columns":
            yield ("retailer", block_count(sizes.rows) * (1 + len(plan.columns)),
                   m.EncryptedBlock(1, 1, _POLYNOMIAL))
        case "masked_sums":
            yield "advertiser", len(plan.groups) * sums, m.MaskedSum(1, _POLYNOMIAL[:, 0], _POLYNOMIAL)
        case "commit_people" | "commit_sums":
            yield from ((role, 1, m.Commitment(bytes(32))) for role in both)
        case "open_people":
            yield from ((role, 1, m.Opening((_LARGE,) * len(plan.groups), bytes(32))) for role in both)
        case "open_sums":
            yield from ((role, 1, m.Opening((_LARGE,) * sizes.opened * (sums - 1), bytes(32))) for role in both)
        case "receipt":
            yield from ((role, 1, m.ReceiptSignature(bytes(64))) for role in both)


def _hello(role: Role, sizes: tuple[int, ...], key: bytes) -> m.Hello:
    return m.Hello(limits.PROTOCOL_VERSION, __version__, role, bytes(32), bytes(16), bytes(32), 2**31, sizes, key)


def _chunks(rows: int, keys: int) -> Iterator[tuple[int, m.Message]]:
    full, rest = divmod(rows, ROWS_PER_CHUNK)
    for count, size in ((full, ROWS_PER_CHUNK), (1, rest)):
        if count and size:
            yield count, m.Points(rows, np.zeros((size, keys, limits.POINT_BYTES), dtype=np.uint8))
