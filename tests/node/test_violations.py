"""A peer that breaks the protocol, from either end of a real connection: the run ends, sealed, with nothing released.

The side that cheats runs our own code with its frames changed on the way out, so every earlier step is genuine.
"""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from live import (
    Tamper,
    abort_reason,
    account_frame,
    channel,
    converse,
    failed_runs,
    hello_of,
    match,
    serving,
    sizes_frame,
    tampered,
    until,
)
from tiny import Tiny, runs

from cleanroom import limits
from cleanroom.adapters.audit_files import read_log
from cleanroom.audit.events import Kind
from cleanroom.errors import PeerRefusedError, PeerUnavailableError, PeerViolationError, VersionError
from cleanroom.node import client, servicer, tls
from cleanroom.node.authorise import EXCHANGE
from cleanroom.v1.node_pb2 import Frame

Frames = Iterator[Frame]
RUN = bytes(range(1, 17))


def repeated(frames: Frames) -> Frames:
    for number, frame in enumerate(frames):
        yield frame
        if number == 1:
            yield frame


def swapped(frames: Frames) -> Frames:
    yield next(frames)  # hello
    yield next(frames)  # account
    yield next(frames)  # sizes; a list of two messages follows without waiting for the other side
    first, second = next(frames), next(frames)
    yield from (second, first)
    yield from frames


def dropped(frames: Frames) -> Frames:
    yield next(frames)
    yield next(frames)
    yield next(frames)
    next(frames)
    yield from frames


def wrong_step(frames: Frames) -> Frames:
    yield next(frames)
    yield next(frames)
    for frame in frames:
        yield Frame(sequence=frame.sequence, step=frame.step + 1, points=frame.points)


def without_body(frames: Frames) -> Frames:
    yield next(frames)
    for frame in frames:
        yield Frame(sequence=frame.sequence, step=frame.step)


def truncated(frames: Frames) -> Frames:
    yield next(frames)
    for frame in frames:
        if frame.WhichOneof("body") == "points":
            frame.points.tuples = frame.points.tuples[:-1]
        yield frame


def small_order(frames: Frames) -> Frames:
    yield next(frames)
    for frame in frames:
        if frame.WhichOneof("body") == "points":
            frame.points.tuples = bytes(len(frame.points.tuples))
        yield frame


def second_hello(frames: Frames) -> Frames:
    first = next(frames)
    yield first
    yield Frame(sequence=next(frames).sequence, step=first.step, hello=first.hello)  # in the place of the account
    yield from frames


def other_signature(frames: Frames) -> Frames:
    for frame in frames:
        if frame.WhichOneof("body") == "receipt":
            frame.receipt.signature = bytes(64)
        yield frame


def other_opening(frames: Frames) -> Frames:
    for frame in frames:
        if frame.WhichOneof("body") == "opening":
            frame.opening.shares[0] ^= 1
        yield frame


TAMPERS = [repeated, swapped, dropped, wrong_step, without_body, truncated, small_order, second_hello, other_signature,
           other_opening]


@pytest.mark.parametrize("tamper", TAMPERS)
def test_the_node_ends_a_run_whose_initiator_cheats(tiny: Tiny, tamper: Tamper,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tiny.retailer):
        with monkeypatch.context() as cheating:
            cheating.setattr(client, "FrameLink", tampered(tamper))
            with pytest.raises((PeerRefusedError, PeerUnavailableError)) as caught:
                match(tiny.advertiser, tiny.contract)
        assert "protocol violation" in str(caught.value)
        assert len(failed_runs(tiny, "retailer", "PeerViolationError")) == 1
        assert len(failed_runs(tiny, "advertiser", "Peer")) == 1
        match(tiny.advertiser, tiny.contract)


@pytest.mark.parametrize("tamper", TAMPERS)
def test_the_initiator_ends_a_run_whose_node_cheats(tiny: Tiny, tamper: Tamper,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tiny.retailer):
        with monkeypatch.context() as cheating:
            cheating.setattr(servicer, "FrameLink", tampered(tamper))
            with pytest.raises(PeerViolationError):
                match(tiny.advertiser, tiny.contract)
        assert len(failed_runs(tiny, "advertiser", "PeerViolationError")) == 1
        if tamper is not other_signature:  # the last message: its sender holds both signatures by then
            assert len(failed_runs(tiny, "retailer")) == 1


