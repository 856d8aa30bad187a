"""Nodes in this process on loopback: real gRPC and TLS, arithmetic in the calling thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from tiny import Tiny, result_files, runs

from cleanroom import limits
from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.key_files import PartyKeys, load_keys
from cleanroom.adapters.progress import Silent
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.events import Kind
from cleanroom.audit.head import HEAD_NAME
from cleanroom.cli.evidence import check_run_folder
from cleanroom.contract.model import Role
from cleanroom.node import tls
from cleanroom.node.client import Dial
from cleanroom.node.link import FrameLink
from cleanroom.node.local import Finished, LocalNode
from cleanroom.node.server import NodeServer
from cleanroom.v1 import node_pb2_grpc
from cleanroom.v1.match_pb2 import Account, Hello, Sizes
from cleanroom.v1.node_pb2 import Frame

Tamper = Callable[[Iterator[Frame]], Iterator[Frame]]


class OneProcess(SerialExecutor):
    """In place of `ProcessExecutor`: the lists here are a few hundred rows."""

    def __init__(self, workers: int) -> None:
        self.asked = workers

    def close(self) -> None:
        """Nothing to end."""


@contextmanager
def serving(party: Path) -> Iterator[NodeServer]:
    """A listening node of a party."""
    with LocalNode(party) as node:
        server = NodeServer(node)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def match(party: Path, contract: Path) -> Finished:
    """One run as its initiator, without a display."""
    from cleanroom.adapters.contract_files import read_contract

    with LocalNode(party) as node:
        agreed = read_contract(contract)
        node.check(agreed)
        with Dial(node, agreed) as dial:
            dial.reach()
            return node.execute(agreed, node.new_run(), Silent(), dial.link, initiator=True)


def tampered(tamper: Tamper) -> type[FrameLink]:
    """A link whose sent messages pass through `tamper` after they were counted. It gives no signals."""

    class Tampered(FrameLink):
        def outgoing(self) -> Iterator[Frame]:
            yield from tamper(frame for frame in super().outgoing() if frame.WhichOneof("body") != "signal")

    return Tampered


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for another thread or process. AssertionError when it never happens."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def sealed(run: Path) -> bool:
    return (run / HEAD_NAME).exists()


def failed_runs(tiny: Tiny, role: Role, error: str = "") -> list[Path]:
    """Every run of a party, each checked to be a sealed failure (by `error`) that left nothing else."""
    found = runs(tiny.party(role))
    for run in found:
        until(lambda run=run: sealed(run))
        assert check_run_folder(run, {}).verified.outcome == Kind.RUN_FAILED
        assert {path.name for path in run.iterdir()} == {"audit.jsonl", "audit.head.json", "contract.json"}
        assert error in read_log(run)[0][-1].fields["error"]
    assert result_files(tiny.party(role)) == []
    return found


def keys_of(tiny: Tiny, role: Role) -> PartyKeys:
    return load_keys(tiny.party(role) / "keys", role, SystemClock())


def channel(tiny: Tiny, caller: Role, callee: Role, keys: PartyKeys | None = None) -> grpc.Channel:
    """A channel as `caller`'s node opens it, with other keys if given."""
    key, certificate = (keys or keys_of(tiny, caller)).tls_pem()
    return tls.channel(tiny.addresses[callee], callee, key, certificate, keys_of(tiny, callee).certificate_der())


def converse(tiny: Tiny, frames: Iterable[Frame], caller: Role = "advertiser", callee: Role = "retailer",
             seconds: float = 15) -> tuple[list[Frame], grpc.StatusCode]:
    """Send frames to a node as its peer; all messages that it answers, and how the call ended."""
    received: list[Frame] = []
    with channel(tiny, caller, callee) as opened:
        call = node_pb2_grpc.NodeStub(opened).Exchange(iter(frames), timeout=seconds)
        try:
            received.extend(frame for frame in call if frame.WhichOneof("body") != "signal")
        except grpc.RpcError as error:
            return received, error.code()
        return received, call.code()


def abort_reason(frames: list[Frame]) -> tuple[str, str]:
    """Code and public reason of the abort that ends an answer."""
    aborts = [frame.abort for frame in frames if frame.WhichOneof("body") == "abort"]
    assert aborts, "the node gave no reason"
    return aborts[0].code, aborts[0].reason


def hello_of(tiny: Tiny, run_id: bytes, **changes: object) -> Frame:
    """The advertiser's first frame, as an honest node would send it but for `changes`."""
    from cleanroom.adapters.contract_files import read_contract
    from cleanroom.contract.parse import contract_hash

    fields = {"version": limits.PROTOCOL_VERSION, "oldest": limits.OLDEST_PROTOCOL, "software": "0",
              "role": "advertiser",
              "contract": contract_hash(read_contract(tiny.contract)),
              "run": run_id, "nonce": bytes([7]) * 32, "unix_time": int(SystemClock().now().timestamp())}
    return Frame(sequence=0, step=0, hello=Hello(**{**fields, **changes}))


def account_frame() -> Frame:
    """The advertiser's second frame: a ledger without an entry of this contract."""
    return Frame(sequence=1, step=2, account=Account())


def sizes_frame(**changes: object) -> Frame:
    """The advertiser's third frame, as an honest node would send it but for `changes`."""
    fields = {"rows": [150, 150], "blinding_key": bytes([9, *bytes(31)])}
    return Frame(sequence=2, step=4, sizes=Sizes(**{**fields, **changes}))


@contextmanager
def converse_slowly(tiny: Tiny) -> Iterator[grpc.Call]:
    """An advertiser that greets the retailer's node, then says nothing more while the context is open."""
    done = threading.Event()

    def frames() -> Iterator[Frame]:
        yield hello_of(tiny, SystemClock().now().strftime("%Y%m%d%H%M%S%f").ljust(32, "0").encode()[:16])
        done.wait(30)

    with channel(tiny, "advertiser", "retailer") as opened:
        call = node_pb2_grpc.NodeStub(opened).Exchange(frames())  # a call nobody holds is cancelled
        yield call
        done.set()
