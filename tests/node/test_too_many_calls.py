"""A pinned peer that calls too often: over a real connection, while a run of its own goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import grpc
import pytest
from live import abort_reason, channel, converse, match, serving, until
from tiny import Tiny

from cleanroom.adapters.contract_files import read_contract
from cleanroom.errors import BusyError
from cleanroom.node.authorise import PROPOSE, SERVICE
from cleanroom.node.client import Dial
from cleanroom.node.local import LocalNode
from cleanroom.v1.agreement_pb2 import Proposal
from cleanroom.v1.node_pb2 import Frame, Resume

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


@pytest.mark.parametrize("message", [b"nothing of a contract", b"\xff\xff\xff\xff"])
def test_a_proposal_that_is_none_counts(tiny: Tiny, message: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Be it text that is no contract, or bytes that are no message at all; the latter are not even logged."""
    limit(tiny, 60)
    request = message if message.startswith(b"\xff") else Proposal(text=message).SerializeToString()
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        def propose() -> grpc.StatusCode:
            with pytest.raises(grpc.RpcError) as caught:
                opened.unary_unary(PROPOSE)(request, timeout=10)
            return caught.value.code()

        first = propose()
        assert first not in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL}
        until(lambda: propose() == grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert "Exception deserializing" not in caplog.text


def test_calls_without_a_message_are_hung_up_on(tiny: Tiny) -> None:
    """More of them than the node answers at once: they hold its streams for `connect_timeout`, not for ever."""
    tiny.setting("retailer", "connect_timeout = 5", "connect_timeout = 1")
    done = threading.Event()

    def silent() -> Iterator[bytes]:
        done.wait(60)
        yield from ()

    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        calls = [opened.stream_unary(PROPOSE).future(silent(), timeout=60) for _ in range(16)]
        until(lambda: all(call.done() for call in calls))
        assert {call.code() for call in calls} <= {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}
        done.set()
        match(tiny.advertiser, tiny.contract)


def test_a_resume_that_is_none_counts(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    limit(tiny, 60)
    with serving(tiny.retailer):
        frames = [Frame(resume=Resume(run=b"short", received=0))]
        assert abort_reason(converse(tiny, frames)[0]) == ("PeerViolationError", "protocol violation")
        until(lambda: converse(tiny, frames)[1] == grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert "Exception iterating" not in caplog.text


def test_who_asks_for_more_than_its_share_is_told_so(tiny: Tiny) -> None:
    """Not that nobody answered."""
    limit(tiny, 60)
    with serving(tiny.retailer), LocalNode(tiny.advertiser) as node, Dial(node, read_contract(tiny.contract)) as dial:
        dial.reach()
        until_refused(tiny)
        with pytest.raises(BusyError, match="too many calls"):
            dial.revoke(b"nothing")