def test_bytes_that_are_no_frame_end_the_call(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        with channel(tiny, "advertiser", "retailer") as opened:
            raw = opened.stream_stream(EXCHANGE)
            with pytest.raises(grpc.RpcError):
                list(raw(iter([b"\xff" * 100]), timeout=10))
        assert failed_runs(tiny, "retailer") == []


def test_a_node_never_reads_a_message_over_the_size_bound(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tiny.retailer):
        monkeypatch.setattr(tls, "OPTIONS", ())
        with channel(tiny, "advertiser", "retailer") as unbounded:
            raw = unbounded.stream_stream(EXCHANGE)
            with pytest.raises(grpc.RpcError) as caught:
                list(raw(iter([bytes(limits.MAX_FRAME_BYTES + 1)]), timeout=10))
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert failed_runs(tiny, "retailer") == []
        match(tiny.advertiser, tiny.contract)


def test_an_initiator_never_reads_a_message_over_the_size_bound(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    def swollen(frames: Frames) -> Frames:
        first = next(frames)
        first.hello.software = "x" * (limits.MAX_FRAME_BYTES + 1)
        yield first
        yield from frames

    tiny.setting("retailer", "peer_silence = 20", "peer_silence = 1")
    with monkeypatch.context() as cheating:
        cheating.setattr(limits, "LAST_FRAMES", 1)
        cheating.setattr(servicer, "FrameLink", tampered(swollen))
        cheating.setattr(tls, "OPTIONS", ())
        with serving(tiny.retailer):
            cheating.setattr(tls, "OPTIONS", (("grpc.max_receive_message_length", limits.MAX_FRAME_BYTES),))
            with pytest.raises(PeerViolationError, match="size bound"):
                match(tiny.advertiser, tiny.contract)
            assert len(failed_runs(tiny, "advertiser", "PeerViolationError")) == 1
            assert len(failed_runs(tiny, "retailer")) == 1


@pytest.mark.parametrize(("change", "says"), [
    ({"role": "retailer"}, "protocol violation"),
    ({"unix_time": 1_000_000_000}, "protocol violation"),
])
def test_a_hello_that_does_not_fit_is_refused(tiny: Tiny, change: dict[str, object], says: str) -> None:
    with serving(tiny.retailer):
        answer, _ = converse(tiny, [hello_of(tiny, RUN, **change)])
        assert abort_reason(answer) == ("PeerViolationError", says)
        assert len(failed_runs(tiny, "retailer", "PeerViolationError")) == 1


@pytest.mark.parametrize("version", [limits.OLDEST_PROTOCOL - 1, limits.PROTOCOL_VERSION + 1])
def test_a_node_of_another_version_is_refused_with_that_reason(tiny: Tiny, version: int) -> None:
    """The log says which version the peer speaks, and that there is no common one."""
    with serving(tiny.retailer):
        answer, _ = converse(tiny, [hello_of(tiny, RUN, version=version, oldest=version)])
        assert abort_reason(answer) == ("VersionError", VersionError.public)
        (run,) = failed_runs(tiny, "retailer", "VersionError")
        events, _ = read_log(run)
        (peer,) = [event for event in events if event.kind == Kind.PEER_IDENTIFIED]
        assert peer.fields["protocol"] == version


@pytest.mark.parametrize("change", [{"rows": [150]}, {"rows": [10**6, 1]}, {"rows": [0, 0]},
                                    {"rows": [1] * (limits.MAX_CELLS + 1)}, {"blinding_key": bytes(32)},
                                    {"blinding_key": bytes(31)}])
def test_sizes_that_do_not_fit_are_refused_before_the_own_ones(tiny: Tiny, change: dict[str, object]) -> None:
    with serving(tiny.retailer):
        answer, _ = converse(tiny, [hello_of(tiny, RUN), account_frame(), sizes_frame(**change)])
        assert [frame.WhichOneof("body") for frame in answer] == ["hello", "account", "abort"]
        assert abort_reason(answer) == ("PeerViolationError", "protocol violation")
        (run,) = failed_runs(tiny, "retailer", "PeerViolationError")
        events, _ = read_log(run)
        assert events[-1].fields["stage"] == "sizes"
        assert Kind.PRIVACY_CHARGED not in [event.kind for event in events]


@pytest.mark.parametrize("change", [{"nonce": bytes(31)}, {"run": bytes(15)}, {"role": "auditor"}])
def test_a_hello_out_of_bounds_starts_no_run(tiny: Tiny, change: dict[str, object]) -> None:
    with serving(tiny.retailer):
        answer, _ = converse(tiny, [hello_of(tiny, RUN, **change)])
        assert abort_reason(answer) == ("PeerViolationError", "protocol violation")
        assert runs(tiny.retailer) == []


def test_a_first_message_that_is_no_hello_starts_no_run(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        frame = Frame(sequence=0, step=0)
        frame.commitment.digest = bytes(32)
        answer, _ = converse(tiny, [frame])
        assert abort_reason(answer) == ("PeerViolationError", "protocol violation")
        assert runs(tiny.retailer) == []


def test_the_id_of_an_earlier_run_is_refused(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
        until((runs(tiny.retailer)[0] / "results.csv").exists)
        before = (runs(tiny.retailer)[0] / "audit.jsonl").read_bytes()
        answer, _ = converse(tiny, [hello_of(tiny, bytes.fromhex(runs(tiny.retailer)[0].name))])
        assert abort_reason(answer) == ("PeerViolationError", "protocol violation")
        assert [(run / "audit.jsonl").read_bytes() for run in runs(tiny.retailer)] == [before]
