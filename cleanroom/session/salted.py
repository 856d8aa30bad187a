"""Both sides of a run in the salted-hash mode: tokens one way, then the closing of every run.

The retailer's shares of the totals are the exact totals and the advertiser's are zero, so that noise, commitments,
threshold, openings and receipts are those of the blinded sums (docs/adr/0023-salted-hash-mode.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cleanroom.aggregate.plain import plain_sums
from cleanroom.contract.model import Role
from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues
from cleanroom.match.salted import SaltedAdvertiser, SaltedRetailer
from cleanroom.measures.compact import Compact
from cleanroom.session import messages as m
from cleanroom.session.setup import Setup
from cleanroom.session.side import RunSide
from cleanroom.session.sizes import point_messages

_SECRETS: Final = ("ephemeral_key", "salt", "tokens", "row_cells", "shares", "keys")


class SaltedAdvertiserSide(RunSide):
    """One run. `keys`: (n, K) normalised values; `cells`: (n,) cell of each person."""

    role: Role = "advertiser"
    secrets = _SECRETS

    def __init__(self, setup: Setup, keys: KeyValues, cells: npt.NDArray[np.integer[Any]]) -> None:
        ports, plan = setup.ports, setup.plan
        self._match = SaltedAdvertiser(ports.backend, ports.entropy, ports.noise, ports.scratch, setup.padding,
                                       plan.contract.match.keys, keys, cells, len(plan.cells))
        super().__init__(setup, self._match.cell_sizes, self._match.public)

    def _declared(self, sizes: m.Sizes) -> None:
        self._match.agree(self._greeting.context, sizes.blinding_key)

    def _send(self, step: str) -> Iterator[m.Message]:
        return self._tokens() if step == "tokens" else super()._send(step)

    def _tokens(self) -> Iterator[m.Message]:
        yield from point_messages(self._match.tokens())
        plan = self._setup.plan
        self._close([[0] * plan.width(group) for group in plan.groups])

    def _receive(self, _step: str, _message: m.Message) -> bool:
        raise MisuseError("the script lets no such message through")

    @property
    def wiped(self) -> bool:
        """See `machine.Side`."""
        return self._match.wiped and self.closing.wiped

    def wipe(self) -> None:
        """See `machine.Side`."""
        self._match.wipe()
        self.closing.wipe()


class SaltedRetailerSide(RunSide):
    """One run. `keys`: (n, K) normalised values; `columns`: (n, C), capped, column 0 all ones."""

    role: Role = "retailer"
    secrets = _SECRETS

    def __init__(self, setup: Setup, keys: KeyValues, columns: Compact) -> None:
        ports = setup.ports
        self._match = SaltedRetailer(ports.backend, ports.entropy, ports.noise, ports.scratch, setup.padding,
                                     setup.plan.contract.match.keys, keys)
        super().__init__(setup, (self._match.rows,), self._match.public)
        self._columns = columns

    def _declared(self, sizes: m.Sizes) -> None:
        self._match.expect_tokens(self._greeting.context, sizes.rows, sizes.blinding_key)

    def _receive(self, _: str, message: m.Message) -> bool:
        if not isinstance(message, m.Points):
            raise MisuseError("the script lets no such message through")
        complete = self._match.receive_tokens(message.offset, message.tuples)
        if complete:
            cells = self._match.join()
            self._close(plain_sums(self._setup.plan, self._columns, cells))
            cells.fill(-1)
            self._forget_columns()
        return complete

    def _forget_columns(self) -> None:
        self._columns.wipe()
        self._columns = Compact([])

    @property
    def wiped(self) -> bool:
        """See `machine.Side`."""
        return self._match.wiped and not len(self._columns) and self.closing.wiped

    def wipe(self) -> None:
        """See `machine.Side`."""
        self._match.wipe()
        self._forget_columns()
        self.closing.wipe()
