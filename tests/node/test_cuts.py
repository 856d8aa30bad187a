"""A network that cuts: both nodes live on, the run goes on over another stream and is the same run to its end."""

from __future__ import annotations

import random

import pytest
from live import abort_reason, channel, converse, hello_of, match, serving, until
from proxy import Direction, proxied
from tiny import Tiny, runs

from cleanroom import limits
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.progress import Silent
from cleanroom.cli.evidence import check_run_folder
from cleanroom.contract.model import Role
from cleanroom.errors import PeerLostError
from cleanroom.node import live
from cleanroom.node.client import Dial
from cleanroom.node.link import FrameLink
from cleanroom.node.local import LocalNode
from cleanroom.session.script import SCRIPT
from cleanroom.v1 import node_pb2_grpc
from cleanroom.v1.node_pb2 import Frame
from cleanroom.wire.transport import Resume, encode_resume

STEPS = list(dict.fromkeys(step.name for step in SCRIPT))
QUICK = {"hello", "sizes", "columns", "open_people", "receipt"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REDIAL_FIRST", 0.05)
    monkeypatch.setattr(limits, "REDIAL_MOST", 0.2)


def check_one_whole_run(tiny: Tiny) -> None:
    """One run, finished on both sides, with one table, both signatures, one charge of each part."""
    until(lambda: bool(runs(tiny.retailer)) and (runs(tiny.retailer)[0] / "record.csv").exists())
    ours, theirs = runs(tiny.advertiser), runs(tiny.retailer)
    assert [run.name for run in ours] == [run.name for run in theirs]
    assert len(ours) == 1
    for name in ("table.json", "receipt.json"):
        assert (ours[0] / name).read_bytes() == (theirs[0] / name).read_bytes()
    for role in ("advertiser", "retailer"):
        run = runs(tiny.party(role))[0]
        assert check_run_folder(run, {}).verified.outcome == "run_ended"
        assert charges(tiny, role) == ["transcript", "release"]


def charges(tiny: Tiny, role: Role) -> list[str]:
    ledger = SQLiteLedger(tiny.party(role) / "state" / "ledger.sqlite")
    return [each.part for each in ledger.history(read_contract(tiny.contract).id) if each.origin == "own"]


class CutAt(Silent):
    """Cuts the connection when a step of the run begins or has its first message."""

    def __init__(self, step: str, cut: object) -> None:
        self._step, self._cut, self._now = step, cut, ""

    def stage(self, name: str, total: int) -> None:
        self._now = name
        self._strike()

    def advance(self, amount: int) -> None:
        self._strike()

    def _strike(self) -> None:
        if self._now == self._step:
            self._step = "" if self._now == "gate" else self._step
            self._cut()


@pytest.mark.parametrize("step", [pytest.param(step, marks=() if step in QUICK else pytest.mark.soak)
                                  for step in STEPS])
def test_a_cut_at_a_step_does_not_end_the_run(tiny: Tiny, step: str) -> None:
    with serving(tiny.retailer), proxied(tiny) as proxy, LocalNode(tiny.advertiser) as node:
        agreed = read_contract(tiny.contract)
        with Dial(node, agreed) as dial:
            finished = node.execute(agreed, node.new_run(), CutAt(step, proxy.cut), dial.link, initiator=True)
        assert len(finished.table.rows) == 2
        check_one_whole_run(tiny)


def random_cuts(seed: int) -> list[tuple[Direction, int]]:
    """Connections of a tiny run carry some 400 kB up and 3 MB down; the handshake alone some 3 kB."""
    chance = random.Random(seed)
    return [(direction, chance.randrange(0, 200_000 if direction == "up" else 1_500_000))
            for direction in (chance.choice(("up", "down")) for _ in range(4))]


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=() if seed < 3 else pytest.mark.soak) for seed in range(40)])
def test_cuts_at_random_bytes_in_both_directions_do_not_end_the_run(tiny: Tiny, seed: int) -> None:
    with serving(tiny.retailer), proxied(tiny, random_cuts(seed)):
        match(tiny.advertiser, tiny.contract)
        check_one_whole_run(tiny)


