"""Both parties of a run in one process: small tables, seeded entropy, noise that a test may switch off."""

from __future__ import annotations

import base64
import hashlib
import math
import tomllib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cleanroom import flow
from cleanroom.adapters.demo_settings import demo_terms
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.noise import OpenDPNoise
from cleanroom.adapters.progress import Silent
from cleanroom.adapters.scratch import MemoryScratch
from cleanroom.audit.events import Kind
from cleanroom.audit.log import AuditLog
from cleanroom.contract.model import Contract, Role
from cleanroom.contract.parse import contract_hash
from cleanroom.contract.plan import Plan
from cleanroom.contract.protocols import ECDH, SALTED
from cleanroom.disclosure.padding import padding_terms
from cleanroom.errors import BudgetError, MisuseError
from cleanroom.identity.values import KeyValues
from cleanroom.limits import MIN_THRESHOLD
from cleanroom.match.dummies import Padding
from cleanroom.measures.compact import Compact
from cleanroom.ports import EarlierRun, Entry
from cleanroom.primitives.dsse import SigningKey
from cleanroom.primitives.openssl import OpenSSLBackend
from cleanroom.session.machine import Session
from cleanroom.session.messages import Message
from cleanroom.session.script import ORDERS, STEPS
from cleanroom.session.setup import Ports, Setup
from cleanroom.session.side import RunSide
from cleanroom.session.sides import advertiser_side, retailer_side
from cleanroom.wire.codec import decode, encode

RUN = bytes(range(16))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_NOTICE = demo_terms()["consent"]["notices"][0]
PROVEN = {"notice_id": _NOTICE["id"], "notice_sha256": _NOTICE["sha256"], "proof_ref": "archive",
          "proof_sha256": "ab" * 32, "birth_year": "1980", "last_activity_at": "2026-05-01T00:00:00Z",
          "last_activity_kind": "login"}  # what a consent record says beside the consent
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


