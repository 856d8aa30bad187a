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
from cleanroom.session.closing import Closing
from cleanroom.session.greeting import Greeting
from cleanroom.session.setup import Setup
from cleanroom.session.sizes import message_count, point_messages


class AdvertiserSide:
    """One run. `keys`: (n, K) normalised values; `cells`: (n,) cell of each person."""

    role: Role = "advertiser"

    def __init__(self, setup: Setup, keys: KeyValues, cells: npt.NDArray[np.integer[Any]]) -> None:
        ports, plan = setup.ports, setup.plan
        self._setup = setup
        self._match = AdvertiserMatch(ports.backend, ports.entropy, ports.noise, ports.scratch, setup.padding,
                                      plan.contract.match.keys, keys, cells, len(plan.cells))
        self._greeting = Greeting(setup, self._match.cell_sizes, self._match.public)
        self._sums: BlindedSums | None = None
        self.closing = Closing(setup)

    def __repr__(self) -> str:
        return "AdvertiserSide"

    @property
    def own_rows(self) -> int:
        """Padded size of what we send."""
        return sum(self._match.cell_sizes)

    @property
    def peer_rows(self) -> int:
        """Padded size of the retailer's list; 0 before it declared it."""
        return sum(self._greeting.peer_sizes)

    @property
    def matched(self) -> tuple[KeyMatches, ...]:
        """People matched by each key type, as far as the padding lets us know; empty before the join."""
        return self._match.matched

    def send(self, step: str, transcript: bytes) -> Iterator[m.Message]:
        """See `machine.Side`."""
        match step:
            case "hello" | "account" | "sizes":
                yield self._greeting.send(step)
            case "blinded_cells":
                yield from point_messages(self._match.blinded_cells(self._greeting.context))
            case "masked_sums":
                yield from self._masked_sums()
            case "receipt":
                yield self.closing.sign(transcript)
            case _:
                yield from self.closing.send(step)

    def receive(self, step: str, message: m.Message, transcript: bytes) -> bool:
        """See `machine.Side`."""
        match message:
            case m.Hello() | m.Account() | m.Sizes():
                return self._greet(message)
            case m.Points() if step == "reblinded_cells":
                return self._match.receive_reblinded(message.offset, message.tuples)
            case m.Points():
                complete = self._match.receive_values(message.offset, message.tuples)
                if complete:
                    ports = self._setup.ports
                    self._sums = BlindedSums(ports.backend, ports.entropy, self._setup.plan, self._match.join(),
                                             self._greeting.context)
                return complete
            case m.LatticeKey():
                self._blinded_sums.receive_key(message.seed, message.b)
                return True
            case m.EncryptedBlock():
                return self._blinded_sums.receive_block(message.block, message.column, message.c0)
            case m.ReceiptSignature():
                self.closing.signed(transcript, message)
                return True
        return self.closing.receive(step, message)

    def _greet(self, message: m.Hello | m.Account | m.Sizes) -> bool:
        if run := self._greeting.receive(message):
            self.closing.repeat(run)
        if isinstance(message, m.Sizes):
            self._match.expect_values(self.peer_rows)
        return True

    def skips(self, step: str) -> bool:
        """See `machine.Side`."""
        return self._greeting.skips(step)

    def messages(self, step: str) -> int:
        """See `machine.Side`."""
        return message_count(self._setup, step, self._match.cell_sizes, self.peer_rows)

    def _masked_sums(self) -> Iterator[m.Message]:
        sums = self._blinded_sums
        for index, (c0, c1) in enumerate(sums.masked_sums()):
            yield m.MaskedSum(index, c0, c1)
        self.closing.take_shares(sums.shares())
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
