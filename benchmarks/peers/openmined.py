"""One party of OpenMined PSI: rank 0 is its client, which learns the matches or their number.

The variant is STRUCTURE-WHAT: GCS, RAW or BLOOM_FILTER, and rows or size.
"""

from __future__ import annotations

import socket
import time

import private_set_intersection.python as psi
from party import Party, party

FALSE_POSITIVES = 1e-9  # of a whole run, where the structure is a probabilistic one
PATIENCE = 60.0


class Wire:
    """Messages with their lengths over one connection; counts what it sends."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self.sent = connection, 0
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, message: bytes) -> None:
        """Send one message."""
        self._connection.sendall(len(message).to_bytes(8, "little") + message)
        self.sent += 8 + len(message)

    def receive(self) -> bytes:
        """The next message. EOFError when the other party went away."""
        return self._read(int.from_bytes(self._read(8), "little"))

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self._connection.recv(min(size - len(data), 1 << 20))
            if not part:
                raise EOFError
            data += part
        return bytes(data)


def server(wire: Wire, own: Party) -> None:
    """Its messages: the encrypted set, and the client's items encrypted once more."""
    structure, what = own.variant.split("-")
    wire.receive()
    started = time.monotonic()
    side = psi.server.CreateWithNewKey(what == "rows")
    items = int.from_bytes(wire.receive(), "little")
    wire.send(side.CreateSetupMessage(FALSE_POSITIVES, items, own.keys(),
                                      psi.DataStructure[structure]).SerializeToString())
    request = psi.Request()
    request.ParseFromString(wire.receive())
    wire.send(side.ProcessRequest(request).SerializeToString())
    own.report(started, None, wire.sent)


def client(wire: Wire, own: Party) -> None:
    """It prepares its request while the server prepares its set."""
    what = own.variant.split("-")[1]
    wire.send(b"ready")
    started = time.monotonic()
    side, keys = psi.client.CreateWithNewKey(what == "rows"), own.keys()
    wire.send(len(keys).to_bytes(8, "little"))
    request = side.CreateRequest(keys).SerializeToString()
    setup, response = psi.ServerSetup(), psi.Response()
    setup.ParseFromString(wire.receive())
    wire.send(request)
    response.ParseFromString(wire.receive())
    rows = what == "rows"
    matches = len(side.GetIntersection(setup, response)) if rows else side.GetIntersectionSize(setup, response)
    own.report(started, matches, wire.sent)


def connected(own: Party) -> socket.socket:
    """The connection of the two parties: the server listens, the client tries until it does."""
    address = ("127.0.0.1", own.ports[0])
    if own.rank == 1:
        with socket.create_server(address) as listening:
            return listening.accept()[0]
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(address)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    me = party()
    with connected(me) as opened:
        (client if me.rank == 0 else server)(Wire(opened), me)