class SeededNoise:
    """Discrete Laplace as the difference of two geometric numbers: the same law as OpenDP's, repeatable. Tests only."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def laplace(self, scale: float, size: int) -> list[int]:
        first, second = (self._random.geometric(-math.expm1(-1 / scale), size) for _ in range(2))
        return (first - second).tolist()

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        kept: list[int] = []
        while len(kept) < size:
            kept += [high // 2 + x for x in self.laplace(scale, size) if abs(x) <= high // 2]
        return kept[:size]


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
    told: dict[tuple[str, str, str], Entry] = field(default_factory=dict)  # by the peer
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def spent(self, contract: str) -> tuple[float, float]:
        mine = [cost for (name, _, _), cost in self.charges.items() if name == contract]
        return sum(cost[0] for cost in mine), sum(cost[1] for cost in mine)

    def charge(self, contract, run, part, epsilon, delta, budget, *, partner="", ahead=0.0, caps=()) -> None:
        if (contract, run, part) in self.charges:
            raise MisuseError("charged before")
        before = self.spent(contract)
        if before[0] + epsilon > budget[0] or before[1] + delta > budget[1]:
            raise BudgetError("the contract's budget is spent")
        self.charges[contract, run, part] = (epsilon, delta)

    def entries(self, contract: str) -> list[Entry]:
        mine = [Entry(run, part, round(cost[0] * 1e6), round(cost[1] * 1e18))
                for (name, run, part), cost in self.charges.items() if name == contract]
        return [*mine, *(entry for (name, *_), entry in self.told.items() if name == contract)]

    def confirmed(self, contract: str) -> frozenset[tuple[str, str]]:
        return frozenset(tuple(key) for name, *key in self.seen if name == contract)

    def reconcile(self, contract, partner, theirs) -> None:
        mine = {entry.key for entry in self.entries(contract)}
        self.told |= {(contract, *entry.key): entry for entry in theirs if entry.key not in mine}
        self.seen |= {(contract, *entry.key) for entry in theirs}

    def confirm(self, contract, run, part) -> None:
        self.seen.add((contract, run, part))


@dataclass
class MemoryPast:
    """Earlier runs of one party, in memory."""

    kept: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    done: dict[str, EarlierRun] = field(default_factory=dict)
    key: bytes = bytes(32)

    def sketches(self) -> list[tuple[str, bytes]]:
        return [(run, sketch) for run, (_, sketch) in self.kept.items()]

    def keep(self, run: str, question: bytes, sketch: bytes) -> None:
        self.kept[run] = (question, sketch)

    def same(self, question: bytes) -> list[str]:
        return [run for run, (kept, _) in self.kept.items() if kept == question and run in self.done]

    def finished(self, run: str) -> EarlierRun:
        return self.done[run]


@dataclass
class Lines:
    lines: list[bytes] = field(default_factory=list)

    def append(self, line: bytes) -> None:
        self.lines.append(line)

    def keep(self, pieces: Iterable[bytes | memoryview]) -> None:
        self.lines = b"".join(pieces).splitlines()


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


def small_contract(*, keys: tuple[str, ...] = ("email",), arms: tuple[str, ...] = ("exposed", "control"),
                   segments: tuple[str, ...] = (), periods: int = 1, threshold: int | None = None,
                   releases: tuple[tuple[str, ...], ...] = (("arm",),), **changes: object) -> Contract:
    """A contract that runs in a few hundredths of a second: two statistics, few cells.

    `threshold` may be lower than any contract allows, even negative (nothing is suppressed).
    """
    dimensions = [{"name": "arm", "values": arms}, *([{"name": "segment", "values": segments}] if segments else [])]
    statistics = [{"name": "buyers", "measure": "buyers", "cap": 1, "weight": 1},
                  {"name": "sales", "measure": "sales", "cap": 1000, "weight": 1}]
    agreed = contract(
        match__keys=keys, dimensions=dimensions, statistics=statistics, metrics=["reach", "conversion", "sales"],
        releases=[{"dimensions": names, "statistics": [each["name"] for each in statistics], "epsilon": "1",
                   "people_weight": 2} for names in releases],
        calendar__exposures_until=date(2017, 10, 29) + timedelta(days=periods), **changes)
    if threshold is None:
        return agreed
    terms = agreed.disclosure.model_copy(update={"threshold": threshold})  # unchecked, on purpose
    return agreed.model_copy(update={"disclosure": terms})


# What a contract of the salted-hash mode says beside the others; and by protocol.
SALTED_TERMS = {"match__protocol": SALTED, "legal__pseudonymous_transfer": {
    "acknowledgement": "the retailer learns which of its customers are in which cell", "dpia_ref": "section 4"}}
MODES = {ECDH: {}, SALTED: SALTED_TERMS}


def steps_of_both_modes() -> list[tuple[str, str]]:
    """(protocol, step) of each step that a role sends."""
    every = ((protocol, STEPS[place]) for protocol, order in ORDERS.items() for place in order)
    return list(dict.fromkeys((protocol, step.name) for protocol, step in every
                              if step.sender in {"advertiser", "retailer"}))


@dataclass
class Node:
    """One side of a test run."""

    setup: Setup
    side: RunSide
    session: Session
    audit: Lines
    ledger: MemoryLedger


def make_setup(agreed: Contract, role: Role, *, seed: object = 0, noise: object = None,
               padding: Padding | None = None, backend: object = None, ledger: MemoryLedger | None = None,
               clock: object = None, run: bytes = RUN, past: MemoryPast | None = None, scratch: object = None) -> Setup:
    legal = agreed.disclosure.threshold >= MIN_THRESHOLD  # others are for tests only, and under the noise on purpose
    plan = flow.check_plan(agreed) if legal else Plan(agreed)
    terms = padding_terms(plan)
    ports = Ports(backend or OpenSSLBackend(SerialExecutor()), SeededEntropy((role, seed)), noise or OpenDPNoise(),
                  clock or FixedClock(), ledger if ledger is not None else MemoryLedger(), KEYS[role], Lines(),
                  past or MemoryPast(), scratch or MemoryScratch())
    audit = AuditLog(Lines(), ports.clock, KEYS[role])
    audit.record(Kind.RUN_STARTED, run_id=run.hex(), contract_hash=contract_hash(agreed).hex(), contract_id=agreed.id,
                 role=role, software="0", backend="test", rule_pack="0" * 64, previous_head="")
    return Setup(plan, contract_hash(agreed), role, run, padding or Padding(terms.most, terms.scale), ports, audit)


def start(setup: Setup, side: RunSide, *, initiator: bool) -> Node:
    session = Session(side, Silent(), initiator=initiator)
    return Node(setup, side, session, setup.audit._sink, setup.ports.ledger)


EXACT = {"noise": ZeroNoise(), "padding": NO_PADDING}  # options of a run without noise and dummies


def values(*columns: list[str | None]) -> KeyValues:
    """(n, K) keys from K columns of texts."""
    return KeyValues.of(*columns)


class Sent(NamedTuple):
    """One message on the wire, as the receiver got it."""

    role: str
    step: str
    message: Message


Tamper = Callable[[str, int, Message], Iterable[tuple[int, Message]]]


def honest(role: str, position: int, message: Message) -> Iterable[tuple[int, Message]]:
    """Passes every message on."""
    return [(position, message)]


def exchange(one: Node, two: Node, tamper: Tamper = honest, until: str = "done") -> list[Sent]:
    """Run both sessions as `converse` runs one: a side reads only when it is not its turn to send.

    Messages are encoded and decoded on the way. `tamper(role, position, message)` gives what arrives in place of a
    message. Ends early when both have reached step
    `until`, or when both wait for the other. Returns all messages that arrived.
    """
    seen: list[Sent] = []
    inbox: dict[str, deque[tuple[int, Message]]] = {one.setup.role: deque(), two.setup.role: deque()}
    others = {one.setup.role: two.setup.role, two.setup.role: one.setup.role}
    moved = True
    while moved and not all(node.session.finished or node.session.step_name == until for node in (one, two)):
        moved = False
        for node in (one, two):
            role, session = node.setup.role, node.session
            while session.sending and session.step_name != until:
                moved = True
                for position, message in session.send():
                    on_the_wire = decode(encode(message, position, 0), 0)[1]
                    for place, given in tamper(role, position, on_the_wire):
                        seen.append(Sent(role, STEPS[min(place, len(STEPS) - 1)].name, given))
                        inbox[others[role]].append((place, given))
            while inbox[role] and not (session.sending or session.finished):
                moved = True
                session.receive(*inbox[role].popleft())
    return seen


def finish(one: Node, two: Node) -> None:
    """End both sessions, as `converse` does."""
    one.session.close()
    two.session.close()


def pair(agreed: Contract, a_keys, a_cells, r_keys, r_columns, *, seed: object = 0, retailer_dials: bool = False,
         **options) -> tuple[Node, Node]:
    """Both sides from keys, cells and columns directly, ready to exchange."""
    one, two = (make_setup(agreed, role, seed=seed, **options) for role in ("advertiser", "retailer"))
    left = start(one, advertiser_side(one, a_keys, np.asarray(a_cells, dtype=np.int64)), initiator=not retailer_dials)
    table = r_columns if isinstance(r_columns, Compact) else Compact.of(np.asarray(r_columns, dtype=np.int64))
    right = start(two, retailer_side(two, r_keys, table), initiator=retailer_dials)
    return left, right

