"""A TCP proxy in front of a node that cuts connections: after so many bytes of a direction, or when told to."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Literal

from loopback import free_port
from tiny import Tiny, edit

Direction = Literal["up", "down"]  # from who dials, or to it


class Proxy:
    """Listens on `address` for the node at `target`. `cuts`: for each connection in turn after how many bytes of which
    direction it is reset; later connections are left alone."""

    def __init__(self, address: str, target: str, cuts: Sequence[tuple[Direction, int]]) -> None:
        self._target, self._cuts = target.rsplit(":", 1), list(cuts)
        self._listener = socket.create_server(("127.0.0.1", int(address.rsplit(":", 1)[1])))
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.passed = {"up": 0, "down": 0}
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _reset(end)

    def close(self) -> None:
        _reset(self._listener)  # closing alone does not wake who waits in `accept`
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                self._join(caller)

    def _join(self, caller: socket.socket) -> None:
        try:
            node = socket.create_connection((self._target[0], int(self._target[1])))
        except OSError:
            _reset(caller)
            return
        with self._lock:
            self._pairs.append((caller, node))
        bound: list[tuple[Direction, int] | None] = [None]  # taken by the first connection that carries a run
        for source, sink, direction in ((caller, node, "up"), (node, caller, "down")):
            threading.Thread(target=self._pass, args=(source, sink, direction, bound), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, direction: Direction, bound: list) -> None:
        count = 0
        with suppress(OSError):
            while data := source.recv(4096):
                count += len(data)
                self.passed[direction] += len(data)
                with self._lock:
                    if bound[0] is None and self._cuts:
                        bound[0] = self._cuts.pop(0)
                        self.connections += 1
                if bound[0] is not None and bound[0][0] == direction and count > bound[0][1]:
                    break
                sink.sendall(data)
        for end in (source, sink):
            _reset(end)


@contextmanager
def proxied(tiny: Tiny, cuts: Sequence[tuple[Direction, int]] = ()) -> Iterator[Proxy]:
    """The retailer's node behind a proxy: the advertiser dials the proxy."""
    address = f"127.0.0.1:{free_port()}"
    edit(tiny.advertiser / "party.toml", f'peer = "{tiny.addresses["retailer"]}"', f'peer = "{address}"')
    proxy = Proxy(address, tiny.addresses["retailer"], cuts)
    try:
        yield proxy
    finally:
        proxy.close()


def _reset(end: socket.socket) -> None:
    """Close at once, without the usual goodbye."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        end.close()
