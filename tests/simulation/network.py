"""gRPC in memory: the node's own service and client over streams that can be delayed, doubled, muted and cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from math import inf
from types import SimpleNamespace
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2
from world import Process, World

from cleanroom.contract.model import Role, other
from cleanroom.node.servicer import Servicer
from cleanroom.v1.node_pb2 import Frame

KEEPALIVE: Final = 40.0  # seconds after which gRPC gives up a stream on which nothing comes back: node/tls.py
ROOM: Final = 12  # frames under way before the sender has to wait
SLOWEST: Final = 0.03  # seconds of a frame on its way
_CALLS: Final = 8  # streams a node serves at once: node/server.py

Tap = Callable[[Role, bytes, Frame], None]  # who sends, of which run, what


class Broken(grpc.RpcError):
    """The end of a call that failed."""

    def __init__(self, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        super().__init__(code.name)
        self._code = code

    def code(self) -> grpc.StatusCode:
        """See `grpc.Call`."""
        return self._code

    def details(self) -> str:
        """See `grpc.Call`."""
        return self._code.name


class Pipe:
    """One direction of a stream."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._frames: deque[tuple[float, bytes]] = deque()
        self._last = 0.0
        self.closed = False
        self.error: Broken | None = None

    def put(self, data: bytes, delay: float) -> None:
        """Wait for room, then send."""
        self._world.wait(lambda: len(self._frames) < ROOM or self.error is not None)
        self._last = max(self._last, self._world.now + delay)
        self._frames.append((self._last, data))

    def get(self) -> bytes | None:
        """The next frame; None at the end. Broken when the stream is."""
        while True:
            if self._frames and self._frames[0][0] <= self._world.now:
                return self._frames.popleft()[1]
            if self.error is not None:
                raise self.error
            if self.closed and not self._frames:
                return None
            due = self._frames[0][0] - self._world.now if self._frames else inf
            self._world.wait(lambda due=due: self.error is not None
                             or (due == inf and (bool(self._frames) or self.closed)), due)

    def fail(self, error: Broken) -> None:
        """What is still on its way is lost."""
        self.error = self.error or error
        while self._frames and self._frames[-1][0] > self._world.now:
            self._frames.pop()


