"""Evidence of the consents a run used: a Merkle tree (RFC 6962) with one salted leaf for each admitted person (X-06).

    leaf i = SHA-256(0x00 ‖ salt_i ‖ record_i),  salt_i = bytes 32i … 32i + 31 of a ChaCha20 keystream (RFC 8439)

`record_i` is the deciding event as canonical JSON (RFC 8785; texts only), in which the local id of the person is
replaced by HMAC-SHA-256(secret, "subject" ‖ id): whoever is shown one opened leaf learns nothing of another one, and
not under which id the owner keeps the person. The secret is drawn for each run and stays with the owner, so that two
runs' leaves cannot be compared.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from numpy.typing import NDArray

from cleanroom import limits
from cleanroom.audit import merkle
from cleanroom.errors import AuditError, MisuseError
from cleanroom.identity.values import Column, packed, text_array
from cleanroom.ports import ConsentProofs
from cleanroom.primitives.backend import Digests, Texts
from cleanroom.primitives.canonical import canonical_json, parse_json
from cleanroom.primitives.sha256 import SIZE, Sha256, hmac_sha256_each, sha256_each

FORMAT: Final = "cleanroom-consent-proof/1"
KEPT: Final = "cleanroom-consent-evidence/1"
SECRET_BYTES: Final = 32
_PERSON: Final = "person"
_SUBJECT: Final = "subject"
_AT_ONCE: Final = 50_000  # records in memory
_TEXT: Final = pa.large_string()
_NOTHING: Final = pa.scalar("", _TEXT)


class Records:
    """Deciding events of n admitted people, as texts, in the order of the roster. Gives out these events only."""

    __slots__ = ("_events", "_ids", "_places", "rows")

    def __init__(self, events: pd.DataFrame, places: NDArray[np.intp], rows: NDArray[np.intp],
                 roster: pd.DataFrame | None = None) -> None:
        """`places`: rows of the deciding ones in `events`; `rows`: of their people in the roster, from 0.

        `roster`: where the events name people by number, their local ids (`id`) and rows in the file (`row`).
        """
        self._events, self._places, self.rows, self._ids = events, places, rows, None
        if roster is not None and "id" in roster.columns:
            self._ids, self.rows = roster["id"].take(rows), roster["row"].to_numpy()[rows]

    def __repr__(self) -> str:
        return f"Records({len(self)})"

    def __len__(self) -> int:
        return len(self.rows)

    def chunk(self, start: int, size: int) -> pd.DataFrame:
        """Some of the events: a copy of all of them takes as much memory as the rest of the gate."""
        events = self._events.take(self._places[start:start + size])
        if self._ids is None:
            return events
        return events.assign(person=self._ids.iloc[start:start + size].to_numpy())


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A leaf that was proven: the run, the tree it is in, and the consent record."""

    run: str
    root: str
    size: int
    record: Mapping[str, str]


def commit(records: Records | Iterable[Records], run: str, secret: bytes, proofs: ConsentProofs,
           sha256: Sha256 = sha256_each) -> bytes:
    """Keep what opens the leaves, on the owner's side, and give the root (32 bytes) for the audit log.

    One leaf a record, in the order of the roster, part by part where there are parts. `secret`: 32 random bytes of this
    run alone, else MisuseError.
    """
    if len(secret) != SECRET_BYTES:
        raise MisuseError("the secret of the consent evidence has 32 bytes")
    tree = merkle.Growing(sha256)
    proofs.keep(_kept([records] if isinstance(records, Records) else records, run, secret, tree, sha256))
    return tree.root()


def _kept(parts: Iterable[Records], run: str, secret: bytes, tree: merkle.Growing,
          sha256: Sha256) -> Iterator[bytes | memoryview]:
    """What to keep: a head, then `row record` for each leaf; a row counts from 1. Leaf hashes go to the tree."""
    yield canonical_json({"format": KEPT, "run": run, "secret": secret.hex()}) + b"\n"
    salts = _Salts(secret)
    for rows, events in _chunks(parts):
        records = _canonical(events, hmac_sha256_each(sha256, secret, _SUBJECT.encode(), _ids(events)))
        tree.extend(sha256(merkle.LEAF, salts.take(len(rows)), packed(records)))
        numbers = pa.array(rows + 1).cast(pa.large_string())
        yield packed(_joined(numbers, " ", records, "\n")).data.data


def _chunks(parts: Iterable[Records]) -> Iterator[tuple[NDArray[np.intp], pd.DataFrame]]:
    """Rows in the roster's file, and events, some at a time."""
    for records in parts:
        for start in range(0, len(records), _AT_ONCE):
            yield records.rows[start:start + _AT_ONCE], records.chunk(start, _AT_ONCE)


