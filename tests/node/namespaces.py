"""Two network namespaces joined by a bad network: delay, loss and a rate, IP packet by IP packet.

Each namespace has one TUN device; a thread carries packets between them. It does what `tc netem` does, on kernels that
lack it as well, and it can count and cut. Needs root.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from cleanroom.contract.model import Role

ADDRESSES: Final[dict[Role, str]] = {"advertiser": "10.77.0.1", "retailer": "10.77.0.2"}
_TUNSETIFF: Final = 0x400454CA
_TUN_WITHOUT_HEADER: Final = 0x0001 | 0x1000  # IFF_TUN | IFF_NO_PI
_MTU: Final = 9000
_MOST_WAITING: Final = 256  # packets in a direction; further ones are dropped, as a router would


def missing() -> str:
    """Why this machine cannot have a bad network; nothing when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "the command ip (iproute2) is not here"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun is not here"
    return "" if subprocess.run(["unshare", "--net", "true"], check=False).returncode == 0 else "no new namespaces here"


@dataclass
class Line:
    """One direction: `delay` in seconds, `loss` as a share of packets, `rate` in bytes a second."""

    delay: float
    loss: float
    rate: float
    carried: int = 0
    lost: int = 0
    free: float = 0.0  # when the line can take the next packet
    waiting: list[tuple[float, int, bytes]] = field(default_factory=list)

    def take(self, packet: bytes, now: float, chance: random.Random) -> None:
        """Keep a packet until it is due, or drop it."""
        if chance.random() < self.loss or len(self.waiting) >= _MOST_WAITING:
            self.lost += 1
            return
        self.free = max(now, self.free) + len(packet) / self.rate
        self.carried += 1
        heapq.heappush(self.waiting, (self.free + self.delay, self.carried, packet))


class BadNetwork:
    """Namespaces `cr-<role>-<pid>` with the addresses of ADDRESSES, while the context is open."""

    def __init__(self, delay: float, loss: float, rate: float, seed: int) -> None:
        self.lines: dict[Role, Line] = {role: Line(delay, loss, rate) for role in ADDRESSES}  # by the sending side
        self.cut = threading.Event()  # while set, nothing gets through
        self._chance = random.Random(seed)
        self._ended = threading.Event()
        self._devices: dict[Role, int] = {}
        self._thread = threading.Thread(target=self._carry, name="bad-network", daemon=True)

    def __enter__(self) -> Self:
        for role, address in ADDRESSES.items():
            self._devices[role] = _device(self.namespace(role), f"{address}/24")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        for role, device in self._devices.items():
            os.close(device)
            _ip("netns", "del", self.namespace(role))

    def namespace(self, role: Role) -> str:
        """Name of a side's namespace."""
        return f"cr-{role[:4]}-{os.getpid()}"

    def command(self, role: Role, *words: str) -> list[str]:
        """A command line that runs `words` on a side."""
        return ["ip", "netns", "exec", self.namespace(role), *words]

    def _carry(self) -> None:
        other = dict(zip(self._devices, reversed(self._devices.values()), strict=True))
        role_of = {device: role for role, device in self._devices.items()}
        while not self._ended.is_set():
            for device in select.select(list(role_of), [], [], self._patience())[0]:
                packet = os.read(device, _MTU + 100)
                if not self.cut.is_set():
                    self.lines[role_of[device]].take(packet, time.monotonic(), self._chance)
            for role, line in self.lines.items():
                while line.waiting and line.waiting[0][0] <= time.monotonic():
                    os.write(other[role], heapq.heappop(line.waiting)[2])

    def _patience(self) -> float:
        due = [line.waiting[0][0] - time.monotonic() for line in self.lines.values() if line.waiting]
        return max(0.0, min([0.05, *due]))


def _device(namespace: str, address: str) -> int:
    name = f"tun{namespace[3:4]}{os.getpid()}"[:15]
    _ip("netns", "add", namespace)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name.encode(), _TUN_WITHOUT_HEADER))
    _ip("link", "set", name, "netns", namespace)
    for words in (("addr", "add", address, "dev", name), ("link", "set", name, "mtu", str(_MTU), "up"),
                  ("link", "set", "lo", "up")):
        _ip("-n", namespace, *words)
    return device


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
