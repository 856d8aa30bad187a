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
from cleanroom.session.setup import Setup
from cleanroom.session.side import BLIND_SECRETS, RunSide
from cleanroom.session.sizes import point_messages


class RetailerSide(RunSide):
    """One run. `keys`: (n, K) normalised values; `columns`: (n, C), capped, column 0 all ones."""

    role: Role = "retailer"
    secrets = BLIND_SECRETS

    def __init__(self, setup: Setup, keys: KeyValues, columns: Compact) -> None:
        ports, plan = setup.ports, setup.plan
        self._match = RetailerMatch(ports.backend, ports.entropy, ports.noise, ports.scratch, setup.padding,
                                    plan.contract.match.keys, keys, len(plan.cells))
        super().__init__(setup, (self._match.rows,), b"")
        self._columns = columns
        self._table: EncryptedTable | None = None

    def _declared(self, sizes: m.Sizes) -> None:
        self._match.expect_cells(sizes.rows, sizes.blinding_key)

    def _send(self, step: str) -> Iterator[m.Message]:
        match step:
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
            case _:
                yield from super()._send(step)

    def _receive(self, _: str, message: m.Message) -> bool:
        match message:
            case m.Points():
                return self._match.receive_cells(message.offset, message.tuples)
            case m.MaskedSum():
                return self._masked_sum(message)
        raise MisuseError("the script lets no such message through")

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
        self._close([shares[start:end] for start, end in pairwise([0, *ends])])
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
