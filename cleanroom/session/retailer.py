"""The retailer's side of a run: matching, encrypted columns and closing, composed in the script's order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise

from cleanroom.aggregate import part_count
from cleanroom.aggregate.retailer import EncryptedTable
from cleanroom.contract.model import Role
from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues
from cleanroom.match.retailer import RetailerMatch
from cleanroom.measures.compact import Compact
from cleanroom.session import messages as m
from cleanroom.session.closing import Closing
from cleanroom.session.greeting import Greeting
from cleanroom.session.setup import Setup
from cleanroom.session.sizes import message_count, point_messages


class RetailerSide:
    """One run. `keys`: (n, K) normalised values; `columns`: (n, C), capped, column 0 all ones."""

    role: Role = "retailer"

    def __init__(self, setup: Setup, keys: KeyValues, columns: Compact) -> None:
        ports, plan = setup.ports, setup.plan
        self._setup = setup
        self._match = RetailerMatch(ports.backend, ports.entropy, ports.noise, ports.scratch, setup.padding,
                                    plan.contract.match.keys, keys, len(plan.cells))
        self._columns = columns
        self._greeting = Greeting(setup, (self._match.rows,), b"")
        self._table: EncryptedTable | None = None
        self.closing = Closing(setup)

    def __repr__(self) -> str:
        return "RetailerSide"

    @property
    def own_rows(self) -> int:
        """Padded size of what we send."""
        return self._match.rows

    @property
    def peer_rows(self) -> int:
        """Padded size of the advertiser's cells together; 0 before it declared them."""
        return sum(self._greeting.peer_sizes)

    def send(self, step: str, transcript: bytes) -> Iterator[m.Message]:
        """See `machine.Side`."""
        match step:
            case "hello" | "account" | "sizes":
                yield self._greeting.send(step)
            case "reblinded_cells":
                yield from point_messages(self._match.reblinded_cells())
            case "blinded_values":
                yield from point_messages(self._match.blinded_values(self._greeting.context))
            case "lattice_key":
                self._table = self._encrypt()
                yield m.LatticeKey(*self._table.key())
            case "columns":
                for block, column, c0 in self._encrypted.blocks():
                    yield m.EncryptedBlock(block, column, c0)
            case "receipt":
                yield self.closing.sign(transcript)
            case _:
                yield from self.closing.send(step)

    def receive(self, step: str, message: m.Message, transcript: bytes) -> bool:
        """See `machine.Side`."""
        match message:
            case m.Hello() | m.Account() | m.Sizes():
                return self._greet(message)
            case m.Points():
                return self._match.receive_cells(message.offset, message.tuples)
            case m.MaskedSum():
                return self._masked_sum(message)
            case m.ReceiptSignature():
                self.closing.signed(transcript, message)
                return True
        return self.closing.receive(step, message)

    def _greet(self, message: m.Hello | m.Account | m.Sizes) -> bool:
        if run := self._greeting.receive(message):
            self.closing.repeat(run)
        if isinstance(message, m.Sizes):
            self._match.expect_cells(message.rows, message.blinding_key)
        return True

    def skips(self, step: str) -> bool:
        """See `machine.Side`."""
        return self._greeting.skips(step)

    def messages(self, step: str) -> int:
        """See `machine.Side`."""
        return message_count(self._setup, step, self._greeting.peer_sizes, self._match.rows)

    def _encrypt(self) -> EncryptedTable:
        ports, plan = self._setup.ports, self._setup.plan
        return EncryptedTable(ports.backend, ports.entropy, self._greeting.context, self._columns, self._match.order,
                              sum(plan.width(group) for group in plan.groups),
                              part_count(self._match.rows, plan.largest_denominator))

    def _masked_sum(self, message: m.MaskedSum) -> bool:
        if not self._encrypted.open_sum(message.index, message.c0, message.c1):
            return False
        shares, plan = self._encrypted.shares, self._setup.plan
        ends = accumulate(plan.width(group) for group in plan.groups)
        self.closing.take_shares([shares[start:end] for start, end in pairwise([0, *ends])])
        self._encrypted.wipe()
        return True

    @property
    def _encrypted(self) -> EncryptedTable:
        if self._table is None:
            raise MisuseError("the lattice key comes first")
        return self._table

    @property
    def wiped(self) -> bool:
        """See `machine.Side`."""
        return self._match.wiped and self.closing.wiped

    def wipe(self) -> None:
        """See `machine.Side`."""
        self._match.wipe()
        self._match.order.fill(-1)
        self._columns.wipe()
        self._columns = Compact([])
        if self._table is not None:
            self._table.wipe()
        self.closing.wipe()
