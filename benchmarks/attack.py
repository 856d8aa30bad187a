"""What an attack on a node costs the run that it answers: 100 connections held open, 10,000 bad messages a minute.

    python benchmarks/attack.py [--rows 100000] [--repeats 3] [--folder DIR]

Strangers hold TCP connections and start TLS handshakes on them; the pinned peer itself sends frames that are no hello,
each in a stream of its own, as soon as its run has begun. Runs with and without the attack take turns; medians of the
time from there to the end are printed, and their ratio. The attackers stand for other machines: here they have the
lowest priority, so they take time from a run only where the cores have none to spare. What they took is printed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import grpc
from idle import used

from cleanroom.adapters.bench_data import write_bench_parties
from cleanroom.adapters.key_files import load_keys
from cleanroom.adapters.run_files import STATE_NAME
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.synth.generate import TERMS_NAME
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.pair import COMMAND, agree, free_addresses, running_node
from cleanroom.node import tls
from cleanroom.v1 import node_pb2_grpc
from cleanroom.v1.node_pb2 import Frame

CONNECTIONS = 100
MESSAGES_A_MINUTE = 10_000
SENDERS = 4
LOWEST = 19  # priority
START_SECONDS = 5.0  # for the attackers to load what they need
CLIENT_HELLO = bytes.fromhex("16030100")  # the beginning of a TLS record, never finished
PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Attack:
    """`begin` lets both attacks go; how many were `sent`, and the processor seconds `used` so far."""

    begin: Event
    sent: Callable[[], int]
    used: Callable[[], float]


def hold(address: str, begin: Event) -> None:
    """Keep CONNECTIONS open; whenever the node closes one, open another."""
    os.nice(LOWEST)
    begin.wait()
    host, _, port = address.rpartition(":")
    held: list[socket.socket] = []
    while True:
        while len(held) < CONNECTIONS:
            with suppress(OSError):
                opened = socket.create_connection((host, int(port)), timeout=5)
                opened.setblocking(False)
                opened.send(CLIENT_HELLO)
                held.append(opened)
        time.sleep(0.2)
        held = [each for each in held if not closed(each)]


def closed(opened: socket.socket) -> bool:
    """Whether the other end has closed it."""
    try:
        return opened.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def send_bad_messages(address: str, party: str, peer: str, begin: Event, count: multiprocessing.Value) -> None:
    """As the pinned peer: frames that are no hello, each in a stream of its own."""
    os.nice(LOWEST)
    keys = load_keys(Path(party) / "keys", "advertiser", SystemClock())
    own_key, own = keys.tls_pem()
    theirs = load_keys(Path(peer) / "keys", "retailer", SystemClock()).certificate_der()
    with tls.channel(address, "retailer", own_key, own, theirs) as channel:
        stub = node_pb2_grpc.NodeStub(channel)
        for _ in range(SENDERS):
            threading.Thread(target=send, args=(stub, begin, count), daemon=True).start()
        threading.Event().wait()


def send(stub: node_pb2_grpc.NodeStub, begin: Event, count: multiprocessing.Value) -> None:
    """One of SENDERS, at its share of the rate."""
    begin.wait()
    due = time.monotonic()
    while True:
        if refused(stub):
            with count.get_lock():
                count.value += 1
        due += SENDERS * 60 / MESSAGES_A_MINUTE
        time.sleep(max(0.0, due - time.monotonic()))


def refused(stub: node_pb2_grpc.NodeStub) -> bool:
    """Send one; whether the node has taken it, and answered it with an abort or unread."""
    try:
        return [frame.WhichOneof("body") for frame in stub.Exchange(iter([Frame(step=7)]), timeout=10)] == ["abort"]
    except grpc.RpcError as error:
        return error.details() == "too many calls"


@contextmanager
def attackers(address: str, parties: Path) -> Iterator[Attack]:
    """Those of both attacks, ready to begin."""
    begin, count = PROCESSES.Event(), PROCESSES.Value("Q", 0)
    both = [PROCESSES.Process(target=hold, args=(address, begin)),
            PROCESSES.Process(target=send_bad_messages, args=(
                address, str(parties / "advertiser"), str(parties / "retailer"), begin, count))]
    for each in both:
        each.start()
    time.sleep(START_SECONDS)
    try:
        yield Attack(begin, lambda: count.value, lambda: sum(used(each.pid) for each in both))
        if not all(each.is_alive() for each in both):
            sys.exit("an attacker has died")
    finally:
        for each in both:
            each.kill()
            each.join()


@contextmanager
def running_match(folder: Path, contract: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`cleanroom match` as the initiator, from the moment that the node answers its run."""
    runs = RunRegister(folder / "retailer" / STATE_NAME, SystemClock())
    command = [*COMMAND, "match", str(folder / "advertiser"), "--contract", str(contract)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as match:  # noqa: S603 - ours
        while match.poll() is None and not any(run.step for run in runs.runs()):
            time.sleep(0.02)
        yield match
        if match.wait():
            sys.exit("the run failed: see what `cleanroom runs list` says of it")


def run(folder: Path, rows: int, *, attacked: bool) -> tuple[float, float, float, float]:
    """Seconds of the rest of a run, the node's processor seconds meanwhile, bad messages a minute, and the attackers'
    processor seconds."""
    addresses = free_addresses()
    write_bench_parties(folder, rows, addresses)
    contract = folder / "contract.toml"
    agree({"advertiser": folder / "advertiser", "retailer": folder / "retailer"}, folder / TERMS_NAME, contract)
    with running_node(folder / "retailer") as node, attackers(addresses[1], folder) as attack, \
            running_match(folder, contract) as match:
        started, busy, worked = time.monotonic(), attack.used(), used(node.pid)
        if attacked:
            attack.begin.set()
        while match.poll() is None:
            time.sleep(0.02)
        seconds = time.monotonic() - started
        return seconds, used(node.pid) - worked, 60 * attack.sent() / seconds, attack.used() - busy


def main() -> None:
    """Take turns, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    calm, attacked = [], []
    with tempfile.TemporaryDirectory(dir=asked.folder) as top:
        for number in range(asked.repeats):
            calm_seconds, calm_work, *_ = run(Path(top) / f"calm{number}", asked.rows, attacked=False)
            seconds, work, rate, busy = run(Path(top) / f"attacked{number}", asked.rows, attacked=True)
            calm.append(calm_seconds)
            attacked.append(seconds)
            print(f"calm {calm_seconds:.1f} s, attacked {seconds:.1f} s by {rate:,.0f} bad messages a minute; "
                  f"processor time of the node {calm_work:.1f} s and {work:.1f} s, of the attackers {busy:.1f} s",
                  flush=True)
    ratio = statistics.median(attacked) / statistics.median(calm)
    print(f"median {statistics.median(calm):.1f} s and {statistics.median(attacked):.1f} s: {100 * (ratio - 1):+.0f} %")


if __name__ == "__main__":
    main()
