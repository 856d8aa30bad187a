"""A pinned peer that calls too often: over a real connection, while a run of its own goes on."""

from __future__ import annotations

import threading
import time

import grpc
import pytest
from live import channel, converse, match, serving, until
from tiny import Tiny

from cleanroom.errors import BusyError
from cleanroom.node.authorise import SERVICE
from cleanroom.node.local import LocalNode
from cleanroom.v1 import node_pb2_grpc
from cleanroom.v1.agreement_pb2 import Proposal
from cleanroom.v1.node_pb2 import Frame

NO_HELLO = Frame(step=7)


def limit(tiny: Tiny, calls: int) -> None:
    tiny.setting("retailer", "connect_timeout = 5", f"connect_timeout = 5\ncalls_per_minute = {calls}")


def until_refused(tiny: Tiny) -> int:
    """Send what is no hello until it is not even read; how often that took."""
    for count in range(1, 100):
        if converse(tiny, [NO_HELLO])[1] == grpc.StatusCode.RESOURCE_EXHAUSTED:
            return count
    raise AssertionError("it was always answered")


def test_bad_calls_are_soon_refused_unread(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    limit(tiny, 150)
    with serving(tiny.retailer):
        assert 6 <= until_refused(tiny) <= 9  # five for the bucket, some for what flows in meanwhile
        lines = len(caplog.records)
        for _ in range(3):
            assert converse(tiny, [NO_HELLO]) == ([], grpc.StatusCode.RESOURCE_EXHAUSTED)
        assert len(caplog.records) == lines  # nor do they fill the disk with lines
        assert caplog.text.count("a caller is not answered") == 1
        with pytest.raises(BusyError, match="too many calls"):
            match(tiny.advertiser, tiny.contract)


def test_a_run_under_way_goes_on(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the caller is answered again when it has waited."""
    limit(tiny, 60)
    begun, told, failures = threading.Event(), threading.Event(), list[BaseException]()
    execute = LocalNode.execute

    def late(node: LocalNode, *given: object, **named: object) -> object:
        if node.settings.role == "retailer":
            begun.set()
            told.wait(30)
        return execute(node, *given, **named)  # type: ignore[arg-type]

    def initiate() -> None:
        try:
            match(tiny.advertiser, tiny.contract)
        except BaseException as error:
            failures.append(error)

    monkeypatch.setattr(LocalNode, "execute", late)
    with serving(tiny.retailer) as server:
        run = threading.Thread(target=initiate)
        run.start()
        begun.wait(30)
        until_refused(tiny)
        told.set()
        run.join(60)
        assert failures == []
        assert converse(tiny, [NO_HELLO])[1] == grpc.StatusCode.RESOURCE_EXHAUSTED
        hour = time.monotonic() + 3600
        server._servicer.rate._now = lambda: hour
        match(tiny.advertiser, tiny.contract)


@pytest.mark.parametrize("method", [f"/{SERVICE}/Nothing", "/grpc.health.v1.Health/Watch"])
def test_what_is_denied_counts(tiny: Tiny, method: str) -> None:
    limit(tiny, 60)
    codes = set()
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        call = opened.unary_unary(method)
        for _ in range(6):
            with pytest.raises(grpc.RpcError) as caught:
                call(b"", timeout=10)
            codes.add(caught.value.code())
    assert codes == {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.RESOURCE_EXHAUSTED}


def test_a_proposal_that_is_none_counts(tiny: Tiny) -> None:
    limit(tiny, 60)
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        def propose() -> grpc.StatusCode:
            with pytest.raises(grpc.RpcError) as caught:
                node_pb2_grpc.NodeStub(opened).Propose(Proposal(text=b"nothing"), timeout=10)
            return caught.value.code()

        first = propose()
        assert first != grpc.StatusCode.RESOURCE_EXHAUSTED
        until(lambda: propose() == grpc.StatusCode.RESOURCE_EXHAUSTED)
