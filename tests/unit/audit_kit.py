"""A finished run's evidence, made in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cleanroom.audit.events import Event, Kind
from cleanroom.audit.head import sign_head
from cleanroom.audit.log import AuditLog
from cleanroom.audit.merkle import leaf_hash
from cleanroom.audit.receipt import Receipt, Signed, table_bytes
from cleanroom.audit.verify import Evidence
from cleanroom.contract.plan import Group
from cleanroom.primitives.dsse import SigningKey
from cleanroom.table import ReleasedTable, Row

RUN = "run-0123456789"
CONTRACT = "c0" * 32
START = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
SIGNING = {"advertiser": SigningKey(Ed25519PrivateKey.from_private_bytes(b"a" * 32)),
           "retailer": SigningKey(Ed25519PrivateKey.from_private_bytes(b"r" * 32))}
KEYS = {role: key.public for role, key in SIGNING.items()}
TABLE = ReleasedTable((Row(Group(0, ("exposed",)), 120, (4_500,)), Row(Group(0, ("control",)), None, None)))
TABLE_SHA256 = hashlib.sha256(table_bytes(TABLE)).hexdigest()
RECEIPT = Receipt(RUN, CONTRACT, "ab" * 32, TABLE_SHA256, "1.5", "0.000001")
SALT = "5a" * 32


@dataclass
class StepClock:
    """Each call is one second later."""

    moment: datetime = START

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


@dataclass
class MemorySink:
    lines: list[bytes] = field(default_factory=list)

    def append(self, line: bytes) -> None:
        self.lines.append(line)


def start_fields(role: str = "advertiser", **changes: Any) -> dict[str, Any]:
    return {"run_id": RUN, "contract_hash": CONTRACT, "contract_id": "spring-2025", "role": role,
            "software": "0.1.0", "backend": "openssl", "rule_pack": "0f" * 32,
            "previous_head": "", **changes}


def fill(log: AuditLog, role: str = "advertiser", admitted: int = 900, **changes: Any) -> bytes:
    """All events of a good run; the root of the log up to the released table."""
    log.record(Kind.RUN_STARTED, **start_fields(role, **changes))
    log.record(Kind.CONSENT_GATE, admitted=admitted, refused={"R-01": 12, "R-05": 3})
    log.record(Kind.PEER_IDENTIFIED, certificate_sha256="ee" * 32, software="0.1.0", protocol=3)
    log.record(Kind.SIZES_DECLARED, own=[512, 540], peer=[2000])
    log.record(Kind.PARAMETERS_CHECKED)
    log.record(Kind.PRIVACY_CHARGED, part="transcript", epsilon="0.5", delta="0.000001",
               total_epsilon="0.5", total_delta="0.000001")
    log.record(Kind.PRIVACY_CHARGED, part="release", epsilon="1", delta="0", total_epsilon="1.5",
               total_delta="0.000001")
    log.record(Kind.COUNTS_OPENED, groups=2, suppressed=1)
    log.record(Kind.SUMS_OPENED, opened=1)
    log.record(Kind.TABLE_RELEASED, table_sha256=RECEIPT.table_sha256, salt=SALT)
    root = log.root
    log.record(Kind.RECEIPT_SIGNED, receipt_sha256=RECEIPT.sha256)
    log.record(Kind.RECEIPT_VERIFIED, receipt_sha256=RECEIPT.sha256)
    log.record(Kind.INTERMEDIATES_WIPED, what=["scalar", "orders"], limits=["interpreter_copies"])
    log.record(Kind.RUN_ENDED)
    return root


def written(role: str, **changes: Any) -> tuple[AuditLog, list[bytes], bytes]:
    """The log of one party of a good run, its lines, and the root that the party signs for its peer."""
    sink = MemorySink()
    log = AuditLog(sink, StepClock(), SIGNING[role])
    root = fill(log, role, **changes)
    return log, sink.lines, root


ROOTS = {role: written(role)[2] for role in SIGNING}


def signed(receipt: Receipt, role: str, root: bytes, key: SigningKey | None = None) -> Signed:
    return Signed(root, receipt.sign(key or SIGNING[role], role, root))


def sealed_receipt(receipt: Receipt = RECEIPT, **roots: bytes) -> bytes:
    return receipt.seal(KEYS, {role: signed(receipt, role, root) for role, root in {**ROOTS, **roots}.items()})


def evidence(role: str = "advertiser", **changes: Any) -> Evidence:
    """The folder of one party of a good run."""
    log, lines, root = written(role, **changes)
    receipt = sealed_receipt(**{role: root})
    return Evidence(b"\n".join([*lines, b""]), log.head(), receipt, table_bytes(TABLE), CONTRACT)


def resealed(good: Evidence, lines: list[bytes], start: Event, role: str = "advertiser") -> Evidence:
    """The same folder with other lines under a fresh, valid head: what a dishonest owner can make."""
    head = sign_head(start, [leaf_hash(line) for line in lines], SIGNING[role])
    return replace(good, log=b"\n".join([*lines, b""]), head=head)
