"""The ports of a run whose answers are recorded in its journal, or given from it; effects are made once."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from cleanroom.adapters.consent_files import KeptConsents
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.journal_files import Entry
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.past_runs import KeptRuns
from cleanroom.ports import AuditSink, Cap, Clock, EarlierRun, Entropy, Noise
from cleanroom.ports import Entry as LedgerEntry
from cleanroom.session.setup import Ports


def recorded(ports: Ports, journal: Journal, ledger: SQLiteLedger, proofs: KeptConsents, past: KeptRuns) -> Ports:
    """`ports` of a run with a journal. Scratch and arithmetic are not recorded: they do not change what comes out."""
    return replace(ports, entropy=_Entropy(ports.entropy, journal), noise=_Noise(ports.noise, journal),
                   clock=_Clock(ports.clock, journal), ledger=_Ledger(ledger, journal),
                   proofs=_Proofs(proofs, journal), past=_Past(past, journal))


class SyncedSink:
    """`ports.AuditSink`: what a line rests on is on the disk before it."""

    def __init__(self, sink: AuditSink, journal: Journal) -> None:
        self._sink, self._journal = sink, journal

    def append(self, line: bytes) -> None:
        """See `ports.AuditSink`."""
        self._journal.sync()
        self._sink.append(line)


class _Recorded:
    def __init__(self, inner: Any, journal: Journal) -> None:
        self._inner, self._journal = inner, journal

    def __repr__(self) -> str:
        return type(self).__name__

    def _json(self, make: Callable[[], Any]) -> Any:
        return json.loads(self._journal.answer(lambda: json.dumps(make()).encode()))

    def _effect(self, what: str) -> bool:
        """Record what is about to be done. Whether it was recorded before, and may be done already."""
        known = self._journal.check(Entry.EFFECT, what.encode())
        self._journal.sync()
        return known


class _Entropy(_Recorded):
    _inner: Entropy

    def bytes(self, size: int, /) -> bytes:
        return self._journal.answer(lambda: self._inner.bytes(size))


class _Noise(_Recorded):
    _inner: Noise

    def laplace(self, scale: float, size: int) -> list[int]:
        return list(self._json(lambda: self._inner.laplace(scale, size)))

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        return list(self._json(lambda: self._inner.truncated_laplace(scale, high, size)))


class _Clock(_Recorded):
    _inner: Clock

    def now(self) -> datetime:
        return datetime.fromisoformat(self._json(lambda: self._inner.now().isoformat()))


class _Ledger(_Recorded):
    _inner: SQLiteLedger

    def spent(self, contract: str) -> tuple[float, float]:
        epsilon, delta = self._json(lambda: self._inner.spent(contract))
        return epsilon, delta

    def entries(self, contract: str) -> Sequence[LedgerEntry]:
        return [LedgerEntry(**each) for each in self._json(lambda: list(map(asdict, self._inner.entries(contract))))]

    def confirmed(self, contract: str) -> frozenset[tuple[str, str]]:
        return frozenset((run, part) for run, part in self._json(lambda: sorted(self._inner.confirmed(contract))))

    def charge(self, contract: str, run: str, part: str, epsilon: float, delta: float, budget: tuple[float, float], *,
               partner: str = "", ahead: float = 0.0, caps: Sequence[Cap] = ()) -> None:
        if not (self._effect(f"charge {part}") and self._inner.charged(contract, run, part)):
            self._inner.charge(contract, run, part, epsilon, delta, budget, partner=partner, ahead=ahead, caps=caps)

    def reconcile(self, contract: str, partner: str, theirs: Sequence[LedgerEntry]) -> None:
        self._inner.reconcile(contract, partner, theirs)  # twice is as once

    def confirm(self, contract: str, run: str, part: str) -> None:
        self._inner.confirm(contract, run, part)  # twice is as once


class _Proofs(_Recorded):
    _inner: KeptConsents

    def keep(self, pieces: Iterable[bytes | memoryview]) -> None:
        if self._effect("consents") and self._inner.kept:
            deque(pieces, maxlen=0)  # making them is what prepares the run
        else:
            self._inner.keep(pieces)


class _Past(_Recorded):
    _inner: KeptRuns

    @property
    def key(self) -> bytes:
        return self._inner.key

    def sketches(self) -> Iterator[tuple[str, bytes]]:
        then = set(self._json(lambda: [run for run, _ in self._inner.sketches()]))  # other runs came since, and this
        return ((run, sketch) for run, sketch in self._inner.sketches() if run in then)

    def keep(self, run: str, question: bytes, sketch: bytes) -> None:
        if not (self._effect("sketch") and self._inner.has(run)):
            self._inner.keep(run, question, sketch)

    def same(self, question: bytes) -> Sequence[str]:
        return list(self._json(lambda: self._inner.same(question)))

    def finished(self, run: str) -> EarlierRun:
        return self._inner.finished(run)  # evidence does not change
