"""The signed head of a finished log: a DSSE envelope over an in-toto Statement v1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cleanroom import limits
from cleanroom.audit import fields, merkle
from cleanroom.audit.events import Event
from cleanroom.contract.model import Role
from cleanroom.errors import AuditError
from cleanroom.primitives import dsse
from cleanroom.primitives.canonical import canonical_json, parse_json

HEAD_NAME = "audit.head.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:cleanroom:audit-head:1"
ROOT_ALGORITHM = "rfc6962_sha256"  # a Merkle root, so not in-toto's `sha256` of a file
SUBJECT_NAME = "audit.jsonl"
IDENTITY = ("role", "run_id", "contract_hash", "previous_head")  # fields of run_started that the head repeats

_PREDICATE = {"role": fields.ROLE, "run_id": fields.RUN_ID, "contract_hash": fields.DIGEST,
              "previous_head": fields.DIGEST_OR_EMPTY, "sealed_after": fields.DIGEST_OR_EMPTY,
              "tree_size": fields.COUNT}


@dataclass(frozen=True, slots=True)
class Head:
    """What the owner of a log signed about it. `root` and `leaves` are 32-byte hashes, the others hex.

    `previous_head` is the root sealed last when the run began, `sealed_after` the one sealed last when it was sealed:
    runs that overlap share the former, never the latter.
    """

    role: Role
    run_id: str
    contract_hash: str
    previous_head: str
    root: bytes
    leaves: tuple[bytes, ...]
    sealed_after: str


def sign_head(start: Event, leaves: Sequence[bytes], key: dsse.SigningKey, after: str | None = None) -> bytes:
    """Envelope as canonical JSON: root as subject; role, run, contract, size and line hashes as predicate.

    `after`: root of the party's log sealed before this one, in hex; without it, the one that the run began with.
    """
    identity: dict[str, object] = {name: start.fields[name] for name in IDENTITY}
    before = start.fields["previous_head"] if after is None else after
    payload = canonical_json({
        "_type": STATEMENT_TYPE,
        "subject": [{"name": SUBJECT_NAME, "digest": {ROOT_ALGORITHM: merkle.root(leaves).hex()}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": identity | {"sealed_after": before, "tree_size": len(leaves),
                                 "leaf_hashes": [leaf.hex() for leaf in leaves]},
    })
    return dsse.seal(PAYLOAD_TYPE, payload, [(key.public, key.sign(PAYLOAD_TYPE, payload))]).to_json()


def open_head(data: bytes, keys: Mapping[Role, bytes]) -> Head:
    """The head, once the party it names has signed it and its root follows from its line hashes.

    `keys` are the raw Ed25519 public keys of both parties. AuditError says what does not fit.
    """
    envelope = dsse.parse_envelope(data, where=HEAD_NAME)
    signers: dict[str, bytes] = {role: key for role, key in keys.items()
                                 if dsse.key_id(key) == envelope.signatures[0][0]}
    if not signers:
        raise AuditError("signed by a key that is neither party's", where=HEAD_NAME)
    head = _parse(envelope.verify(PAYLOAD_TYPE, signers, where=HEAD_NAME))
    if head.role not in signers:
        raise AuditError(f"names the {head.role} but the {next(iter(signers))} signed it", where=HEAD_NAME)
    if merkle.root(head.leaves) != head.root:
        raise AuditError("the root does not follow from the line hashes", where=HEAD_NAME)
    return head


def _parse(payload: bytes) -> Head:
    value = parse_json(payload, where=HEAD_NAME, limit=limits.MAX_EVIDENCE_BYTES, error=AuditError,
                       canonical=True)
    predicate = value.get("predicate") if isinstance(value, dict) else None
    if not isinstance(predicate, dict) or set(predicate) != {*_PREDICATE, "leaf_hashes"}:
        raise AuditError("not a signed head of an audit log", where=HEAD_NAME)
    leaves, size = predicate["leaf_hashes"], predicate["tree_size"]
    if (not all(kind.accepts(predicate[name]) for name, kind in _PREDICATE.items())
            or not isinstance(leaves, list) or not all(map(fields.DIGEST.accepts, leaves))
            or len(leaves) != size):
        raise AuditError("a field of the predicate has the wrong type", where=HEAD_NAME)
    identity = {name: predicate[name] for name in IDENTITY}
    return Head(root=_root(value), leaves=tuple(map(bytes.fromhex, leaves)), sealed_after=predicate["sealed_after"],
                **identity)


def _root(statement: dict[str, Any]) -> bytes:
    """The subject's digest, once everything around it is exactly the statement that `sign_head` writes."""
    try:
        digest = statement["subject"][0]["digest"][ROOT_ALGORITHM]
    except (KeyError, IndexError, TypeError):
        digest = None
    expected = {"_type": STATEMENT_TYPE, "predicateType": PREDICATE_TYPE, "predicate": statement["predicate"],
                "subject": [{"name": SUBJECT_NAME, "digest": {ROOT_ALGORITHM: digest}}]}
    if not fields.DIGEST.accepts(digest) or statement != expected:
        raise AuditError("not an in-toto statement about an audit log", where=HEAD_NAME)
    return bytes.fromhex(str(digest))
