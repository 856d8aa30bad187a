"""Which runs begin and when: a queue, approval, hours, bounds, cancellation from either side; real servers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from datetime import UTC, datetime, timedelta

import pytest
from live import abort_reason, converse, hello_of, match, sealed, serving, until
from tiny import Tiny, result_files, runs

from cleanroom import limits
from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.hours import Hours
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.run_states import Run
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.events import Kind
from cleanroom.cli.evidence import check_run_folder
from cleanroom.contract.model import Role, other
from cleanroom.errors import (
    AttemptsError,
    BusyError,
    ClosedError,
    NotApprovedError,
    PeerCancelledError,
    PeerViolationError,
    RunCancelledError,
)
from cleanroom.flow import check_plan
from cleanroom.node import admission, servicer
from cleanroom.node.carrier import start_pump
from cleanroom.node.client import Dial
from cleanroom.node.link import FrameLink
from cleanroom.node.local import Finished, LocalNode
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.traffic import most_received
from cleanroom.wire.transport import Signal, State, encode_signal

APPROVAL = ("connect_timeout = 5", 'connect_timeout = 5\nanswer = "approval"')


class Watcher:
    """Progress that remembers what the peer was said to do, and acts once when a stage is reached."""

    def __init__(self, stage: str = "", act: Callable[[], None] = lambda: None) -> None:
        self._stage, self._act, self.peers = stage, act, list[str]()

    def stage(self, name: str, total: int) -> None:
        if name == self._stage:
            self._stage = ""
            self._act()

    def advance(self, amount: int) -> None:
        """Nothing to show."""

    def peer(self, state: str) -> None:
        self.peers.append(state)

    def done(self) -> None:
        """Nothing to end."""


def watched(tiny: Tiny, progress: Watcher) -> Finished:
    with LocalNode(tiny.advertiser) as node:
        agreed = read_contract(tiny.contract)
        with Dial(node, agreed) as dial:
            return node.execute(agreed, node.new_run(), progress, dial.link, initiator=True)


def register(tiny: Tiny, role: Role) -> RunRegister:
    return RunRegister(tiny.party(role) / "state", SystemClock())


def newest(tiny: Tiny, role: Role) -> Run:
    return register(tiny, role).runs()[0]


def reaches(tiny: Tiny, role: Role, state: str) -> Run:
    (tiny.party(role) / "state").mkdir(exist_ok=True)
    until(lambda: any(each.state == state for each in register(tiny, role).runs()))
    return next(each for each in register(tiny, role).runs() if each.state == state)


def spent(tiny: Tiny, role: Role) -> list[str]:
    ledger = SQLiteLedger(tiny.party(role) / "state" / "ledger.sqlite")
    return [spend.part for spend in ledger.history(read_contract(tiny.contract).id)]


@pytest.fixture
def background() -> Iterator[futures.ThreadPoolExecutor]:
    with futures.ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "LOOK", 0.0)  # these runs are over before the second look


def test_two_runs_at_once_of_one_contract_both_finish_one_after_the_other(
        tiny: Tiny, background: futures.ThreadPoolExecutor) -> None:
    with serving(tiny.retailer):
        both = [background.submit(match, tiny.advertiser, tiny.contract) for _ in range(2)]
        assert [len(each.result(60).table.rows) for each in both] == [2, 2]
        until(lambda: [each.state for each in register(tiny, "retailer").runs()] == ["finished"] * 2)
    for role in ("advertiser", "retailer"):
        runs = register(tiny, role).runs()
        assert {run.dialled for run in runs} == {"us" if role == "advertiser" else "peer"}
        # of two that ask at the same moment either may come first
        times = sorted((run.started, run.ended) for run in runs if run.started and run.ended)
        assert [ended for _, ended in times][0] <= [started for started, _ in times][1]


def test_a_run_waits_for_one_that_another_process_of_the_party_began(
        tiny: Tiny, background: futures.ThreadPoolExecutor) -> None:
    """The retailer runs `match` by hand while its node serves the same contract."""
    with serving(tiny.retailer):
        by_hand = register(tiny, "retailer")
        contract = read_contract(tiny.contract)
        by_hand.ask("00" * 16, contract.id, 1, "ab" * 32, "us", attempts=1, queue=1)
        by_hand.move("00" * 16, "queued")
        assert by_hand.take_turn("00" * 16, 1)
        by_hand.enter("00" * 16, "sizes")
        progress = Watcher()
        running = background.submit(watched, tiny, progress)
        reaches(tiny, "retailer", "queued")
        until(lambda: "queued" in progress.peers)
        assert runs(tiny.retailer) == []
        by_hand.end("00" * 16, "finished")
        assert len(running.result(30).table.rows) == 2
        by_hand.close()


def test_two_nodes_that_dial_each_other_at_once_do_not_wait_for_each_other(
        tiny: Tiny, background: futures.ThreadPoolExecutor) -> None:
    together = threading.Barrier(2)

    def dial(role: Role) -> str:
        together.wait(10)
        try:
            match(tiny.party(role), tiny.contract)
        except BusyError:
            return "busy"
        return "finished"

    with serving(tiny.retailer), serving(tiny.advertiser):
        ends = [each.result(60) for each in [background.submit(dial, role) for role in ("advertiser", "retailer")]]
    assert "finished" in ends
    assert set(ends) <= {"finished", "busy"}


def test_a_run_begins_once_a_person_approved_it_and_its_log_says_who(
        tiny: Tiny, background: futures.ThreadPoolExecutor) -> None:
    tiny.setting("retailer", *APPROVAL)
    progress = Watcher()
    with serving(tiny.retailer):
        running = background.submit(watched, tiny, progress)
        waiting = reaches(tiny, "retailer", "awaiting_approval")
        until(lambda: "awaiting_approval" in progress.peers)
        assert runs(tiny.retailer) == []
        register(tiny, "retailer").approve(waiting.run, 1234)
        running.result(30)
        until(lambda: newest(tiny, "retailer").state == "finished")
    (run,) = runs(tiny.retailer)
    events, _ = read_log(run)
    assert (events[1].kind, events[1].fields["user"]) == (Kind.RUN_APPROVED, 1234)
    assert check_run_folder(run, {}).verified.outcome == Kind.RUN_ENDED
    assert newest(tiny, "retailer").approved_by == 1234
    assert Kind.RUN_APPROVED not in [event.kind for event in read_log(runs(tiny.advertiser)[0])[0]]


def test_a_run_that_waited_longer_than_clocks_may_differ_is_not_taken_for_a_wrong_clock(
        tiny: Tiny, background: futures.ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CLOCK_SKEW", 1)
    tiny.setting("retailer", *APPROVAL)
    with serving(tiny.retailer):
        running = background.submit(match, tiny.advertiser, tiny.contract)
        waiting = reaches(tiny, "retailer", "awaiting_approval")
        until(lambda: datetime.now(UTC) - waiting.asked > timedelta(seconds=4))
        register(tiny, "retailer").approve(waiting.run, os.getuid())
        assert len(running.result(30).table.rows) == 2


def test_a_refused_run_costs_nothing_and_both_know_why(tiny: Tiny, background: futures.ThreadPoolExecutor) -> None:
    tiny.setting("retailer", *APPROVAL)
    with serving(tiny.retailer):
        running = background.submit(match, tiny.advertiser, tiny.contract)
        register(tiny, "retailer").refuse(reaches(tiny, "retailer", "awaiting_approval").run)
        with pytest.raises(NotApprovedError):
            running.result(30)
        for role in ("advertiser", "retailer"):
            until(lambda role=role: newest(tiny, role).state == "refused")
            assert newest(tiny, role).reason == NotApprovedError.public
            assert spent(tiny, role) == []
    assert runs(tiny.retailer) == []


def test_a_run_that_nobody_approves_is_refused_in_the_end(tiny: Tiny) -> None:
    tiny.setting("retailer", APPROVAL[0], APPROVAL[1] + "\nwait_limit = 1")
    with serving(tiny.retailer):
        with pytest.raises(NotApprovedError):
            match(tiny.advertiser, tiny.contract)
        until(lambda: newest(tiny, "retailer").state == "refused")


def test_who_dials_does_not_wait_longer_than_its_own_limit(tiny: Tiny) -> None:
    tiny.setting("retailer", *APPROVAL)
    tiny.setting("advertiser", "connect_timeout = 5", "connect_timeout = 5\nwait_limit = 1")
    with serving(tiny.retailer):
        with pytest.raises(Exception, match="has waited longer than 1 s"):
            match(tiny.advertiser, tiny.contract)
        until(lambda: newest(tiny, "retailer").state == "failed")


def hours_that_begin_in(minutes: int) -> str:
    start = datetime.now(UTC) + timedelta(minutes=minutes)
    return f"{start:%H:%M}-{start + timedelta(minutes=10):%H:%M} UTC"


def test_a_run_outside_the_hours_waits_for_them(tiny: Tiny, background: futures.ThreadPoolExecutor,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.setting("retailer", "connect_timeout = 5", f'connect_timeout = 5\nhours = "{hours_that_begin_in(90)}"')
    with serving(tiny.retailer):
        running = background.submit(match, tiny.advertiser, tiny.contract)
        reaches(tiny, "retailer", "outside_hours")
        assert not running.done()
        monkeypatch.setattr(Hours, "contain", lambda *_: True)
        assert len(running.result(30).table.rows) == 2


def test_a_run_that_would_wait_too_long_for_the_hours_is_refused_at_once(tiny: Tiny) -> None:
    tiny.setting("retailer", "connect_timeout = 5",
                 f'connect_timeout = 5\nwait_limit = 60\nhours = "{hours_that_begin_in(90)}"')
    with serving(tiny.retailer):
        with pytest.raises(ClosedError):
            match(tiny.advertiser, tiny.contract)
        until(lambda: newest(tiny, "retailer").state == "refused")


CHARGED = {"gate": [], "sizes": [], "columns": ["transcript"], "open_people": ["transcript", "release"]}


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("who", ["advertiser", "retailer"])
@pytest.mark.parametrize("stage", CHARGED)
def test_a_run_is_cancelled_from_either_side_and_both_record_it(tiny: Tiny, monkeypatch: pytest.MonkeyPatch, who: Role,
                                                               stage: str) -> None:
    progress = Watcher(stage, lambda: register(tiny, who).cancel(newest(tiny, who).run))
    if who == "retailer":
        monkeypatch.setattr(servicer, "Silent", lambda: progress)
    with serving(tiny.retailer):
        with pytest.raises(RunCancelledError if who == "advertiser" else PeerCancelledError):
            watched(tiny, progress if who == "advertiser" else Watcher())
        for role in ("advertiser", "retailer"):
            until(lambda role=role: newest(tiny, role).state == "cancelled")
            found, (run,) = newest(tiny, role), runs(tiny.party(role))
            assert found.error == ("RunCancelledError" if role == who else "PeerCancelledError")
            assert sealed(run)
            last = read_log(run)[0][-1]
            assert (last.kind, last.fields["error"]) == (Kind.RUN_FAILED, found.error)
            assert result_files(run) == []
            assert spent(tiny, role)[:len(CHARGED[stage])] == CHARGED[stage]
        assert newest(tiny, who).step == stage
        monkeypatch.setattr(servicer, "Silent", Watcher)
        match(tiny.advertiser, tiny.contract)


@pytest.mark.usefixtures("_quick")
def test_in_the_last_step_a_run_is_finished_rather_than_cancelled(tiny: Tiny) -> None:
    progress = Watcher("receipt", lambda: register(tiny, "advertiser").cancel(newest(tiny, "advertiser").run))
    with serving(tiny.retailer):
        watched(tiny, progress)
        until(lambda: newest(tiny, "retailer").state == "finished")
    assert newest(tiny, "advertiser").state == "finished"


@pytest.mark.parametrize("who", ["advertiser", "retailer"])
def test_a_waiting_run_is_cancelled_from_either_side(tiny: Tiny, background: futures.ThreadPoolExecutor,
                                                     who: Role) -> None:
    tiny.setting("retailer", *APPROVAL)
    with serving(tiny.retailer):
        running = background.submit(match, tiny.advertiser, tiny.contract)
        found = reaches(tiny, "retailer", "awaiting_approval")
        register(tiny, who).cancel(found.run)
        with pytest.raises(RunCancelledError if who == "advertiser" else PeerCancelledError):
            running.result(30)
        for role in ("advertiser", "retailer"):
            until(lambda role=role: newest(tiny, role).state == "cancelled")


def test_a_peer_that_begins_and_aborts_runs_is_stopped_for_an_hour(tiny: Tiny) -> None:
    tiny.setting("retailer", "connect_timeout = 5", "connect_timeout = 5\nattempts_per_hour = 2")
    tiny.setting("retailer", "peer_silence = 20", "peer_silence = 1")
    with serving(tiny.retailer):
        for number in (1, 2):
            converse(tiny, [hello_of(tiny, bytes([number]) * 16)])
            until(lambda: newest(tiny, "retailer").state == "failed")
        with pytest.raises(AttemptsError):
            match(tiny.advertiser, tiny.contract)
    assert len(register(tiny, "retailer").runs()) == 2


def test_a_full_queue_refuses_at_once(tiny: Tiny, background: futures.ThreadPoolExecutor) -> None:
    tiny.setting("retailer", APPROVAL[0], APPROVAL[1] + "\nqueue = 1")
    with serving(tiny.retailer):
        running = background.submit(match, tiny.advertiser, tiny.contract)
        waiting = reaches(tiny, "retailer", "awaiting_approval")
        frames, _ = converse(tiny, [hello_of(tiny, bytes(range(16)))])
        assert abort_reason(frames) == ("BusyError", BusyError.public)
        register(tiny, "retailer").approve(waiting.run, os.getuid())
        assert len(running.result(30).table.rows) == 2


def padded(frame: Frame, size: int) -> Frame:
    """The same frame with `size` bytes of a field that nobody knows: protobuf keeps them."""
    body = bytes(size)
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14])
    return Frame.FromString(frame.SerializeToString() + b"\xfa\x07" + length + body)  # field 127, bytes


def test_a_hello_with_a_megabyte_around_it_ends_the_call(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    with serving(tiny.retailer):
        frames, _ = converse(tiny, [padded(hello_of(tiny, bytes(16)), limits.MAX_GREETING_BYTES)])
        assert abort_reason(frames)[0] == "PeerViolationError"
        assert f"more than {limits.MAX_GREETING_BYTES} bytes" in caplog.text
        assert register(tiny, "retailer").runs() == []


def test_who_sends_more_than_the_contract_can_need_is_stopped_before_it_is_kept(tiny: Tiny) -> None:
    """Messages that are taken one after the other, each with two thirds of a megabyte that nobody asked for."""
    link = FrameLink()
    quota = link.quota = most_received(check_plan(read_contract(tiny.contract)), "retailer")
    taken: list[int] = []

    def flood() -> Iterator[Frame]:
        while True:
            taken.append(2**20)
            yield padded(encode_signal(Signal(0, 0, State.WORKING)), 2**20)

    start_pump(link, flood()).join()
    with pytest.raises(PeerViolationError, match=f"more than {quota} bytes"):
        link.receive()
    assert sum(taken) <= quota + 2**20
    assert link._inbox_bytes == 0


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_the_quota_has_room_for_a_whole_run(tiny: Tiny, role: Role) -> None:
    with serving(tiny.retailer):
        runtime = match(tiny.advertiser, tiny.contract).results.document["runtime"]
    came = runtime["bytes_received" if role == "advertiser" else "bytes_sent"]
    quota = most_received(check_plan(read_contract(tiny.contract)), role)
    assert came < quota < came + 8 * limits.MAX_FRAME_BYTES
    assert other(role) in ("advertiser", "retailer")


def test_signals_without_a_hello_hold_a_stream_for_the_connect_timeout_only(
        tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    tiny.setting("retailer", "connect_timeout = 5", "connect_timeout = 1")
    ended = threading.Event()

    def chatter() -> Iterator[Frame]:
        while not ended.is_set():
            yield encode_signal(Signal(0, 0, State.WORKING))
            time.sleep(0.1)

    with serving(tiny.retailer):
        frames, _ = converse(tiny, chatter())
        ended.set()
    assert abort_reason(frames)[0] == "PeerUnavailableError"
    assert "no hello within 1 s" in caplog.text
