"""Evidence of the consents a run used: a Merkle tree (RFC 6962) with one salted leaf for each admitted person (X-06).

    leaf i = SHA-256(0x00 ‖ salt_i ‖ record_i),  salt_i = HMAC-SHA-256(secret, "leaf" ‖ i)

`record_i` is the deciding event as canonical JSON (RFC 8785; texts only), in which the local id of the person is
replaced by HMAC-SHA-256(secret, "subject" ‖ id): whoever is shown one opened leaf learns nothing of another one, and
not under which id the owner keeps the person. The secret is drawn for each run and stays with the owner, so that two
runs' leaves cannot be compared.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.audit import merkle
from cleanroom.errors import AuditError, MisuseError
from cleanroom.ports import ConsentProofs
from cleanroom.primitives.canonical import canonical_json, parse_json

FORMAT: Final = "cleanroom-consent-proof/1"
KEPT: Final = "cleanroom-consent-evidence/1"
SECRET_BYTES: Final = 32
_AT_ONCE: Final = 50_000  # records in memory


class Records:
    """Deciding events of n admitted people, as texts, in the order of the roster. Gives out these events only."""

    __slots__ = ("_events", "_places", "rows")

    def __init__(self, events: pd.DataFrame, places: NDArray[np.intp], rows: NDArray[np.intp]) -> None:
        """`places`: rows of the deciding ones in `events`; `rows`: of their people in the roster, from 0."""
        self._events, self._places, self.rows = events, places, rows

    def __repr__(self) -> str:
        return f"Records({len(self)})"

    def __len__(self) -> int:
        return len(self.rows)

    def chunks(self, size: int) -> Iterator[pd.DataFrame]:
        """`size` events at once: a copy of all of them takes as much memory as the rest of the gate."""
        for start in range(0, len(self), size):
            yield self._events.take(self._places[start:start + size])


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A leaf that was proven: the run, the tree it is in, and the consent record."""

    run: str
    root: str
    size: int
    record: Mapping[str, str]


def commit(records: Records, run: str, secret: bytes, proofs: ConsentProofs) -> bytes:
    """Keep what opens the leaves, on the owner's side, and give the root (32 bytes) for the audit log.

    One leaf a record, in the order of the roster. `secret`: 32 random bytes of this run alone, else MisuseError.
    """
    if len(secret) != SECRET_BYTES:
        raise MisuseError("the secret of the consent evidence has 32 bytes")
    leaves: list[bytes] = []
    proofs.keep(_kept(records, run, secret, leaves))
    return merkle.root(leaves)


def _kept(records: Records, run: str, secret: bytes, leaves: list[bytes]) -> Iterator[bytes]:
    """Lines to keep: a head, then `row record` for each leaf; a row counts from 1. Leaf hashes are appended."""
    yield canonical_json({"format": KEPT, "run": run, "secret": secret.hex()})
    for row, record in zip(records.rows.tolist(), _canonical(records, secret), strict=True):
        leaves.append(_leaf(_salt(secret, len(leaves)), record))
        yield b"%d " % (row + 1) + record


def prove(kept: Iterable[bytes], row: int, where: str) -> bytes:
    """Open the leaf of the person in row `row` (from 1) of people or members, as canonical JSON.

    `kept`: lines as `commit` kept them. AuditError when they are not, or the person did not take part.
    """
    lines = iter(kept)
    run, secret = _head(next(lines, b""), where)
    leaves: list[bytes] = []
    found = -1
    for line in lines:
        number, _, text = line.partition(b" ")
        if number == b"%d" % row:
            found, record = len(leaves), text
        leaves.append(_leaf(_salt(secret, len(leaves)), text))
    if found < 0:
        raise AuditError("this person did not take part in the run", where=f"row {row}")
    return canonical_json({
        "format": FORMAT, "run": run, "index": found, "size": len(leaves), "root": merkle.root(leaves).hex(),
        "salt": _salt(secret, found).hex(), "record": record.decode(),
        "path": [node.hex() for node in merkle.inclusion_proof(leaves, found)]})


def _head(line: bytes, where: str) -> tuple[str, bytes]:
    head = parse_json(line, where=where, limit=1024, error=AuditError, canonical=True)
    try:
        if head["format"] != KEPT:
            raise AuditError("not the consent evidence of a run", where=where)
        return str(head["run"]), bytes.fromhex(head["secret"])
    except (KeyError, TypeError, ValueError):
        raise AuditError("not the consent evidence of a run", where=where) from None


def verify_proof(data: bytes, where: str) -> Opened:
    """Check one opened leaf against the root it names. AuditError says what is wrong.

    Whether that root is the one of the run is for the caller: compare it with the run's verified log.
    """
    value = parse_json(data, where=where, limit=limits.MAX_EVIDENCE_BYTES, error=AuditError, canonical=True)
    try:
        if value["format"] != FORMAT:
            raise AuditError("not a proof of a consent record", where=where)
        index, size, run = int(value["index"]), int(value["size"]), str(value["run"])
        root, salt = bytes.fromhex(value["root"]), bytes.fromhex(value["salt"])
        path, text = [bytes.fromhex(node) for node in value["path"]], str(value["record"])
        record = json.loads(text)
    except (KeyError, TypeError, ValueError):
        raise AuditError("not a proof of a consent record", where=where) from None
    if len(salt) != SECRET_BYTES or not isinstance(record, dict):
        raise AuditError("not a proof of a consent record", where=where)
    merkle.verify_inclusion(_leaf(salt, text.encode()), index, size, path, root)
    return Opened(run, root.hex(), size, record)


def _canonical(records: Records, secret: bytes) -> Iterator[bytes]:
    """Records as RFC 8785 JSON: of texts under sorted ASCII names, the standard library writes the same bytes."""
    for chunk in records.chunks(_AT_ONCE):
        subjects = [_mac(secret, b"subject" + str(person).encode()).hex() for person in chunk["person"]]
        columns = {name: _encoded(chunk[name]) for name in chunk.columns if name != "person"}
        columns["subject"] = [f'"{subject}"' for subject in subjects]
        heads = [f'"{name}":' for name in sorted(columns)]
        for values in zip(*(columns[name] for name in sorted(columns)), strict=True):
            yield ("{" + ",".join([head + value for head, value in zip(heads, values, strict=True) if value])
                   + "}").encode()


def _encoded(texts: pd.Series) -> list[str]:
    """Each text as a JSON string; nothing where there is none. Texts that repeat are written once."""
    if isinstance(texts.dtype, pd.CategoricalDtype):
        written = np.array([*_encoded(pd.Series(texts.cat.categories, dtype="str")), ""], dtype=object)
        return list(written[texts.cat.codes.to_numpy()])
    return [encode_basestring(text) if text else "" for text in texts.fillna("").tolist()]


def _leaf(salt: bytes, record: bytes) -> bytes:
    return merkle.leaf_hash(salt + record)


def _salt(secret: bytes, index: int) -> bytes:
    return _mac(secret, b"leaf" + index.to_bytes(8, "big"))


def _mac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)
