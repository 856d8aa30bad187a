"""Every parser that a peer or a file from elsewhere can reach, as a function of bytes.

A parser may return or raise a CleanroomError, and nothing else. Where signatures stand before a parser, the input is
the payload and is signed here, so that what lies behind them is reached.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from google.protobuf.message import DecodeError

sys.path.insert(0, str(Path(__file__).parents[1] / "protocol"))
from kit import KEYS, make_setup, small_contract

from cleanroom.adapters.card import parse_card
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.party import load_party
from cleanroom.audit import head, receipt
from cleanroom.audit.log import parse_lines, split_lines
from cleanroom.audit.stamp import check_imprint, read_authorities
from cleanroom.cli.ledger import read_entries
from cleanroom.consent import tcf
from cleanroom.consent.evidence import prove, verify_proof
from cleanroom.contract import rotation
from cleanroom.contract.parse import parse_contract, parse_signed_json
from cleanroom.contract.revocation import revoked_hash
from cleanroom.errors import CleanroomError
from cleanroom.primitives.canonical import canonical_json
from cleanroom.primitives.dsse import parse_envelope, seal
from cleanroom.primitives.openssl import OpenSSLBackend
from cleanroom.primitives.ring import unpack_constants, unpack_polys
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import decode

PUBLIC: Final = {role: key.public for role, key in KEYS.items()}
PLAN: Final = make_setup(small_contract(), "advertiser").plan
BACKEND: Final = OpenSSLBackend(SerialExecutor())


def parse_frame(data: bytes) -> object:
    """A frame as gRPC hands it over; one that protobuf cannot read ends in gRPC."""
    try:
        return decode(Frame.FromString(data), 0)
    except DecodeError:
        return None


def parse_text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """Files and messages are checked to be UTF-8 before their parser sees them."""
    def call(data: bytes) -> object:
        with suppress(UnicodeDecodeError):
            return parse(data.decode())
        return None

    return call


def parse_tc_string(text: str) -> object:
    with suppress(tcf.TcfError):  # the gate turns it into rule R-13
        return tcf.decode(text)
    return None


def parse_head(data: bytes) -> object:
    key = KEYS["advertiser"]
    envelope = seal(head.PAYLOAD_TYPE, data, [(key.public, key.sign(head.PAYLOAD_TYPE, data))])
    return head.open_head(envelope.to_json(), PUBLIC)


def parse_receipt(data: bytes) -> object:
    """Both parties sign the same bytes; one of them is not its own statement, so it is opened alone."""
    key = KEYS["advertiser"]
    envelope = seal(receipt.PAYLOAD_TYPE, data, [(key.public, key.sign(receipt.PAYLOAD_TYPE, data))])
    return receipt.open_receipt(canonical_json({"advertiser": envelope.document()}), {"advertiser": key.public})


def parse_rotation(data: bytes) -> object:
    key = KEYS["advertiser"]
    envelope = seal(rotation.PAYLOAD_TYPE, data, [(key.public, key.sign(rotation.PAYLOAD_TYPE, data))])
    return rotation.read_rotation(envelope.to_json(), key.public)


def parse_party(data: bytes) -> object:
    with TemporaryDirectory() as folder:
        (Path(folder) / "party.toml").write_bytes(data)
        return load_party(Path(folder))


def parse_points(data: bytes) -> object:
    whole = data[:len(data) // 32 * 32]
    return BACKEND.check_points(np.frombuffer(whole, np.uint8).reshape(-1, 32)) if whole else None


PARSERS: Final[Mapping[str, Callable[[bytes], object]]] = {
    "frame": parse_frame,
    "contract": parse_text(lambda text: parse_contract(text, "contract")),
    "contract-json": lambda data: parse_signed_json(data, "contract.json"),
    "card": parse_text(lambda text: parse_card(text, "advertiser", "card")),
    "party": parse_party,
    "tc-string": parse_text(parse_tc_string),
    "consent-kept": lambda data: prove(data.split(b"\n"), 1, "kept"),
    "consent-proof": lambda data: verify_proof(data, "proof"),
    "audit-log": lambda data: parse_lines(split_lines(data, sealed=False).lines),
    "audit-head": parse_head,
    "envelope": lambda data: parse_envelope(data, where="envelope"),
    "receipt": parse_receipt,
    "receipt-file": lambda data: receipt.open_receipt(data, PUBLIC),
    "table": lambda data: receipt.read_table(data, PLAN),
    "revocation": revoked_hash,
    "rotation": parse_rotation,
    "rotation-file": lambda data: rotation.read_rotation(data, PUBLIC["advertiser"]),
    "ledger-file": lambda data: read_entries(data, "file"),
    "time-stamp": lambda data: check_imprint(data, b"head", "stamp"),
    "authorities": lambda data: read_authorities(data, "authorities"),
    "points": parse_points,
    "polynomials": unpack_polys,
    "constants": unpack_constants,
}


def check(name: str, data: bytes) -> None:
    """Feed one input to one parser. Whatever is not a CleanroomError comes through."""
    with suppress(CleanroomError):
        PARSERS[name](data)
