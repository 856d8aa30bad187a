"""Both parties of a run in one process: small tables, seeded entropy, noise that a test may switch off."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cleanroom import flow
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.noise import OpenDPNoise
from cleanroom.adapters.progress import Silent
from cleanroom.audit.events import Kind
from cleanroom.audit.log import AuditLog
from cleanroom.contract.model import Contract, Role
from cleanroom.contract.parse import contract_hash
from cleanroom.disclosure.padding import padding_terms
from cleanroom.match.dummies import Padding
from cleanroom.primitives.dsse import SigningKey
from cleanroom.primitives.openssl import OpenSSLBackend
from cleanroom.session.advertiser import AdvertiserSide
from cleanroom.session.machine import Session
from cleanroom.session.messages import Message
from cleanroom.session.retailer import RetailerSide
from cleanroom.session.setup import Ports, Setup

RUN = bytes(range(16))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEYS = {role: SigningKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(role.encode()).digest()))
        for role in ("advertiser", "retailer")}
NO_PADDING = Padding(0, 1.0)


class SeededEntropy:
    """A deterministic byte stream (SHAKE-256 in counter mode). Tests only."""

    def __init__(self, seed: object) -> None:
        self._seed, self._count = repr(seed).encode(), 0

    def bytes(self, size: int, /) -> bytes:
        self._count += 1
        return hashlib.shake_256(self._seed + self._count.to_bytes(8, "big")).digest(size)


class ZeroNoise:
    """No noise at all; padding, if any, is a fixed half."""

    def laplace(self, scale: float, size: int) -> list[int]:
        return [0] * size

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        return [high // 2] * size


@dataclass
class FixedClock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class MemoryLedger:
    charges: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)

    def spent(self, contract: str) -> tuple[float, float]:
        mine = [cost for (name, _, _), cost in self.charges.items() if name == contract]
        return sum(cost[0] for cost in mine), sum(cost[1] for cost in mine)

    def charge(self, contract, run, part, epsilon, delta, budget) -> None:
        self.charges[contract, run, part] = (epsilon, delta)


@dataclass
class Lines:
    lines: list[bytes] = field(default_factory=list)

    def append(self, line: bytes) -> None:
        self.lines.append(line)


def party(role: Role) -> dict[str, str]:
    return {"name": f"The {role}", "contact": f"dpo@{role}.example.org",
            "signing_key": base64.b64encode(KEYS[role].public).decode(),
            "certificate": base64.b64encode(b"certificate of the " + role.encode()).decode()}


def contract(**changes: object) -> Contract:
    """The demonstration's contract between test keys; `changes` are by dotted setting, `_` for the dot."""
    document = tomllib.loads(files("cleanroom.adapters").joinpath("demo_terms.toml").read_text("utf-8"))
    document["parties"] = {role: party(role) for role in KEYS}
    for setting, value in changes.items():
        where = document
        *path, last = setting.split("__")
        for part in path:
            where = where[int(part) if part.isdigit() else part]
        where[last] = value
    return Contract.model_validate(document)


@dataclass
class Node:
    """One side of a test run."""

    setup: Setup
    side: AdvertiserSide | RetailerSide
    session: Session
    audit: Lines
    ledger: MemoryLedger


def make_setup(agreed: Contract, role: Role, *, seed: object = 0, noise: object = None,
               padding: Padding | None = None, backend: object = None, ledger: MemoryLedger | None = None,
               clock: object = None, run: bytes = RUN) -> Setup:
    plan = flow.check_plan(agreed)
    terms = padding_terms(plan)
    ports = Ports(backend or OpenSSLBackend(SerialExecutor()), SeededEntropy((role, seed)), noise or OpenDPNoise(),
                  clock or FixedClock(), ledger if ledger is not None else MemoryLedger(), KEYS[role])
    audit = AuditLog(Lines(), ports.clock, KEYS[role])
    audit.record(Kind.RUN_STARTED, run_id=run.hex(), contract_hash=contract_hash(agreed).hex(), contract_id=agreed.id,
                 role=role, software="0", backend="test", previous_head="")
    return Setup(plan, contract_hash(agreed), role, run, padding or Padding(terms.most, terms.scale), ports, audit)


def start(setup: Setup, side: AdvertiserSide | RetailerSide, *, initiator: bool) -> Node:
    session = Session(side, Silent(), initiator=initiator)
    return Node(setup, side, session, setup.audit._sink, setup.ports.ledger)


EXACT = {"noise": ZeroNoise(), "padding": NO_PADDING}  # options of a run without noise and dummies


def values(*columns: list[str | None]) -> np.ndarray:
    """(n, K) keys from K columns of texts."""
    table = np.empty((len(columns[0]), len(columns)), dtype=object)
    for position, column in enumerate(columns):
        table[:, position] = [None if text is None else text.encode() for text in column]
    return table


def exchange(one: Node, two: Node, tamper=None) -> list[tuple[str, Message]]:
    """Run both sessions to the end. `tamper(role, step, message)` may replace a message. Returns all messages."""
    seen: list[tuple[str, Message]] = []
    while not (one.session.finished and two.session.finished):
        sender, receiver = (one, two) if one.session.sending else (two, one)
        for step, message in sender.session.send():
            for step_, message_ in _tampered(tamper, sender.setup.role, step, message):
                seen.append((sender.setup.role, message_))
                receiver.session.receive(step_, message_)
    return seen


def _tampered(tamper, role: str, step: int, message: Message) -> Iterator[tuple[int, Message]]:
    yield from [(step, message)] if tamper is None else tamper(role, step, message)


def pair(agreed: Contract, a_keys, a_cells, r_keys, r_columns, *, seed: object = 0, retailer_dials: bool = False,
         **options) -> tuple[Node, Node]:
    """Both sides from keys, cells and columns directly, ready to exchange."""
    one, two = (make_setup(agreed, role, seed=seed, **options) for role in ("advertiser", "retailer"))
    left = start(one, AdvertiserSide(one, a_keys, np.asarray(a_cells, dtype=np.int64)), initiator=not retailer_dials)
    right = start(two, RetailerSide(two, r_keys, np.asarray(r_columns, dtype=np.int64)), initiator=retailer_dials)
    return left, right

