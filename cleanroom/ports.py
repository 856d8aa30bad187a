"""What the core needs from the outside world. Interfaces only; adapters implement them, tests inject theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


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


class Executor(Protocol):
    """Runs a pure function on many chunks, possibly in other processes. Order is kept."""

    def map(self, function: Callable[[T], R], chunks: Iterable[T]) -> Iterator[R]:
        """Results in the order of `chunks`. `function` is a module-level function."""
        ...

    @property
    def workers(self) -> int:
        """How many chunks are worked on at once."""
        ...


class Ledger(Protocol):
    """Privacy spending of one contract, on durable storage."""

    def spent(self, contract: str) -> tuple[float, float]:
        """Total (ε, δ) ever recorded for the contract with this hash."""
        ...

    def charge(self, contract: str, run: str, part: str, epsilon: float, delta: float,
               budget: tuple[float, float]) -> None:
        """Durably record a spend before it happens. BudgetError when the total exceeds `budget`, MisuseError when this
        part of this run was charged before."""
        ...


class AuditSink(Protocol):
    """Durable, append-only store of audit lines."""

    def append(self, line: bytes) -> None:
        """Append one line and flush it to the disk before returning."""
        ...


class ConsentProofs(Protocol):
    """Where the owner keeps what opens the leaves of one run's consent tree. Personal data: never leaves the party."""

    def keep(self, lines: Iterable[bytes]) -> None:
        """Durably keep all lines (none holds a newline), or none, before returning."""
        ...


class Progress(Protocol):
    """Shows how far a stage has come. Never given anything personal."""

    def stage(self, name: str, total: int) -> None:
        """A stage starts, and the one before ends; it will count to `total`."""
        ...

    def advance(self, amount: int) -> None:
        """`amount` more of the current stage is done."""
        ...

    def done(self) -> None:
        """The last stage is complete."""
        ...

