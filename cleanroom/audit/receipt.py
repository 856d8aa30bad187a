"""The receipt: what both parties sign about a run before either releases its table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from cleanroom import limits
from cleanroom.audit import fields
from cleanroom.contract.model import Role
from cleanroom.errors import AuditError, MisuseError
from cleanroom.primitives import dsse
from cleanroom.primitives.canonical import canonical_json, parse_json
from cleanroom.table import ReleasedTable

RECEIPT_NAME = "receipt.json"
TABLE_NAME = "table.json"
PAYLOAD_TYPE = "application/vnd.cleanroom.receipt+json"
FORMAT = "cleanroom-receipt/1"

_FIELDS = {"run_id": fields.RUN_ID, "contract_hash": fields.DIGEST, "transcript_sha256": fields.DIGEST,
           "table_sha256": fields.DIGEST, "epsilon": fields.DECIMAL, "delta": fields.DECIMAL}


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
    def body(self) -> bytes:
        """The canonical JSON that is signed."""
        return canonical_json({"format": FORMAT, **asdict(self)})

    @property
    def sha256(self) -> str:
        """SHA-256 of the body, the name of this receipt in the log; 64 hex digits."""
        return hashlib.sha256(self.body).hexdigest()

    def sign(self, key: dsse.SigningKey) -> bytes:
        """This party's signature, 64 bytes; the only thing about the receipt that is sent."""
        return key.sign(PAYLOAD_TYPE, self.body)

    def check(self, public: bytes, signature: bytes, role: Role) -> None:
        """Return when `role`, with this raw public key, signed the same receipt, else AuditError."""
        dsse.verify(public, PAYLOAD_TYPE, self.body, signature, where=RECEIPT_NAME, who=f"the {role}")

    def seal(self, keys: Mapping[Role, bytes], signatures: Mapping[Role, bytes]) -> bytes:
        """Envelope with both signatures, each checked first (AuditError), as canonical JSON."""
        for role, public in keys.items():
            self.check(public, signatures[role], role)
        pairs = [(public, signatures[role]) for role, public in keys.items()]
        return dsse.seal(PAYLOAD_TYPE, self.body, pairs).to_json()


def table_bytes(table: ReleasedTable) -> bytes:
    """Canonical JSON of the released table: the content of table.json."""
    return canonical_json(table.document())


def open_receipt(data: bytes, keys: Mapping[Role, bytes]) -> Receipt:
    """The receipt in an envelope that all of `keys` signed. AuditError names whose signature is bad."""
    envelope = dsse.parse_envelope(data, where=RECEIPT_NAME)
    named = {f"the {role}": public for role, public in keys.items()}
    body = envelope.verify(PAYLOAD_TYPE, named, where=RECEIPT_NAME)
    value = parse_json(body, where=RECEIPT_NAME, limit=limits.MAX_EVIDENCE_BYTES, error=AuditError,
                       canonical=True)
    if not isinstance(value, dict) or value.pop("format", None) != FORMAT or set(value) != set(_FIELDS):
        raise AuditError("not a receipt of a run", where=RECEIPT_NAME)
    try:
        return Receipt(**value)
    except MisuseError as bad:
        raise AuditError(bad.what, where=RECEIPT_NAME) from None
