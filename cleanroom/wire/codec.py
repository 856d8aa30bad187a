"""Messages to frames and back. Everything a peer sends is bounded here before it becomes a message."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cleanroom import limits
from cleanroom.disclosure.comparison import RECONCILE
from cleanroom.errors import (
    AttemptsError,
    BusyError,
    CleanroomError,
    ClosedError,
    ContractRevokedError,
    LedgerError,
    MisuseError,
    NotApprovedError,
    OvertakenError,
    PeerCancelledError,
    PeerLedgerError,
    PeerNotReadyError,
    PeerRefusedError,
    PeerRevokedError,
    PeerViolationError,
    RunCancelledError,
    VersionError,
)
from cleanroom.ports import Entry
from cleanroom.primitives.ring import POLY_BYTES, Residues, pack, unpack_constants, unpack_polys
from cleanroom.session import messages as m
from cleanroom.v1 import aggregate_pb2, match_pb2, node_pb2, opening_pb2

CONSTANT_BYTES = 16
PARTS = {1: "transcript", 2: "release"}
PART_NUMBERS = {name: number for number, name in PARTS.items()}

_WHENEVER = range(2**64)

# What an abort means at this end, and the numbers of the peer's frame at which it can be true: it refuses our hello
# before or after its own (0, 1), our account before or after its own (1, 2). A ledger that is its own is the peer's.
_TOLD: dict[str, tuple[range, Callable[[], CleanroomError]]] = {
    BusyError.__name__: (range(1), partial(BusyError, "the peer's node is in other runs",
                                           todo="try again when they have ended")),
    AttemptsError.__name__: (range(1), partial(
        AttemptsError, "the peer's node has seen too many runs of this contract in an hour",
        todo="find out why they ended, then wait")),
    ClosedError.__name__: (range(1), partial(ClosedError, "the peer's node answers at other hours",
                                             todo="ask the other party for them")),
    NotApprovedError.__name__: (range(1), partial(NotApprovedError, "nobody at the other party approved the run",
                                                  todo="ask them why")),
    RunCancelledError.__name__: (_WHENEVER, partial(
        PeerCancelledError, "a person of the other party cancelled the run", todo="ask them why")),
    PeerNotReadyError.__name__: (_WHENEVER, partial(
        PeerNotReadyError, "the peer's node cannot go on with the run now")),
    OvertakenError.__name__: (_WHENEVER, partial(
        OvertakenError, "another run of this contract was charged while this one was interrupted",
        todo="begin a new one with `cleanroom match`")),
    VersionError.__name__: (range(2), partial(VersionError, "the peer speaks no version of the protocol that this node "
                                              "speaks", todo="update the older node")),
    LedgerError.__name__: (range(1, 3), partial(
        PeerLedgerError, "the peer says that its own ledger lacks entries that it once confirmed",
        where="privacy ledger", todo=RECONCILE)),
    PeerLedgerError.__name__: (range(1, 3), partial(
        LedgerError, "the peer says that our ledger lacks entries that we once confirmed",
        where="privacy ledger", todo=RECONCILE)),
}


def encode(message: m.Message, step: int, sequence: int) -> node_pb2.Frame:
    """One frame for one message."""
    field, body = _encode_body(message)
    return node_pb2.Frame(sequence=sequence, step=step, **{field: body})


def encode_abort(code: str, reason: str, sequence: int, revocation: bytes = b"") -> node_pb2.Frame:
    """The last frame of a run that fails here. `reason` is public text; `revocation` proves that code."""
    abort = node_pb2.Abort(code=code[:limits.MAX_TEXT], reason=reason[:limits.MAX_TEXT], revocation=revocation)
    return node_pb2.Frame(sequence=sequence, abort=abort)


def decode(frame: node_pb2.Frame, sequence: int) -> tuple[int, m.Message]:
    """(step, message) of a frame that must be number `sequence` of its direction.

    Raises PeerViolationError for a wrong number, an empty or unknown body or a field out of bounds, and
    PeerRefusedError when the peer ended the run.
    """
    if frame.sequence != sequence:
        raise PeerViolationError(f"expected frame {sequence}, got {frame.sequence}: lost, repeated or out of order")
    kind = frame.WhichOneof("body")
    if kind == "abort":
        raise _aborted(frame.abort, sequence)
    if kind is None or kind not in _DECODERS:
        raise PeerViolationError("a frame carries no known message")
    return frame.step, _DECODERS[kind](getattr(frame, kind))


def _aborted(abort: node_pb2.Abort, sequence: int) -> CleanroomError:
    """The error of a run that the peer ended. A claim that cannot be true now is shown as its words."""
    if abort.code == ContractRevokedError.__name__:
        return PeerRevokedError("the contract was revoked, says the peer", todo="agree on a new contract",
                                record=abort.revocation[:limits.MAX_REVOCATION_BYTES])
    if abort.code in _TOLD and sequence in _TOLD[abort.code][0]:
        return _TOLD[abort.code][1]()
    return PeerRefusedError(f"the peer ended the run: {_printable(abort.reason)}", where=_printable(abort.code),
                            todo="ask the other party to look at its node")


def _encode_body(message: m.Message) -> tuple[str, Any]:
    match message:
        case m.Hello():
            return "hello", match_pb2.Hello(
                version=message.version, oldest=message.oldest, software=message.software, role=message.role,
                contract=message.contract, run=message.run, nonce=message.nonce, unix_time=message.unix_time)
        case m.Account():
            return "account", _account_body(message)
        case m.Sizes():
            return "sizes", match_pb2.Sizes(rows=message.rows, blinding_key=message.blinding_key)
        case m.Points():
            return "points", match_pb2.Points(offset=message.offset, key_types=message.tuples.shape[1],
                                              tuples=message.tuples.tobytes())
        case m.LatticeKey():
            return "lattice_key", aggregate_pb2.LatticeKey(seed=message.seed, b=pack(message.b))
        case m.EncryptedBlock():
            return "encrypted_block", aggregate_pb2.EncryptedBlock(block=message.block, column=message.column,
                                                                   c0=pack(message.c0))
        case m.MaskedSum():
            return "masked_sum", aggregate_pb2.MaskedSum(index=message.index, c0=pack(message.c0),
                                                         c1=pack(message.c1))
    return _encode_closing(message)


def _encode_closing(message: m.Message) -> tuple[str, Any]:
    match message:
        case m.Commitment():
            return "commitment", opening_pb2.Commitment(digest=message.digest)
        case m.Opening():
            return "opening", opening_pb2.Opening(shares=message.shares, blind=message.blind)
        case m.ReceiptSignature():
            return "receipt", opening_pb2.ReceiptSignature(audit_root=message.audit_root, signature=message.signature)
    raise MisuseError("a message without a wire form")


def _hello(body: match_pb2.Hello) -> m.Message:
    if body.role not in ("advertiser", "retailer"):
        raise PeerViolationError("hello: unknown role")
    return m.Hello(version=body.version, oldest=body.oldest, software=_printable(body.software), role=body.role,
                   contract=_exactly(body.contract, 32, "contract hash"), run=_exactly(body.run, 16, "run id"),
                   nonce=_exactly(body.nonce, 32, "nonce"), unix_time=body.unix_time)


def _account_body(message: m.Account) -> match_pb2.Account:
    entries = [match_pb2.LedgerEntry(run=bytes.fromhex(entry.run), part=PART_NUMBERS[entry.part],
                                     epsilon=entry.epsilon, delta=entry.delta, confirmed=confirmed)
               for entry, confirmed in zip(message.entries, message.confirmed, strict=True)]
    return match_pb2.Account(entries=entries, same=message.same)


def _account(body: match_pb2.Account) -> m.Message:
    if len(body.entries) > limits.MAX_LEDGER_ENTRIES or len(body.same) > limits.MAX_SAME_RUNS:
        raise PeerViolationError("account: too many entries")
    if any(entry.part not in PARTS for entry in body.entries):
        raise PeerViolationError("account: an entry of an unknown part")
    entries = tuple(Entry(_exactly(entry.run, 16, "run id").hex(), PARTS[entry.part], entry.epsilon, entry.delta)
                    for entry in body.entries)
    if len({entry.key for entry in entries}) < len(entries):
        raise PeerViolationError("account: an entry is repeated")
    if any(entry.epsilon > limits.MAX_LEDGER_EPSILON or entry.delta > limits.MAX_LEDGER_DELTA for entry in entries):
        raise PeerViolationError("account: an amount is out of bounds")
    return m.Account(entries, tuple(entry.confirmed for entry in body.entries),
                     tuple(_exactly(run, 16, "run id") for run in body.same))


def _sizes(body: match_pb2.Sizes) -> m.Message:
    if len(body.rows) > limits.MAX_CELLS or sum(body.rows) > 2 * limits.MAX_ROWS:
        raise PeerViolationError("sizes: declared sizes out of bounds")
    if len(body.blinding_key) not in (0, limits.POINT_BYTES):
        raise PeerViolationError("sizes: blinding key of a wrong length")
    return m.Sizes(rows=tuple(body.rows), blinding_key=body.blinding_key)


def _points(body: match_pb2.Points) -> m.Message:
    width = body.key_types * limits.POINT_BYTES
    if not 1 <= body.key_types <= limits.MAX_KEY_TYPES or len(body.tuples) % width or not body.tuples:
        raise PeerViolationError("points: wrong length")
    tuples = np.frombuffer(body.tuples, dtype=np.uint8).reshape(-1, body.key_types, limits.POINT_BYTES)
    return m.Points(offset=body.offset, tuples=tuples)


def _lattice_key(body: aggregate_pb2.LatticeKey) -> m.Message:
    return m.LatticeKey(seed=_exactly(body.seed, 32, "seed"), b=_polynomial(body.b))


def _encrypted_block(body: aggregate_pb2.EncryptedBlock) -> m.Message:
    return m.EncryptedBlock(block=body.block, column=body.column, c0=_polynomial(body.c0))


def _masked_sum(body: aggregate_pb2.MaskedSum) -> m.Message:
    constant = unpack_constants(_exactly(body.c0, CONSTANT_BYTES, "constant coefficient"))[0]
    return m.MaskedSum(index=body.index, c0=constant, c1=_polynomial(body.c1))


def _commitment(body: opening_pb2.Commitment) -> m.Message:
    return m.Commitment(digest=_exactly(body.digest, 32, "commitment"))


def _opening(body: opening_pb2.Opening) -> m.Message:
    if len(body.shares) > limits.MAX_RELEASED_SUMS:
        raise PeerViolationError("opening: too many shares")
    return m.Opening(shares=tuple(body.shares), blind=_exactly(body.blind, 32, "blind"))


def _receipt(body: opening_pb2.ReceiptSignature) -> m.Message:
    return m.ReceiptSignature(audit_root=_exactly(body.audit_root, 32, "audit root"),
                              signature=_exactly(body.signature, 64, "signature"))


def _polynomial(data: bytes) -> Residues:
    polynomial: Residues = unpack_polys(_exactly(data, POLY_BYTES, "polynomial"))[0]
    return polynomial


def _exactly(value: bytes, size: int, what: str) -> bytes:
    if len(value) != size:
        raise PeerViolationError(f"{what}: {len(value)} bytes in place of {size}")
    return value


def _printable(text: str) -> str:
    return "".join(c for c in text[:limits.MAX_TEXT] if c.isprintable())


_DECODERS: dict[str, Callable[[Any], m.Message]] = {
    "hello": _hello,
    "account": _account,
    "sizes": _sizes,
    "points": _points,
    "lattice_key": _lattice_key,
    "encrypted_block": _encrypted_block,
    "masked_sum": _masked_sum,
    "commitment": _commitment,
    "opening": _opening,
    "receipt": _receipt,
}