class Stream:
    """A call of `Exchange`: frames up from the caller and down to it."""

    def __init__(self, network: Network, caller: Process, callee: Process | None) -> None:
        self.ends = {caller, callee}
        self.up, self.down = Pipe(network.world), Pipe(network.world)
        self.mute = False
        self.run = b""
        self._network = network

    def fail(self, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        """Both ends learn that it is over."""
        for pipe in (self.up, self.down):
            pipe.fail(Broken(code))

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self.down.error is not None or self.down.closed

    def send(self, pipe: Pipe, sender: Role, frame: Frame) -> None:
        """One frame on its way, unless a fault strikes it."""
        network, data = self._network, frame.SerializeToString(deterministic=True)
        self.run = self.run or frame.hello.run or frame.resume.run
        network.tap(sender, self.run, frame)
        copies, delay = network.trouble.frame(sender, self)
        if not self.mute and pipe.error is None:
            for _ in range(copies):
                pipe.put(data, delay + network.world.chance.uniform(0, SLOWEST))

    def read(self, pipe: Pipe, reader: Role) -> Iterator[Frame]:
        """The frames of one direction."""
        while (data := pipe.get()) is not None:
            self._network.trouble.event(reader)
            yield Frame.FromString(data)


class Network:
    """Nodes that listen, and the streams between them."""

    def __init__(self, world: World, trouble: Any, tap: Tap) -> None:
        self.world, self.trouble, self.tap = world, trouble, tap
        self.nodes: dict[Role, tuple[Process, Servicer]] = {}
        self.certificates: dict[Role, bytes] = {}  # PEM
        self.streams: list[Stream] = []
        self.down_until = 0.0

    def reachable(self, role: Role) -> bool:
        """Whether a node answers."""
        return self.world.now >= self.down_until and role in self.nodes and not self.nodes[role][0].dead

    def forget(self, process: Process) -> None:
        """A process is gone; its streams break."""
        for stream in [stream for stream in self.streams if process in stream.ends]:
            stream.fail()

    def cut(self, stream: Stream, seconds: float) -> None:
        """Break a stream; the network is down for a time."""
        self.down_until = max(self.down_until, self.world.now + seconds)
        stream.fail()

    def silence(self, stream: Stream) -> None:
        """Nothing gets through any more, and nobody is told until gRPC notices."""
        def notice() -> None:
            self.world.sleep(KEEPALIVE)
            stream.fail()

        stream.mute = True
        self.world.start(self.world.main.process, notice, "keepalive")

    def channel(self, _target: str, peer: Role, *_keys: bytes) -> Channel:
        """In place of `tls.channel`."""
        return Channel(self, peer)

    def connect(self, _address: object, timeout: float) -> Any:
        """In place of `socket.create_connection`: the peer's port."""
        task = self.world.current
        if task is None or not self.reachable(other(task.process.role)):
            raise ConnectionRefusedError("nobody listens")
        return SimpleNamespace(close=lambda: None)

    def open(self, peer: Role, outgoing: Iterator[Frame]) -> tuple[Stream, Iterator[Frame]]:
        """One call of `Exchange`."""
        caller = self.world.current.process  # type: ignore[union-attr]
        callee, servicer = self.nodes[peer] if self.reachable(peer) else (None, None)
        stream = Stream(self, caller, callee)
        self.streams = [each for each in self.streams if not each.over]
        busy = sum(callee in each.ends and caller.role != peer for each in self.streams)
        self.streams.append(stream)
        if callee is None or servicer is None or busy >= _CALLS:
            stream.fail(grpc.StatusCode.RESOURCE_EXHAUSTED if callee else grpc.StatusCode.UNAVAILABLE)
        else:
            self.world.start(caller, lambda: self._feed(stream, outgoing, caller.role), "grpc sends")
            self.world.start(callee, lambda: self._serve(stream, servicer, caller.role), "grpc serves")
        return stream, stream.read(stream.down, caller.role)

    def _feed(self, stream: Stream, outgoing: Iterator[Frame], role: Role) -> None:
        for frame in outgoing:
            if stream.over:
                return
            stream.send(stream.up, role, frame)
        stream.up.closed = True

    def _serve(self, stream: Stream, servicer: Servicer, caller: Role) -> None:
        context = SimpleNamespace(auth_context=lambda: {"x509_pem_cert": (self.certificates[caller],)},
                                  is_active=lambda: not stream.over)
        try:
            for frame in servicer.Exchange(stream.read(stream.up, other(caller)), context):
                if stream.over:
                    return
                stream.send(stream.down, other(caller), frame)
            stream.down.closed = True
        except Broken:
            stream.fail()
        except Exception:
            stream.fail(grpc.StatusCode.UNKNOWN)
            raise


class Channel:
    """What the node uses of a `grpc.Channel`."""

    def __init__(self, network: Network, peer: Role) -> None:
        self._network, self._peer = network, peer
        self._open: list[Stream] = []

    def stream_stream(self, *_: object, **__: object) -> Callable[..., Iterator[Frame]]:
        """Only `Exchange` is one."""
        def call(outgoing: Iterator[Frame]) -> Iterator[Frame]:
            stream, answers = self._network.open(self._peer, outgoing)
            self._open.append(stream)
            return answers

        return call

    def unary_unary(self, *_: object, **__: object) -> Callable[..., Any]:
        """Only health is asked."""
        def call(_request: object, timeout: float, **__: object) -> Any:
            if not self._network.world.wait(lambda: self._network.reachable(self._peer), timeout):
                raise Broken(grpc.StatusCode.DEADLINE_EXCEEDED)
            return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)

        return call

    unary_stream = unary_unary  # the stub names it; nobody calls it

    def close(self) -> None:
        """End its calls."""
        for stream in self._open:
            stream.fail(grpc.StatusCode.CANCELLED)