def prove(kept: Iterable[bytes], row: int, where: str) -> bytes:
    """Open the leaf of the person in row `row` (from 1) of people or members, as canonical JSON.

    `kept`: lines as `commit` kept them. AuditError when they are not, or the person did not take part.
    """
    lines = iter(kept)
    run, secret = _head(next(lines, b""), where)
    leaves: list[bytes] = []
    found = -1
    for line, each in zip(lines, _Salts(secret), strict=False):
        number, _, text = line.partition(b" ")
        if number == b"%d" % row:
            found, record, salt = len(leaves), text, each
        leaves.append(_leaf(each, text))
    if found < 0:
        raise AuditError("this person did not take part in the run", where=f"row {row}")
    try:
        opened = record.decode()
    except UnicodeDecodeError:
        raise AuditError("the record of this person is damaged", where=f"row {row}") from None
    return canonical_json({
        "format": FORMAT, "run": run, "index": found, "size": len(leaves), "root": merkle.root(leaves).hex(),
        "salt": salt.hex(), "record": opened,
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
    except (KeyError, TypeError, ValueError):
        raise AuditError("not a proof of a consent record", where=where) from None
    record = parse_json(text.encode(), where=where, limit=limits.MAX_EVIDENCE_BYTES, error=AuditError)
    if len(salt) != SECRET_BYTES or not isinstance(record, dict):
        raise AuditError("not a proof of a consent record", where=where)
    merkle.verify_inclusion(_leaf(salt, text.encode()), index, size, path, root)
    return Opened(run, root.hex(), size, record)


def _canonical(events: pd.DataFrame, subjects: Digests) -> Column:
    """Records as RFC 8785 JSON: of texts under sorted ASCII names, the standard library writes the same bytes.

    Every record has its subject, so a comma follows what stands before it and precedes what stands after it.
    """
    names = sorted(str(name) for name in events.columns if name != _PERSON)
    before = [part for name in names if name < _SUBJECT for part in _member(name, events[name], after=",")]
    later = [part for name in names if name > _SUBJECT for part in _member(name, events[name], before=",")]
    return _joined("{", *before, f'"{_SUBJECT}":"', _hexadecimal(subjects), '"', *later, "}")


def _ids(events: pd.DataFrame) -> Texts:
    return packed(text_array(events[_PERSON]))


def _hexadecimal(digests: Digests) -> Column:
    """As n texts of 64 characters."""
    digits = np.frombuffer(digests.tobytes().hex().encode(), dtype=np.uint8)
    ends = np.arange(len(digests) + 1, dtype=np.int64) * 2 * SIZE
    return pa.LargeStringArray.from_buffers(len(digests), pa.py_buffer(ends), pa.py_buffer(digits))


def _member(name: str, texts: pd.Series, before: str = "", after: str = "") -> list[Column | str]:
    """`"name":"text"` for each text, nothing where there is none; to be joined. Texts that repeat are written once."""
    if isinstance(texts.dtype, pd.CategoricalDtype):
        codes = texts.cat.codes.to_numpy()
        written = _joined(*_member(name, pd.Series(texts.cat.categories, dtype="str"), before, after))
        return [pc.fill_null(written.take(pa.array(codes, mask=codes < 0)), "")]
    column = text_array(texts)
    if _escaped(packed(column).data):
        column = pa.array([encode_basestring(text)[1:-1] for text in column.to_pylist()], type=column.type)
    parts: list[Column | str] = [f'{before}"{name}":"', column, f'"{after}']
    empty = pc.equal(column, "")
    return [pc.if_else(empty, _NOTHING, _joined(*parts))] if pc.any(empty).as_py() else parts


def _escaped(text: NDArray[np.uint8]) -> bool:
    """Whether there is what a JSON text cannot hold as it is (RFC 8259 §7)."""
    return bool(((text < 0x20) | (text == ord('"')) | (text == ord("\\"))).any())


def _joined(*texts: Column | str) -> Column:
    """Texts put together row by row."""
    return pc.binary_join_element_wise(*(pa.scalar(text, _TEXT) if isinstance(text, str) else text for text in texts),
                                       _NOTHING)


def _leaf(salt: bytes, record: bytes) -> bytes:
    return merkle.leaf_hash(salt + record)


class _Salts:
    """The salts of the leaves, one after the other."""

    def __init__(self, secret: bytes) -> None:
        key = hmac.digest(secret, b"leaves", hashlib.sha256)
        self._stream = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor()

    def __repr__(self) -> str:
        return "_Salts"

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield from (salt.tobytes() for salt in self.take(_AT_ONCE))

    def take(self, count: int) -> Digests:
        """(count, 32): the next ones."""
        block = self._stream.update(bytes(SECRET_BYTES * count))
        return np.frombuffer(block, dtype=np.uint8).reshape(-1, SECRET_BYTES)
