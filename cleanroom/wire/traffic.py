"""How many bytes a run puts on the wire, step by step, counted on the frames of real messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cleanroom import __version__, limits
from cleanroom.aggregate import block_count, part_count
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role, other
from cleanroom.contract.plan import Plan
from cleanroom.disclosure.padding import most_rows, padding_terms
from cleanroom.match.dummies import Padding, dummies_per_cell
from cleanroom.match.tokens import ROWS_PER_CHUNK
from cleanroom.primitives.ring import N
from cleanroom.session import messages as m
from cleanroom.session.script import ORDERS, STEPS
from cleanroom.wire.codec import encode

_POLYNOMIAL = np.zeros((4, N), dtype=np.uint32)
_SHARE = 1 << 43
_SLACK = 20  # one part in 20 more
_SEQUENCE = 200  # two bytes

Sent = tuple[str, Role, int, m.Message]  # step, who sends, how many, one of them


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

    Numbers inside a frame take one to four bytes; a few bytes a frame may differ.
    """
    order = ORDERS[plan.contract.match.protocol]
    found: dict[str, dict[Role, int]] = {STEPS[place].name: {"advertiser": 0, "retailer": 0} for place in order}
    between = _tokens(plan, sizes) if plan.salted else (*_matching(plan, sizes), *_summing(plan, sizes))
    for step, role, count, message in (*_greeting(plan, sizes), *between, *_closing(plan, sizes)):
        found[step][role] += count * encode(message, len(STEPS), _SEQUENCE).ByteSize()
    return found


def _greeting(plan: Plan, sizes: Sizes) -> Iterator[Sent]:
    for role in ROLES:
        yield "hello", role, 1, m.Hello(version=limits.PROTOCOL_VERSION, oldest=limits.OLDEST_PROTOCOL,
                                        software=__version__, role=role, contract=bytes(32), run=bytes(16),
                                        nonce=bytes(32), unix_time=2**31)
        yield "account", role, 1, m.Account((), (), ())  # earlier runs of the contract add some 60 bytes each
    yield "sizes", "advertiser", 1, m.Sizes(sizes.cells, bytes(limits.POINT_BYTES))
    yield "sizes", "retailer", 1, m.Sizes((sizes.rows,), bytes(limits.POINT_BYTES) if plan.salted else b"")


def _tokens(plan: Plan, sizes: Sizes) -> Iterator[Sent]:
    for size in sizes.cells:
        yield from (("tokens", "advertiser", n, points) for n, points in _chunks(size, len(plan.contract.match.keys)))


def most_received(plan: Plan, role: Role) -> int:
    """Most bytes that `role` can have to take from the peer in one run under the contract, with what the prediction
    leaves out: entries of the ledger, signals, some bytes a frame."""
    terms = padding_terms(plan)
    others = len(plan.cells) - 1
    cells = (most_rows(plan, terms.most, "advertiser") - others, *(1,) * others)  # the most chunks
    dummies = dummies_per_cell(Padding(terms.most, terms.scale), len(plan.contract.match.keys))
    sizes = Sizes(cells, dummies, most_rows(plan, terms.most, "retailer"), len(plan.groups))
    predicted = sum(sent[other(role)] for sent in traffic(plan, sizes).values())
    return predicted + predicted // _SLACK + 2 * limits.MAX_FRAME_BYTES


def _matching(plan: Plan, sizes: Sizes) -> Iterator[Sent]:
    keys = len(plan.contract.match.keys)
    for size in sizes.cells:
        yield from (("blinded_cells", "advertiser", n, points) for n, points in _chunks(size, keys))
        yield from (("reblinded_cells", "retailer", n, points) for n, points in _chunks(size + sizes.dummies, keys))
    yield from (("blinded_values", "retailer", n, points) for n, points in _chunks(sizes.rows, keys))


def _summing(plan: Plan, sizes: Sizes) -> Iterator[Sent]:
    blocks = block_count(sizes.rows) * (1 + len(plan.columns))
    sums = sum(plan.width(group) for group in plan.groups) * part_count(sizes.rows, plan.largest_denominator)
    yield "lattice_key", "retailer", 1, m.LatticeKey(bytes(32), _POLYNOMIAL)
    yield "columns", "retailer", blocks, m.EncryptedBlock(1, 1, _POLYNOMIAL)
    yield "masked_sums", "advertiser", sums, m.MaskedSum(1, _POLYNOMIAL[:, 0], _POLYNOMIAL)


def _closing(plan: Plan, sizes: Sizes) -> Iterator[Sent]:
    opened = sizes.opened * len(plan.contract.statistics)
    for role in ROLES:
        for stage, shares in (("people", len(plan.groups)), ("sums", opened)):
            yield f"commit_{stage}", role, 1, m.Commitment(bytes(32))
            yield f"open_{stage}", role, 1, m.Opening((_SHARE,) * shares, bytes(32))
        yield "receipt", role, 1, m.ReceiptSignature(bytes(32), bytes(64))


def _chunks(rows: int, keys: int) -> Iterator[tuple[int, m.Message]]:
    full, rest = divmod(rows, ROWS_PER_CHUNK)
    for count, size in ((full, ROWS_PER_CHUNK), (1, rest)):
        if count and size:
            yield count, m.Points(rows, np.zeros((size, keys, limits.POINT_BYTES), dtype=np.uint8))
