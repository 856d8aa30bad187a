"""The closed list of audit events: what may be written about a run, and nothing else.

No field can carry free text or an identifier of a person. Exact refusal counts are for the log's owner only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from cleanroom import limits
from cleanroom.audit import fields as f
from cleanroom.errors import AuditError, CleanroomError, MisuseError
from cleanroom.primitives.canonical import canonical_json, parse_json

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class Kind(StrEnum):
    """What happened."""

    RUN_STARTED = "run_started"
    RUN_APPROVED = "run_approved"
    CONSENT_GATE = "consent_gate"
    CONSENT_ROOT = "consent_root"
    RULE_CHECKED = "rule_checked"
    LEDGERS_COMPARED = "ledgers_compared"
    TABLE_REPEATED = "table_repeated"
    SIZES_DECLARED = "sizes_declared"
    PRIVACY_CHARGED = "privacy_charged"
    PEER_IDENTIFIED = "peer_identified"
    PARAMETERS_CHECKED = "parameters_checked"
    COUNTS_OPENED = "counts_opened"
    SUMS_OPENED = "sums_opened"
    TABLE_RELEASED = "table_released"
    RECEIPT_SIGNED = "receipt_signed"
    RECEIPT_VERIFIED = "receipt_verified"
    INTERMEDIATES_WIPED = "intermediates_wiped"
    RUN_ENDED = "run_ended"
    RUN_FAILED = "run_failed"


ENDINGS = frozenset({Kind.RUN_ENDED, Kind.RUN_FAILED})

FIELDS: Mapping[Kind, Mapping[str, f.FieldType]] = {
    Kind.RUN_STARTED: {
        "run_id": f.RUN_ID, "contract_hash": f.DIGEST, "contract_id": f.CONTRACT_ID, "role": f.ROLE,
        "software": f.VERSION, "backend": f.NAME,
        "rule_pack": f.DIGEST,  # of the compliance rules applied, see cleanroom.rules
        "previous_head": f.DIGEST_OR_EMPTY,  # root of this party's run before this one; empty for its first
    },
    Kind.RUN_APPROVED: {"user": f.COUNT, "at": f.TIME},  # number of the system user: its owner knows whose that is
    Kind.CONSENT_GATE: {"admitted": f.COUNT, "refused": f.REFUSALS},
    Kind.CONSENT_ROOT: {"root": f.DIGEST, "count": f.COUNT},  # of the consent records used, before the protocol
    Kind.RULE_CHECKED: {"rule": f.RULE, "verdict": f.VERDICT},  # X-01 … X-07, of the pack named in run_started
    Kind.LEDGERS_COMPARED: {
        "own": f.COUNT, "peer": f.COUNT, "together": f.COUNT,  # entries of this contract in the privacy ledgers
        "chain": f.DIGEST, "total_epsilon": f.DECIMAL, "total_delta": f.DECIMAL,  # of all: the same on both sides
    },
    Kind.TABLE_REPEATED: {"run_id": f.RUN_ID, "table_sha256": f.DIGEST},  # the earlier run; sizes_declared are its own
    Kind.SIZES_DECLARED: {"own": f.SIZES, "peer": f.SIZES},  # padded; the advertiser's one per cell
    Kind.PRIVACY_CHARGED: {
        "part": f.NAME, "epsilon": f.DECIMAL, "delta": f.DECIMAL,
        "total_epsilon": f.DECIMAL, "total_delta": f.DECIMAL,  # of the contract so far, this charge included
    },
    Kind.PEER_IDENTIFIED: {
        "certificate_sha256": f.DIGEST,  # that its node held: of the contract, or of a rotation it signed
        "software": f.VERSION, "protocol": f.COUNT,  # what it says it runs, and the newest version it says it speaks
    },
    Kind.PARAMETERS_CHECKED: {},
    Kind.COUNTS_OPENED: {"groups": f.COUNT, "suppressed": f.COUNT},
    Kind.SUMS_OPENED: {"opened": f.COUNT},
    Kind.TABLE_RELEASED: {
        "table_sha256": f.DIGEST,
        "salt": f.DIGEST,  # random: the peer gets the Merkle root of the lines up to here, which must tell it nothing
    },
    Kind.RECEIPT_SIGNED: {"receipt_sha256": f.DIGEST},
    Kind.RECEIPT_VERIFIED: {"receipt_sha256": f.DIGEST},
    Kind.INTERMEDIATES_WIPED: {"what": f.NAMES, "limits": f.NAMES},
    Kind.RUN_ENDED: {},
    Kind.RUN_FAILED: {"error": f.ERROR_CLASS, "stage": f.NAME, "public": f.PUBLIC_TEXT},
}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. `seq` counts from 0; `time` is UTC, ISO 8601 with microseconds.

    Building one with an unknown kind, or with a missing, unknown or wrongly typed field, is a MisuseError.
    """

    seq: int
    time: str
    kind: Kind
    fields: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.kind not in FIELDS or not f.COUNT.accepts(self.seq) or not f.TIME.accepts(self.time):
            raise MisuseError("an event has an unknown kind, no number or no time")
        expected = FIELDS[self.kind]
        if set(self.fields) != set(expected):
            raise MisuseError(f"{self.kind} has exactly the fields {sorted(expected)}")
        for name, kind in expected.items():
            if not kind.accepts(self.fields[name]):
                raise MisuseError(f"{self.kind}.{name} must be {kind.text}")
        object.__setattr__(self, "kind", Kind(self.kind))
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    @property
    def line(self) -> bytes:
        """Canonical JSON, without the newline: what is hashed and stored."""
        return canonical_json({"fields": self.fields, "kind": self.kind.value, "seq": self.seq,
                               "time": self.time})

    @property
    def moment(self) -> datetime:
        """`time` as a datetime, UTC."""
        return datetime.strptime(self.time, _TIME).replace(tzinfo=UTC)


def time_text(moment: datetime) -> str:
    """`moment` (timezone-aware) as written in the log. MisuseError for a naive one."""
    if moment.tzinfo is None:
        raise MisuseError("the clock gave a time without a zone")
    return moment.astimezone(UTC).strftime(_TIME)


def parse_event(line: bytes, seq: int, where: str) -> Event:
    """The event stored in `line`, expected to be number `seq`. AuditError names `where` when it is not."""
    value = parse_json(line, where=where, limit=limits.MAX_AUDIT_LINE_BYTES, error=AuditError, canonical=True)
    if not isinstance(value, dict) or set(value) != {"fields", "kind", "seq", "time"}:
        raise AuditError("not an audit event", where=where)
    if not isinstance(value["fields"], dict) or not isinstance(value["kind"], str):
        raise AuditError("not an audit event", where=where)
    try:
        event = Event(**value)
        _ = event.moment
    except MisuseError as bad:
        raise AuditError(bad.what, where=where) from None
    except ValueError:
        raise AuditError("the time is not a date", where=where) from None
    if event.seq != seq:
        raise AuditError("the sequence number is out of order", where=where)
    return event


def failure(error: BaseException, stage: str) -> dict[str, str]:
    """Fields of RUN_FAILED for any exception: its class, and never its message, which may describe data."""
    public = error.public if isinstance(error, CleanroomError) else MisuseError.public
    if not f.PUBLIC_TEXT.accepts(public):
        public = CleanroomError.public
    name = type(error).__name__
    return {"error": name if f.ERROR_CLASS.accepts(name) else "Exception", "stage": stage, "public": public}
