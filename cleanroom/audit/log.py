"""The log of one run: every event becomes a line, every line a leaf, and the end is a signed tree head.

A run writes a few dozen lines, so the signed head lists the hash of every line. The root alone proves that
nothing was changed; the list lets a verifier name the first line that was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cleanroom import limits
from cleanroom.audit import merkle
from cleanroom.audit.events import ENDINGS, Event, Kind, failure, parse_event, time_text
from cleanroom.audit.head import sign_head
from cleanroom.errors import AuditError, MisuseError
from cleanroom.ports import AuditSink, Clock
from cleanroom.primitives.dsse import SigningKey

LOG_NAME = "audit.jsonl"


class AuditLog:
    """Writes the events of one run to a sink: RUN_STARTED first, nothing after RUN_ENDED or RUN_FAILED.

    When the sink fails, the log is dead: its error passes through and every later call is a MisuseError.
    """

    def __init__(self, sink: AuditSink, clock: Clock, key: SigningKey) -> None:
        self._sink = sink
        self._clock = clock
        self._key = key
        self._leaves: list[bytes] = []
        self._kinds: list[Kind] = []
        self._start: Event | None = None
        self._state = "new"  # new → open → ended, or dead from any

    def __repr__(self) -> str:
        return "AuditLog"

    @classmethod
    def interrupted(cls, lines: tuple[bytes, ...], sink: AuditSink, clock: Clock, key: SigningKey) -> AuditLog:
        """The log of a run that stopped without an ending, to be given one. AuditError names a malformed line."""
        log, events = cls(sink, clock, key), parse_lines(lines)
        log._leaves = [merkle.leaf_hash(line) for line in lines]
        log._kinds = [event.kind for event in events]
        log._start = events[0] if events else None
        log._state = "new" if not events else "ended" if events[-1].kind in ENDINGS else "open"
        return log

    def record(self, kind: Kind, **fields: Any) -> Event:
        """Write one event durably before returning. MisuseError when it is not allowed, or not now."""
        if self._state != ("new" if kind == Kind.RUN_STARTED else "open"):
            raise MisuseError(f"the log is {self._state}: {kind} cannot be recorded now")
        event = Event(len(self._leaves), time_text(self._clock.now()), kind, fields)
        line = event.line
        if len(line) > limits.MAX_AUDIT_LINE_BYTES or len(self._leaves) >= limits.MAX_AUDIT_LINES:
            raise MisuseError("an audit log of this size is a mistake in the program")
        self._state = "dead"
        self._sink.append(line)
        self._leaves.append(merkle.leaf_hash(line))
        self._kinds.append(event.kind)
        self._start = self._start or event
        self._state = "ended" if kind in ENDINGS else "open"
        return event

    def fail(self, error: BaseException, stage: str) -> Event:
        """Record RUN_FAILED for `error` in `stage`, with its class and public text only."""
        return self.record(Kind.RUN_FAILED, **failure(error, stage))

    @property
    def open(self) -> bool:
        """Whether the run has started and no ending was recorded: `record` and `fail` may be called."""
        return self._state == "open"

    @property
    def ended(self) -> bool:
        """Whether the ending was recorded: `head` may be called. False after a failed write."""
        return self._state == "ended"

    @property
    def recorded(self) -> tuple[Kind, ...]:
        """The kinds of all events so far."""
        return tuple(self._kinds)

    @property
    def root(self) -> bytes:
        """Merkle root of the lines so far, 32 bytes."""
        return merkle.root(self._leaves)

    def head(self, after: str | None = None) -> bytes:
        """The signed tree head (see `head.sign_head`). MisuseError before the run has ended.

        `after`: the root sealed last, in hex; without it, the one that the run began with.
        """
        if self._start is None or self._state != "ended":
            raise MisuseError("a log is sealed after its last event")
        return sign_head(self._start, self._leaves, self._key, after)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a log without their newlines. `torn`: an unfinished last line was there and is left out."""

    lines: tuple[bytes, ...]
    torn: bool


def split_lines(data: bytes, *, sealed: bool) -> Lines:
    """Split a log file. A last line without its newline is what a crash leaves behind.

    On a log without a signed head it is reported as `torn` and left out, because no later step relied on it;
    under a signed head every line had been flushed, so there it is an AuditError that names the line.
    """
    if len(data) > limits.MAX_AUDIT_BYTES or data.count(b"\n") > limits.MAX_AUDIT_LINES:
        raise AuditError("larger than any log of a run", where=LOG_NAME)
    *lines, rest = data.split(b"\n")
    if rest and sealed:
        raise AuditError("the last line is torn", where=line_name(len(lines)))
    return Lines(tuple(lines), bool(rest))


def parse_lines(lines: tuple[bytes, ...]) -> tuple[Event, ...]:
    """The events of a log, checked one by one. AuditError names the first malformed line."""
    return tuple(parse_event(line, seq, line_name(seq)) for seq, line in enumerate(lines))


def line_name(seq: int) -> str:
    """How errors name the line of event `seq`: people count from 1."""
    return f"{LOG_NAME} line {seq + 1}"
