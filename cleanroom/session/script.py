"""The order of a run as data. Both nodes follow the same table, whichever of them dialled.

A frame carries a step's place in `STEPS`; `ORDERS` says which of them the runs of a protocol have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from cleanroom.contract.model import Role
from cleanroom.contract.protocols import ECDH, SALTED
from cleanroom.session.messages import (
    Account,
    Commitment,
    EncryptedBlock,
    Hello,
    LatticeKey,
    MaskedSum,
    Message,
    Opening,
    Points,
    ReceiptSignature,
    Sizes,
)

Sender = Literal["initiator", "responder", "advertiser", "retailer"]


@dataclass(frozen=True, slots=True)
class Step:
    """One side sends one or more messages of one type; the step ends when the declared number is complete."""

    name: str
    sender: Sender
    message: type[Message]


_GREETING: Final = (
    Step("hello", "initiator", Hello),
    Step("hello", "responder", Hello),
    Step("account", "initiator", Account),
    Step("account", "responder", Account),
    Step("sizes", "advertiser", Sizes),
    Step("sizes", "retailer", Sizes),
)
_BLIND: Final = (
    Step("blinded_cells", "advertiser", Points),
    Step("reblinded_cells", "retailer", Points),
    Step("blinded_values", "retailer", Points),
    Step("lattice_key", "retailer", LatticeKey),
    Step("columns", "retailer", EncryptedBlock),
    Step("masked_sums", "advertiser", MaskedSum),
)
_CLOSING: Final = (
    Step("commit_people", "advertiser", Commitment),
    Step("commit_people", "retailer", Commitment),
    Step("open_people", "advertiser", Opening),
    Step("open_people", "retailer", Opening),
    Step("commit_sums", "advertiser", Commitment),
    Step("commit_sums", "retailer", Commitment),
    Step("open_sums", "advertiser", Opening),
    Step("open_sums", "retailer", Opening),
    Step("receipt", "advertiser", ReceiptSignature),
    Step("receipt", "retailer", ReceiptSignature),
)
_TOKENS: Final = Step("tokens", "advertiser", Points)

SCRIPT: Final[tuple[Step, ...]] = (*_GREETING, *_BLIND, *_CLOSING)
STEPS: Final[tuple[Step, ...]] = (*SCRIPT, _TOKENS)  # a new step goes to the end: places are on the wire
ORDERS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType({
    ECDH: tuple(range(len(SCRIPT))),
    SALTED: (*range(len(_GREETING)), STEPS.index(_TOKENS), *range(len(SCRIPT) - len(_CLOSING), len(SCRIPT)))})

# What a run that repeats a table leaves out.
BODY: Final = frozenset(step.name for step in STEPS) - {"hello", "account", "receipt"}


def is_sender(step: Step, role: Role, *, initiator: bool) -> bool:
    """Whether the node with this role and this end of the connection sends in `step`."""
    return step.sender in {role, "initiator" if initiator else "responder"}
