"""The receipt: what both parties sign about a run before either releases its table.

Each signs its own statement: the receipt, which is the same for both, its role, and the Merkle root of its own log
up to the line `table_released`. The peer keeps that statement, so no line before it can be rewritten unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from cleanroom import limits
from cleanroom.audit import fields
from cleanroom.contract.model import Role
from cleanroom.contract.plan import Plan
from cleanroom.errors import AuditError, MisuseError
from cleanroom.primitives import dsse
from cleanroom.primitives.canonical import canonical_json, parse_json
from cleanroom.table import ReleasedTable, Row

RECEIPT_NAME = "receipt.json"
TABLE_NAME = "table.json"
PAYLOAD_TYPE = "application/vnd.cleanroom.receipt+json"
FORMAT = "cleanroom-receipt/2"

_FIELDS = {"run_id": fields.RUN_ID, "contract_hash": fields.DIGEST, "transcript_sha256": fields.DIGEST,
           "table_sha256": fields.DIGEST, "epsilon": fields.DECIMAL, "delta": fields.DECIMAL}
_OWN = {"role": fields.ROLE, "audit_root": fields.DIGEST}


@dataclass(frozen=True, slots=True)
class Receipt:
    """Hashes are 64 hex digits; `epsilon` and `delta` are the decimal strings of the privacy this run spent.

    MisuseError when a field has the wrong form.
    """

    run_id: str
    contract_hash: str
    transcript_sha256: str
    table_sha256: str
    epsilon: str
    delta: str

    def __post_init__(self) -> None:
        for name, kind in _FIELDS.items():
            if not kind.accepts(getattr(self, name)):
                raise MisuseError(f"receipt.{name} must be {kind.text}")

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical receipt, its name in both logs; 64 hex digits."""
        return hashlib.sha256(canonical_json({"format": FORMAT, **asdict(self)})).hexdigest()

    def statement(self, role: Role, audit_root: bytes) -> bytes:
        """The canonical JSON that `role` signs; `audit_root` (32 bytes) is the root of its own log so far."""
        return canonical_json({"format": FORMAT, **asdict(self), "role": role, "audit_root": audit_root.hex()})

    def sign(self, key: dsse.SigningKey, role: Role, audit_root: bytes) -> bytes:
        """This party's signature over its statement, 64 bytes; it and the root are all of the receipt that is sent."""
        return key.sign(PAYLOAD_TYPE, self.statement(role, audit_root))

    def check(self, public: bytes, signed: Signed, role: Role) -> None:
        """Return when `role`, with this raw public key, signed the same receipt and this root, else AuditError."""
        dsse.verify(public, PAYLOAD_TYPE, self.statement(role, signed.audit_root), signed.signature,
                    where=RECEIPT_NAME, who=f"the {role}")

    def seal(self, keys: Mapping[Role, bytes], signed: Mapping[Role, Signed]) -> bytes:
        """The envelope of each role's statement, each checked first (AuditError), as canonical JSON."""
        envelopes = {}
        for role, public in keys.items():
            self.check(public, signed[role], role)
            statement = self.statement(role, signed[role].audit_root)
            envelopes[role] = dsse.seal(PAYLOAD_TYPE, statement, [(public, signed[role].signature)]).document()
        return canonical_json(envelopes)


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """What one side adds to the receipt: the Merkle root of its log so far (32 bytes) and its signature (64)."""

    audit_root: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class OpenedReceipt:
    """A receipt that both signed, and the root of each one's log up to `table_released` (64 hex digits)."""

    receipt: Receipt
    audit_roots: Mapping[Role, str]


def open_receipt(data: bytes, keys: Mapping[Role, bytes]) -> OpenedReceipt:
    """The receipt in receipt.json, once each of `keys` signed its statement of it. AuditError names who did not."""
    value = parse_json(data, where=RECEIPT_NAME, limit=limits.MAX_EVIDENCE_BYTES, error=AuditError, canonical=True)
    if not isinstance(value, dict) or set(value) != set(keys):
        raise AuditError("not a receipt with one statement of each party", where=RECEIPT_NAME)
    opened = {role: _open(dsse.read_envelope(value[role], where=RECEIPT_NAME), role, public)
              for role, public in keys.items()}
    receipts = [receipt for receipt, _ in opened.values()]
    if any(receipt != receipts[0] for receipt in receipts):
        raise AuditError("the two parties signed different receipts", where=RECEIPT_NAME)
    return OpenedReceipt(receipts[0], {role: root for role, (_, root) in opened.items()})


def _open(envelope: dsse.Envelope, role: Role, public: bytes) -> tuple[Receipt, str]:
    body = envelope.verify(PAYLOAD_TYPE, {f"the {role}": public}, where=RECEIPT_NAME)
    value = parse_json(body, where=RECEIPT_NAME, limit=limits.MAX_EVIDENCE_BYTES, error=AuditError, canonical=True)
    if not isinstance(value, dict) or value.pop("format", None) != FORMAT or set(value) != {*_FIELDS, *_OWN}:
        raise AuditError("not a receipt of a run", where=RECEIPT_NAME)
    own = {name: value.pop(name) for name in _OWN}
    if own["role"] != role or not _OWN["audit_root"].accepts(own["audit_root"]):
        raise AuditError(f"not the {role}'s statement about its log", where=RECEIPT_NAME)
    try:
        return Receipt(**value), own["audit_root"]
    except MisuseError as bad:
        raise AuditError(bad.what, where=RECEIPT_NAME) from None


def table_bytes(table: ReleasedTable) -> bytes:
    """Canonical JSON of the released table: the content of table.json."""
    return canonical_json(table.document())


def read_table(data: bytes, plan: Plan) -> ReleasedTable:
    """The table in table.json. AuditError unless it has the groups of the plan and a number where one belongs."""
    value = parse_json(data, where=TABLE_NAME, limit=limits.MAX_EVIDENCE_BYTES, error=AuditError, canonical=True)
    shape = [{"release": group.release, "key": list(group.key)} for group in plan.groups]
    if (not isinstance(value, list) or not all(isinstance(row, dict) for row in value)
            or [{name: row.get(name) for name in ("release", "key")} for row in value] != shape):
        raise AuditError("not a table of this contract's groups", where=TABLE_NAME)
    for number, (group, row) in enumerate(zip(plan.groups, value, strict=True), 1):
        _check_row(row, len(plan.statistics_of(group.release)), number)
    return ReleasedTable(tuple(Row(group, row["people"], None if row["sums"] is None else tuple(row["sums"]))
                               for group, row in zip(plan.groups, value, strict=True)))


def _check_row(row: Mapping[str, object], statistics: int, number: int) -> None:
    people, sums = row.get("people"), row.get("sums")
    whole = isinstance(sums, list) and len(sums) == statistics and all(type(item) is int for item in [people, *sums])
    if set(row) != {"release", "key", "people", "sums"} or not (whole or (people is None and sums is None)):
        raise AuditError(f"group {number} is neither opened in full nor suppressed", where=TABLE_NAME)
