"""What the core needs from the outside world. Interfaces only; adapters implement them, tests inject theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Clock(Protocol):
    """Wall clock."""

    def now(self) -> datetime:
        """Current time, timezone-aware, UTC."""
        ...


class Entropy(Protocol):
    """Source of cryptographic randomness. Only the operating system's in production."""

    def bytes(self, size: int, /) -> bytes:
        """`size` uniform random bytes."""
        ...


class Noise(Protocol):
    """Exact samplers for differential privacy. Only OpenDP's in production."""

    def laplace(self, scale: float, size: int) -> list[int]:
        """`size` independent draws of the discrete Laplace distribution, P(x) ∝ exp(-|x| / scale)."""
        ...

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        """`size` draws of the same centred on `high // 2`, conditioned on 0 ≤ x ≤ high (`high` even)."""
        ...


class Job(Protocol[R_co]):
    """Work that was begun elsewhere."""

    def result(self) -> R_co:
        """Wait for it; what it returned, or the exception that it raised."""
        ...


class Executor(Protocol):
    """Runs a pure function on many chunks, possibly in other processes or on other machines. Order is kept."""

    def submit(self, function: Callable[[T], R], chunk: T) -> Job[R]:
        """Begin one chunk and return at once. The caller bounds how many are under way."""
        ...

    def map(self, function: Callable[[T], R], chunks: Iterable[T]) -> Iterator[R]:
        """Results in the order of `chunks`. `function` is a module-level function."""
        ...

    @property
    def workers(self) -> int:
        """How many chunks are worked on at once."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """What a ledger holds of one part of one run, whichever party recorded it: nothing about people.

    `epsilon` in millionths, `delta` in 10^-18; where the parties recorded different amounts, the larger ones.
    """

    run: str
    part: str
    epsilon: int
    delta: int

    @property
    def key(self) -> tuple[str, str]:
        """Run and part: a run id serves one run."""
        return self.run, self.part


@dataclass(frozen=True, slots=True)
class Cap:
    """A bound of the last `days` days, beside the contract's budget. `setting` names it for errors.

    `epsilon`: most that all contracts with the partner may spend; `runs`: most runs of this contract, the one that is
    charged included. None where the cap has no such bound.
    """

    setting: str
    days: int
    epsilon: float | None = None
    runs: int | None = None


class Ledger(Protocol):
    """Privacy spending of all versions of a contract, by its id, on durable storage."""

    def spent(self, contract: str) -> tuple[float, float]:
        """Total (ε, δ) ever recorded for the contract with this id, by this party or, as it told, by its partner."""
        ...

    def charge(self, contract: str, run: str, part: str, epsilon: float, delta: float, budget: tuple[float, float], *,
               partner: str = "", ahead: float = 0.0, caps: Sequence[Cap] = ()) -> None:
        """Durably record a spend before it happens. BudgetError when the total exceeds `budget`, or a cap is exceeded
        with `ahead` (ε that the run will still spend); MisuseError when this part of this run was charged before.
        `partner`: the peer's public signing key in hex."""
        ...

    def entries(self, contract: str) -> Sequence[Entry]:
        """All entries of the contract, in the order of recording."""
        ...

    def confirmed(self, contract: str) -> frozenset[tuple[str, str]]:
        """Run and part of what the partner has shown to have recorded: `reconcile` and `confirm`."""
        ...

    def reconcile(self, contract: str, partner: str, theirs: Sequence[Entry]) -> None:
        """Durably add what the partner's ledger holds and ours does not, and remember all of it as confirmed."""
        ...

    def confirm(self, contract: str, run: str, part: str) -> None:
        """Durably remember that the partner has recorded a part: it sent what that part pays for."""
        ...


class AuditSink(Protocol):
    """Durable, append-only store of audit lines."""

    def append(self, line: bytes) -> None:
        """Append one line and flush it to the disk before returning."""
        ...


class ConsentProofs(Protocol):
    """Where the owner keeps what opens the leaves of one run's consent tree. Personal data: never leaves the party."""

    def keep(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Durably keep all pieces, which are whole lines with their ends, or none, before returning."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class EarlierRun:
    """A finished run, verified: its id, table.json, and the padded sizes that were declared in it."""

    run: str
    table: bytes
    own_rows: tuple[int, ...]
    peer_rows: tuple[int, ...]


class PastRuns(Protocol):
    """What a party keeps, for itself alone, about who took part in its runs of one contract: keyed, so that it reveals
    nothing to who has not the key."""

    @property
    def key(self) -> bytes:
        """32 random bytes of this party, kept beside the runs; never sent."""
        ...

    def sketches(self) -> Iterable[tuple[str, bytes]]:
        """Run id and sketch of each earlier run, of any version of the contract, that was charged."""
        ...

    def keep(self, run: str, question: bytes, sketch: bytes) -> None:
        """Durably keep the digest of a run's question and own input, and the sketch of its people."""
        ...

    def same(self, question: bytes) -> Sequence[str]:
        """Ids of finished runs with this digest whose evidence still verifies, oldest first."""
        ...

    def finished(self, run: str) -> EarlierRun:
        """One of them. AuditError when its evidence does not verify."""
        ...


class Progress(Protocol):
    """Shows how far a stage has come. Never given anything personal."""

    def stage(self, name: str, total: int) -> None:
        """A stage starts, and the one before ends; it will count to `total`."""
        ...

    def advance(self, amount: int) -> None:
        """`amount` more of the current stage is done."""
        ...

    def peer(self, state: str) -> None:
        """What the peer says that it is doing, whenever that changes while we wait: a `wire.transport.State`."""
        ...

    def done(self) -> None:
        """The last stage is complete."""
        ...


class Pile(Protocol):
    """Byte arrays in the order they were added. They may be larger than the memory."""

    def add(self, data: NDArray[np.uint8]) -> None:
        """Keep a copy of one array, of any shape. MachineError when there is no room for it."""
        ...

    def take(self) -> Iterator[NDArray[np.uint8]]:
        """Everything that was added, flat, in order; in pieces of any length. The pile is empty afterwards."""
        ...

    def look(self) -> Iterator[NDArray[np.uint8]]:
        """As `take`, and the pile keeps everything."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...


class Scratch(Protocol):
    """Room for the lists of one run: in memory, and beyond a budget on the disk, encrypted under a key that only the
    process has."""

    def piles(self, count: int) -> Sequence[Pile]:
        """New empty piles."""
        ...

    def hold(self, size: int) -> None:
        """`size` bytes are held outside for the whole run. MachineError when the memory budget is too small for it."""
        ...

    def require(self, size: int) -> None:
        """MachineError unless `size` more bytes find room. Asked before the work is begun."""
        ...
