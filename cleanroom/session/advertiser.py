"""The advertiser's side of a run: matching, blinded sums and closing, composed in the script's order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cleanroom.aggregate.advertiser import BlindedSums
from cleanroom.contract.model import Role
from cleanroom.errors import MisuseError
from cleanroom.identity.values import KeyValues
from cleanroom.match.advertiser import AdvertiserMatch
from cleanroom.match.diagnostics import KeyMatches
from cleanroom.session import messages as m
from cleanroom.session.setup import Setup
from cleanroom.session.side import BLIND_SECRETS, RunSide
from cleanroom.session.sizes import point_messages


class AdvertiserSide(RunSide):
    """One run. `keys`: (n, K) normalised values; `cells`: (n,) cell of each person."""

    role: Role = "advertiser"
    secrets = BLIND_SECRETS

    def __init__(self, setup: Setup, keys: KeyValues, cells: npt.NDArray[np.integer[Any]]) -> None:
        ports, plan = setup.ports, setup.plan
        self._match = AdvertiserMatch(ports.backend, ports.entropy, ports.noise, ports.scratch, setup.padding,
                                      plan.contract.match.keys, keys, cells, len(plan.cells))
        super().__init__(setup, self._match.cell_sizes, self._match.public)
        self._sums: BlindedSums | None = None

    @property
    def matched(self) -> tuple[KeyMatches, ...]:
        """People matched by each key type, as far as the padding lets us know; empty before the join."""
        return self._match.matched

    def _declared(self, sizes: m.Sizes) -> None:
        self._match.expect_values(sum(sizes.rows))

    def _send(self, step: str) -> Iterator[m.Message]:
        match step:
            case "blinded_cells":
                return point_messages(self._match.blinded_cells(self._greeting.context))
            case "masked_sums":
                return self._masked_sums()
        return super()._send(step)

    def _receive(self, step: str, message: m.Message) -> bool:
        match message:
            case m.Points() if step == "reblinded_cells":
                return self._match.receive_reblinded(message.offset, message.tuples)
            case m.Points():
                return self._receive_values(message)
            case m.LatticeKey():
                self._blinded_sums.receive_key(message.seed, message.b)
                return True
            case m.EncryptedBlock():
                return self._blinded_sums.receive_block(message.block, message.column, message.c0)
        raise MisuseError("the script lets no such message through")

    def _receive_values(self, message: m.Points) -> bool:
        complete = self._match.receive_values(message.offset, message.tuples)
        if complete:
            ports = self._setup.ports
            self._sums = BlindedSums(ports.backend, ports.entropy, self._setup.plan, self._match.join(),
                                     self._greeting.context)
        return complete

    def _masked_sums(self) -> Iterator[m.Message]:
        sums = self._blinded_sums
        for index, (c0, c1) in enumerate(sums.masked_sums()):
            yield m.MaskedSum(index, c0, c1)
        self._close(sums.shares())
        sums.wipe()

    @property
    def _blinded_sums(self) -> BlindedSums:
        if self._sums is None:
            raise MisuseError("the sums need the join")
        return self._sums

    @property
    def wiped(self) -> bool:
        """See `machine.Side`."""
        return self._match.wiped and self.closing.wiped

    def wipe(self) -> None:
        """See `machine.Side`."""
        self._match.wipe()
        if self._sums is not None:
            self._sums.wipe()
        self.closing.wipe()
