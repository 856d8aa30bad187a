"""The link alone: a peer that is gone is noticed while we send, and nothing waits for it."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from cleanroom.errors import BusyError, PeerRefusedError, PeerUnavailableError
from cleanroom.node.carrier import start_pump
from cleanroom.node.link import FrameLink
from cleanroom.node.window import WINDOW_FRAMES
from cleanroom.session.messages import Commitment
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import encode, encode_abort

MESSAGE = Commitment(bytes(32))


def fill(link: FrameLink) -> None:
    for _ in range(WINDOW_FRAMES + 1):
        link.send(2, MESSAGE)


def broken() -> Iterator[Frame]:
    yield from ()
    raise grpc.RpcError


@pytest.mark.parametrize(("frames", "error"), [
    (broken(), PeerUnavailableError),
    (iter(()), PeerUnavailableError),
    (iter([encode_abort("DataError", "its own reason", 0)]), PeerRefusedError),
    (iter([encode_abort("BusyError", "", 0)]), BusyError),
])
def test_a_full_queue_to_a_peer_that_is_gone_ends_the_run_with_its_reason(
        frames: Iterator[Frame], error: type[Exception]) -> None:
    link = FrameLink(silence=600)
    start_pump(link, frames).join()
    with pytest.raises(error):
        fill(link)
    link.close()


def test_a_reason_that_has_come_is_not_lost_to_another_stream() -> None:
    """The peer refused and hung up before the run looked: who dialled has nothing to dial for."""
    link = FrameLink(silence=600)
    link.durable = link.dials = True
    start_pump(link, iter([encode_abort("ContractError", "the contract was refused", 0)])).join()
    if link.cut():  # as the thread does that keeps the run connected
        link.reopen()
    with pytest.raises(PeerRefusedError, match="the contract was refused"):
        link.receive()


def test_a_peer_that_takes_nothing_and_gives_no_sign_ends_the_run_after_the_agreed_silence() -> None:
    link = FrameLink(silence=1)
    with pytest.raises(PeerUnavailableError, match="silent for 1 s"):
        fill(link)


def test_closing_never_waits_and_what_was_queued_still_goes_out() -> None:
    link = FrameLink(silence=600)
    for _ in range(WINDOW_FRAMES):
        link.send(2, MESSAGE)
    link.close()
    assert [frame.sequence for frame in link.outgoing() if frame.HasField("commitment")] == list(range(WINDOW_FRAMES))


def test_silence_names_the_step() -> None:
    link = FrameLink(silence=1)
    link.send(4, MESSAGE)
    with pytest.raises(PeerUnavailableError, match="silent for 1 s in step sizes"):
        link.receive()


def test_an_abort_is_shown_without_control_characters() -> None:
    link = FrameLink(silence=1)
    start_pump(link, iter([encode_abort("X\x1b[31m", "bell\x07\nline", 0)])).join()
    with pytest.raises(PeerRefusedError) as caught:
        link.receive()
    assert str(caught.value).isprintable()


def test_a_peer_that_keeps_talking_does_not_keep_the_run_open() -> None:
    """Messages are there to be read, and nobody was silent; the run's time is over."""
    link = FrameLink(silence=600, limit=0)
    start_pump(link, iter([encode(MESSAGE, 2, 0)])).join()
    with pytest.raises(PeerUnavailableError, match="longer than 0 s") as caught:
        link.receive()
    assert caught.value.where == "node.run_limit"
    link.close()


def test_waiting_for_a_message_ends_with_the_run() -> None:
    link = FrameLink(silence=600, limit=1)
    with pytest.raises(PeerUnavailableError, match="longer than 1 s"):
        link.receive()


def test_a_peer_that_reads_slowly_does_not_keep_the_run_open() -> None:
    link = FrameLink(silence=600, limit=1)
    with pytest.raises(PeerUnavailableError, match="longer than 1 s"):
        fill(link)
