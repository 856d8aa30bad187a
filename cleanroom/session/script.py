"""The order of a run as data. Both nodes follow the same table, whichever of them dialled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cleanroom.contract.model import Role
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


SCRIPT: tuple[Step, ...] = (
    Step("hello", "initiator", Hello),
    Step("hello", "responder", Hello),
    Step("account", "initiator", Account),
    Step("account", "responder", Account),
    Step("sizes", "advertiser", Sizes),
    Step("sizes", "retailer", Sizes),
    Step("blinded_cells", "advertiser", Points),
    Step("reblinded_cells", "retailer", Points),
    Step("blinded_values", "retailer", Points),
    Step("lattice_key", "retailer", LatticeKey),
    Step("columns", "retailer", EncryptedBlock),
    Step("masked_sums", "advertiser", MaskedSum),
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

BODY = frozenset(step.name for step in SCRIPT) - {"hello", "account", "receipt"}  # what a repeated table leaves out


def is_sender(step: Step, role: Role, *, initiator: bool) -> bool:
    """Whether the node with this role and this end of the connection sends in `step`."""
    return step.sender in {role, "initiator" if initiator else "responder"}