def test_what_is_sent_again_after_a_cut_fits_the_window(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every frame that goes out is counted: only those which the peer did not have go out twice."""
    sent: list[tuple[int, bytes]] = []
    plain = FrameLink._next

    def counted(link: FrameLink, stream: int) -> Frame | None:
        frame = plain(link, stream)
        if frame is not None and frame.WhichOneof("body") not in {"signal", "resume"}:
            sent.append((id(link), frame.SerializeToString(deterministic=True)))
        return frame

    monkeypatch.setattr(FrameLink, "_next", counted)
    with serving(tiny.retailer), proxied(tiny, [("down", 100_000), ("down", 200_000)]) as proxy:
        match(tiny.advertiser, tiny.contract)
        check_one_whole_run(tiny)
        assert proxy.connections == 2
    twice = len(sent) - len(set(sent))
    assert twice <= 2 * 64  # two cuts; gRPC and the sockets hold less than that of a tiny run
    by_number: dict[tuple[int, int], set[bytes]] = {}
    for link, data in sent:
        by_number.setdefault((link, Frame.FromString(data).sequence), set()).add(data)
    assert all(len(forms) == 1 for forms in by_number.values())  # the same bytes, never others under the same number


def test_a_peer_that_does_not_come_back_ends_the_run_after_the_silence(tiny: Tiny) -> None:
    for role in ("advertiser", "retailer"):
        tiny.setting(role, "peer_silence = 20", "peer_silence = 2")
    with serving(tiny.retailer), proxied(tiny) as proxy, LocalNode(tiny.advertiser) as node:
        agreed = read_contract(tiny.contract)
        with Dial(node, agreed) as dial, pytest.raises(PeerLostError, match=r"silent for 2 s in step .*last heard"):
            node.execute(agreed, node.new_run(), CutAt("blinded_cells", proxy.close), dial.link, initiator=True)


def resume(tiny: Tiny, run: bytes, received: int, caller: Role = "advertiser") -> list[Frame]:
    return converse(tiny, [encode_resume(Resume(run, received))], caller)[0]


def test_nobody_goes_on_with_a_run_that_is_not_here(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
        until((runs(tiny.retailer)[0] / "record.csv").exists)
        known = bytes.fromhex(runs(tiny.retailer)[0].name)
        answers = {abort_reason(resume(tiny, run, received)) for run, received in (
            (known, 0), (known, 3), (bytes(16), 5))}
    assert answers == {("ResumeError", "the run cannot be resumed")}


def test_a_run_goes_on_with_the_peer_of_its_contract_and_nobody_else(tiny: Tiny) -> None:
    runs_here, link, contract = live.LiveRuns(), FrameLink(), read_contract(tiny.contract)
    with runs_here.kept(b"r" * 16, contract, link):
        assert runs_here.find(b"r" * 16, lambda each: each is contract) is link
        assert runs_here.find(b"r" * 16, lambda _: False) is None
        assert runs_here.find(b"x" * 16, lambda _: True) is None
    assert runs_here.find(b"r" * 16, lambda _: True) is None


def test_a_stream_that_only_one_side_saw_die_is_replaced(tiny: Tiny) -> None:
    """Half-open: the node still holds the first stream when its caller comes back on a second one."""
    run = bytes(range(16))
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as one:
        first = node_pb2_grpc.NodeStub(one).Exchange(iter([hello_of(tiny, run)]))
        until(lambda: any(frame.WhichOneof("body") == "hello" for frame in first))
        with channel(tiny, "advertiser", "retailer") as two:
            second = node_pb2_grpc.NodeStub(two).Exchange(iter([encode_resume(Resume(run, 0))]))
            assert next(second).WhichOneof("body") == "resume"
            assert next(second).WhichOneof("body") in {"hello", "signal"}
            assert {frame.WhichOneof("body") for frame in first} <= {"signal"}  # ends: the node has let it go


def test_a_claim_to_have_what_was_never_sent_ends_the_run(tiny: Tiny) -> None:
    run = bytes(range(16))
    with serving(tiny.retailer), channel(tiny, "advertiser", "retailer") as opened:
        first = node_pb2_grpc.NodeStub(opened).Exchange(iter([hello_of(tiny, run)]))
        assert next(first).WhichOneof("body") == "signal"
        until(lambda: bool(runs(tiny.retailer)))
        resume(tiny, run, 99)
        until(lambda: any((each / "audit.head.json").exists() for each in runs(tiny.retailer)))
        assert b"PeerViolationError" in (runs(tiny.retailer)[0] / "audit.jsonl").read_bytes()
