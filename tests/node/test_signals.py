"""Signals of two living nodes: a peer that works is not silent, one that stalls is named, no claim is believed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from live import match, serving, until
from tiny import Tiny, runs

from cleanroom import limits
from cleanroom.adapters.progress import WAITS
from cleanroom.errors import PeerUnavailableError, PeerViolationError
from cleanroom.node.carrier import start_pump
from cleanroom.node.link import FrameLink
from cleanroom.node.local import LocalNode
from cleanroom.node.window import WINDOW_BYTES, WINDOW_FRAMES
from cleanroom.session.messages import Commitment
from cleanroom.session.script import STEPS
from cleanroom.v1 import node_pb2
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import encode
from cleanroom.wire.transport import Resume, Signal, State, decode_resume, decode_signal, encode_resume, encode_signal

MESSAGE = Commitment(bytes(32))


@pytest.fixture
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEARTBEAT", 0.05)


def joined(silence: float = 1) -> tuple[FrameLink, FrameLink]:
    one, two = FrameLink(silence=silence), FrameLink(silence=silence)
    start_pump(one, two.outgoing())
    start_pump(two, one.outgoing())
    return one, two


def signal(received: int = 0, state: State = State.WORKING) -> Frame:
    return encode_signal(Signal(received, 3, state))


@pytest.mark.usefixtures("_fast")
def test_a_peer_that_reads_for_longer_than_the_silence_is_waited_for() -> None:
    one, two = joined(silence=1)
    started = one._heard
    until(lambda: one._heard > started + 1.5)
    two.send(4, MESSAGE)
    assert one.receive()[0] == 4
    one.close()
    two.close()


def test_a_peer_that_stalls_is_named_with_its_step_its_state_and_the_time() -> None:
    link = FrameLink(silence=1)
    start_pump(link, iter([encode_signal(Signal(0, 10, State.READING))]))
    until(lambda: link._peer is not None)
    link._ended = False
    with pytest.raises(PeerUnavailableError,
                       match=r"silent for 1 s in step hello; it was last heard 1 s ago, reading in step columns"):
        link.receive()


@pytest.mark.parametrize("state", WAITS)
def test_what_the_peer_waits_for_is_told_to_who_waits_for_it(state: str) -> None:
    told: list[str] = []
    one, two = joined()
    one.told = told.append
    two.say(State(state))
    one._await(lambda: bool(told))
    assert told == [state]
    one.close()
    two.close()


@pytest.mark.parametrize(("frames", "says"), [
    ([signal(1)], "has 1 frames"),
    ([signal(2**63)], "has 9223372036854775808 frames"),
    ([Frame(signal=node_pb2.Signal(step=len(STEPS), state=1))], "unknown step or state"),
    ([Frame(signal=node_pb2.Signal(state=99))], "unknown step or state"),
    ([Frame(signal=node_pb2.Signal())], "unknown step or state"),
])
def test_a_signal_that_cannot_be_ends_the_run(frames: list[Frame], says: str) -> None:
    link = FrameLink(silence=5)
    start_pump(link, iter(frames)).join()
    with pytest.raises(PeerViolationError, match=says):
        link.receive()


def test_a_confirmation_that_goes_backwards_ends_the_run() -> None:
    link = FrameLink(silence=5)
    link.send(0, MESSAGE)
    link.send(0, MESSAGE)
    sent = (frame for frame in link.outgoing() if frame.HasField("commitment"))
    assert [next(sent).sequence, next(sent).sequence] == [0, 1]
    start_pump(link, iter([signal(2), signal(1)])).join()
    with pytest.raises(PeerViolationError, match="had taken 2 before"):
        link.receive()


def test_who_sends_waits_for_room_and_goes_on_when_the_peer_took_frames() -> None:
    one, two = joined(silence=20)
    many = 3 * WINDOW_FRAMES
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        while len(taken) < many:
            taken.append(two.receive()[0])
            yield taken[-1]

    reader = threading.Thread(target=lambda: list(numbers()), daemon=True)
    reader.start()
    for _ in range(many):
        one.send(5, MESSAGE)
        assert one._window.end - one._window.first <= WINDOW_FRAMES
    reader.join(20)
    assert taken == [5] * many
    one.close()
    two.close()


@pytest.mark.parametrize("make", [
    lambda number: encode(MESSAGE, 5, number),
    lambda number: Frame(sequence=number, points={"tuples": bytes(limits.MAX_FRAME_BYTES - 64)}),
], ids=["many", "large"])
def test_a_peer_that_ignores_the_window_is_stopped_with_bounded_memory(make: Callable[[int], Frame]) -> None:
    pulled: list[int] = []

    def endless() -> Iterator[Frame]:
        while True:
            pulled.append(make(len(pulled)).ByteSize())
            yield make(len(pulled) - 1)

    link = FrameLink(silence=5)
    start_pump(link, endless()).join()
    assert isinstance(link._end, PeerViolationError)
    assert len(pulled) <= WINDOW_FRAMES + 2
    assert sum(pulled) <= WINDOW_BYTES + 2 * limits.MAX_FRAME_BYTES


@pytest.mark.parametrize("state", State)
def test_a_signal_survives_the_wire(state: State) -> None:
    sent = Signal(2**40, len(STEPS) - 1, state)
    assert decode_signal(Frame.FromString(encode_signal(sent).SerializeToString()).signal) == sent


def test_a_resume_survives_the_wire_and_names_a_run() -> None:
    sent = Resume(bytes(range(16)), 7)
    assert decode_resume(Frame.FromString(encode_resume(sent).SerializeToString()).resume) == sent
    with pytest.raises(PeerViolationError, match="not a run id"):
        decode_resume(node_pb2.Resume(run=bytes(15)))


def test_a_run_between_nodes_that_chatter_is_the_same_run(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEARTBEAT", 0.001)
    with serving(tiny.retailer):
        finished = match(tiny.advertiser, tiny.contract)
        until((runs(tiny.retailer)[0] / "results.csv").exists)
    assert len(finished.table.rows) == 2
    with LocalNode(tiny.retailer) as node:
        assert node.used(bytes.fromhex(runs(tiny.retailer)[0].name))
