"""A peer that wants our memory or our time: bombs, floods and drips over a real connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from live import (
    abort_reason,
    account_frame,
    channel,
    converse,
    failed_runs,
    hello_of,
    match,
    serving,
    sizes_frame,
    until,
)
from tiny import Tiny, runs

from cleanroom.adapters.executors import SerialExecutor
from cleanroom.node import tls
from cleanroom.node.authorise import EXCHANGE, HEALTH_CHECK
from cleanroom.node.local import LocalNode
from cleanroom.node.window import WINDOW_BYTES
from cleanroom.primitives.openssl import OpenSSLBackend
from cleanroom.session.messages import Points
from cleanroom.v1.match_pb2 import Hello
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.codec import encode

RUN = bytes(range(1, 17))


@pytest.mark.parametrize("method", [EXCHANGE, HEALTH_CHECK])
@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_a_compressed_message_is_never_unpacked(tiny: Tiny, monkeypatch: pytest.MonkeyPatch, method: str,
                                                algorithm: grpc.Compression) -> None:
    """Sixty-four megabytes of zeros in sixty-four kilobytes: refused for the compression, not for the size."""
    with serving(tiny.retailer):
        monkeypatch.setattr(tls, "OPTIONS", (("grpc.max_send_message_length", -1),))
        with channel(tiny, "advertiser", "retailer") as unbounded:
            call = unbounded.stream_stream(method) if method == EXCHANGE else unbounded.unary_unary(method)
            request = iter([bytes(64 << 20)]) if method == EXCHANGE else bytes(64 << 20)
            with pytest.raises(grpc.RpcError) as caught:
                list(call(request, timeout=30, compression=algorithm))
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert runs(tiny.retailer) == []


def test_a_flood_waits_at_the_sender(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a node is busy it takes a window of frames and what the connection holds; then it ends the run."""
    working, taken = threading.Event(), 0
    execute = LocalNode.execute

    def slow(*args: object, **named: object) -> object:
        working.wait(30)
        return execute(*args, **named)

    def flood() -> Iterator[Frame]:
        nonlocal taken
        yield hello_of(tiny, RUN)
        for number in range(1, 400):
            taken = number
            yield Frame(sequence=number, step=2, hello=Hello(software="x" * (1 << 20)))

    monkeypatch.setattr(LocalNode, "execute", slow)
    with serving(tiny.retailer):
        threading.Timer(3, working.set).start()
        answer, _ = converse(tiny, flood(), seconds=40)
        assert abort_reason(answer) == ("PeerViolationError", "protocol violation")
        assert taken << 20 < 2 * WINDOW_BYTES
        assert len(failed_runs(tiny, "retailer", "PeerViolationError")) == 1


def test_a_drip_ends_with_the_run_limit(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    """One good point every tenth of a second is no silence; three hundred of them are too slow."""
    tiny.setting("retailer", "peer_silence = 20", "peer_silence = 20\nrun_limit = 3")
    points = OpenSSLBackend(SerialExecutor()).power_base(
        np.random.default_rng(1).integers(0, 256, (300, 32), dtype=np.uint8))
    over = threading.Event()

    def drip() -> Iterator[Frame]:
        yield from (hello_of(tiny, RUN), account_frame(), sizes_frame())
        for row in range(300):
            over.wait(0.1)
            yield encode(Points(row, points[row][None, None, :]), 6, row + 3)

    with serving(tiny.retailer):
        answer, _ = converse(tiny, drip(), seconds=60)
        over.set()
        assert abort_reason(answer) == ("PeerUnavailableError", "the connection was lost")
        assert len(failed_runs(tiny, "retailer", "PeerUnavailableError")) == 1
        until(lambda: "longer than 3 s, in step blinded_cells" in caplog.text)


def test_a_node_serves_the_next_run_after_all_of_them(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        for frames in ([], [Frame()], [hello_of(tiny, RUN, software="\x00" * 300)]):
            converse(tiny, frames)
        match(tiny.advertiser, tiny.contract)
