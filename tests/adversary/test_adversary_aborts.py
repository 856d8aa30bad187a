"""What a peer gets by ending a run: a moment of its choice, a reason of its choice, and nothing that is not charged."""

from __future__ import annotations

import pytest
from cheat import small_pair
from kit import exchange, finish
from wiped import assert_dead_and_wiped

from cleanroom import errors
from cleanroom.errors import CleanroomError, PeerRefusedError
from cleanroom.session.script import SCRIPT
from cleanroom.v1 import node_pb2
from cleanroom.wire.codec import decode, encode_abort

SEQUENCES = [0, 1, 2, 3, 17, 2**64 - 1]
# Frames 0, 1, 2 of the peer are its hello, its account, and what follows.
BELIEVED = {
    ("BusyError", 0): errors.BusyError,
    ("AttemptsError", 0): errors.AttemptsError,
    ("ClosedError", 0): errors.ClosedError,
    ("NotApprovedError", 0): errors.NotApprovedError,
    ("VersionError", 0): errors.VersionError,
    ("VersionError", 1): errors.VersionError,
    ("LedgerError", 1): errors.PeerLedgerError,
    ("LedgerError", 2): errors.PeerLedgerError,
    ("PeerLedgerError", 1): errors.LedgerError,
    ("PeerLedgerError", 2): errors.LedgerError,
    **{(code, sequence): found for sequence in SEQUENCES for code, found in {
        "RunCancelledError": errors.PeerCancelledError, "OvertakenError": errors.OvertakenError,
        "PeerNotReadyError": errors.PeerNotReadyError}.items()},
}
CODES = sorted(name for name, found in vars(errors).items() if isinstance(found, type) and
               issubclass(found, CleanroomError) and found is not errors.ContractRevokedError)


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("code", [*CODES, "KeyError", "", "no such class"])
def test_a_reason_is_believed_only_where_it_can_be_true(code: str, sequence: int) -> None:
    """A peer cannot send us looking for a ledger that was rolled back in the middle of an opening."""
    frame = node_pb2.Frame.FromString(encode_abort(code, "words", sequence).SerializeToString())
    with pytest.raises(CleanroomError) as caught:
        decode(frame, sequence)
    assert type(caught.value) is BELIEVED.get((code, sequence), PeerRefusedError)


@pytest.mark.parametrize("until", [step.name for step in SCRIPT if step.name.startswith(("commit", "open", "receipt"))])
def test_a_peer_that_leaves_after_an_opening_has_paid_for_it(until: str) -> None:
    """It keeps at most the other's noised shares, and both ledgers stand charged with the whole run."""
    nodes = small_pair()
    exchange(*nodes, until=until)
    charged = [sorted(part for _, _, part in node.ledger.charges) for node in nodes]
    finish(*nodes)
    assert charged == [["release", "transcript"]] * 2
    for node in nodes:
        assert_dead_and_wiped(node)
        assert node.side.closing.table is None
