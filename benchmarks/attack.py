"""What an attack on a node costs the run that it answers: 100 connections held open, 10,000 bad messages a minute.

    python benchmarks/attack.py [--rows 100000] [--repeats 3] [--folder DIR]

Strangers hold TCP connections and start TLS handshakes on them; the pinned peer itself sends frames that are no hello,
each in a stream of its own. Runs with and without the attack take turns; medians and their ratio are printed. The
attackers run on the same machine, so part of what is seen is their own work.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc

from cleanroom.adapters.bench_data import write_bench_parties
from cleanroom.adapters.key_files import load_keys
from cleanroom.adapters.synth.generate import TERMS_NAME
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.pair import COMMAND, agree, free_addresses, running_node
from cleanroom.node import tls
from cleanroom.v1 import node_pb2_grpc
from cleanroom.v1.node_pb2 import Frame

CONNECTIONS = 100
MESSAGES_A_MINUTE = 10_000
SENDERS = 4
CLIENT_HELLO = bytes.fromhex("16030100")  # the beginning of a TLS record, never finished
PROCESSES = multiprocessing.get_context("spawn")


def hold(address: str) -> None:
    """Keep CONNECTIONS open; whenever the node closes one, open another."""
    host, _, port = address.rpartition(":")
    held: list[socket.socket] = []
    while True:
        while len(held) < CONNECTIONS:
            opened = socket.create_connection((host, int(port)), timeout=5)
            opened.setblocking(False)
            with suppress(OSError):
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


def send_bad_messages(address: str, party: str, peer: str, count: multiprocessing.Value) -> None:
    """As the pinned peer: frames that are no hello, each in a stream of its own."""
    keys = load_keys(Path(party) / "keys", "advertiser", SystemClock())
    own_key, own = keys.tls_pem()
    theirs = load_keys(Path(peer) / "keys", "retailer", SystemClock()).certificate_der()
    with tls.channel(address, "retailer", own_key, own, theirs) as channel:
        stub = node_pb2_grpc.NodeStub(channel)
        for _ in range(SENDERS):
            threading.Thread(target=send, args=(stub, count), daemon=True).start()
        threading.Event().wait()


def send(stub: node_pb2_grpc.NodeStub, count: multiprocessing.Value) -> None:
    """One of SENDERS, at its share of the rate."""
    due = time.monotonic()
    while True:
        with suppress(grpc.RpcError):
            for _ in stub.Exchange(iter([Frame(step=7)]), timeout=10):
                pass
        with count.get_lock():
            count.value += 1
        due += SENDERS * 60 / MESSAGES_A_MINUTE
        time.sleep(max(0.0, due - time.monotonic()))


@contextmanager
def attack(address: str, parties: Path) -> Iterator[multiprocessing.Value]:
    """Both attacks while the context is open; gives the number of messages sent so far."""
    count = PROCESSES.Value("Q", 0)
    attackers = [PROCESSES.Process(target=hold, args=(address,)),
                 PROCESSES.Process(target=send_bad_messages,
                                   args=(address, str(parties / "advertiser"), str(parties / "retailer"), count))]
    for each in attackers:
        each.start()
    try:
        while not count.value:
            time.sleep(0.1)
        yield count
    finally:
        for each in attackers:
            each.kill()
            each.join()


def run(folder: Path, rows: int, *, attacked: bool) -> tuple[float, float]:
    """Seconds of a whole `cleanroom match`, and how many bad messages a minute arrived meanwhile."""
    addresses = free_addresses()
    write_bench_parties(folder, rows, addresses)
    contract = folder / "contract.toml"
    agree({"advertiser": folder / "advertiser", "retailer": folder / "retailer"}, folder / TERMS_NAME, contract)
    with running_node(folder / "retailer"):
        if not attacked:
            return timed(folder, contract), 0.0
        with attack(addresses[1], folder) as count:
            before, seconds = count.value, timed(folder, contract)
            return seconds, 60 * (count.value - before) / seconds


def timed(folder: Path, contract: Path) -> float:
    """Seconds of one run as its initiator."""
    started = time.monotonic()
    subprocess.run([*COMMAND, "match", str(folder / "advertiser"), "--contract", str(contract)],  # noqa: S603 - ours
                   check=True, capture_output=True)
    return time.monotonic() - started


def main() -> None:
    """Take turns, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    calm, attacked, rates = [], [], []
    with tempfile.TemporaryDirectory(dir=asked.folder) as top:
        for number in range(asked.repeats):
            calm.append(run(Path(top) / f"calm{number}", asked.rows, attacked=False)[0])
            seconds, rate = run(Path(top) / f"attacked{number}", asked.rows, attacked=True)
            attacked.append(seconds)
            rates.append(rate)
            print(f"calm {calm[-1]:.1f} s, attacked {seconds:.1f} s by {rate:,.0f} bad messages a minute", flush=True)
    ratio = statistics.median(attacked) / statistics.median(calm)
    print(f"median {statistics.median(calm):.1f} s and {statistics.median(attacked):.1f} s: {100 * (ratio - 1):+.0f} %")


if __name__ == "__main__":
    main()
