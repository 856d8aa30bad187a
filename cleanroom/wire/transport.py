"""Frames of the transport, beside the messages of the run: who is there, what has arrived for good, and where a run
that was cut goes on. The transcript knows nothing of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cleanroom.errors import PeerViolationError
from cleanroom.session.script import STEPS
from cleanroom.v1 import node_pb2

RUN_BYTES: Final = 16


class State(StrEnum):
    """What a node is doing."""

    WORKING = "working"
    READING = "reading"  # its own files
    QUEUED = "queued"
    AWAITING_APPROVAL = "awaiting_approval"
    OUTSIDE_HOURS = "outside_hours"
    RESUMING = "resuming"


WAITING: Final = frozenset({State.QUEUED, State.AWAITING_APPROVAL, State.OUTSIDE_HOURS})
_NUMBERS: Final = MappingProxyType({
    State.WORKING: node_pb2.STATE_WORKING,
    State.READING: node_pb2.STATE_READING,
    State.QUEUED: node_pb2.STATE_QUEUED,
    State.AWAITING_APPROVAL: node_pb2.STATE_AWAITING_APPROVAL,
    State.OUTSIDE_HOURS: node_pb2.STATE_OUTSIDE_HOURS,
    State.RESUMING: node_pb2.STATE_RESUMING,
})
_STATES: Final = MappingProxyType({number: state for state, number in _NUMBERS.items()})


@dataclass(frozen=True, slots=True)
class Signal:
    """A node is there. `received`: frames it has taken for good; `step`: index into the script."""

    received: int
    step: int
    state: State


@dataclass(frozen=True, slots=True)
class Resume:
    """A new stream for a run that began on another one. `received`: frames that are here already."""

    run: bytes
    received: int


def encode_signal(signal: Signal) -> node_pb2.Frame:
    """Its frame."""
    return node_pb2.Frame(signal=node_pb2.Signal(received=signal.received, step=signal.step,
                                                 state=_NUMBERS[signal.state]))


def decode_signal(body: node_pb2.Signal) -> Signal:
    """PeerViolationError for a step or state that is none. Only the window knows whether `received` can be."""
    state = _STATES.get(body.state)
    if state is None or body.step >= len(STEPS):
        raise PeerViolationError("signal: unknown step or state")
    return Signal(body.received, body.step, state)


def encode_resume(resume: Resume) -> node_pb2.Frame:
    """Its frame."""
    return node_pb2.Frame(resume=node_pb2.Resume(run=resume.run, received=resume.received))


def decode_resume(body: node_pb2.Resume) -> Resume:
    """PeerViolationError for a run id of another length."""
    if len(body.run) != RUN_BYTES:
        raise PeerViolationError("resume: not a run id")
    return Resume(body.run, body.received)
