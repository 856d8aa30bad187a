"""Runs under way, so that a caller that was cut off finds its own again; and the first message of a stream."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cleanroom.contract.model import Contract
from cleanroom.errors import PeerViolationError
from cleanroom.node.link import FrameLink

Message = TypeVar("Message")


class LiveRuns:
    """The links of the runs that this node answers, each with its contract."""

    def __init__(self) -> None:
        self._links: dict[bytes, tuple[Contract, FrameLink]] = {}

    @contextmanager
    def kept(self, run: bytes, contract: Contract, link: FrameLink) -> Iterator[None]:
        """While the context is open, streams of the contract's peer may go on with the run."""
        if self._links.setdefault(run, (contract, link))[1] is not link:
            raise PeerViolationError("the peer repeats the id of a run that is under way")
        link.run = run
        try:
            yield
        finally:
            del self._links[run]

    def leave(self, seconds: float) -> None:
        """Let go of all of them, so that they can be taken up later; wait so long until they have noticed."""
        end = time.monotonic() + seconds
        for _, link in list(self._links.values()):
            link.leave()
        while self._links and time.monotonic() < end:
            time.sleep(0.02)

    def find(self, run: bytes, is_peer: Callable[[Contract], bool]) -> FrameLink | None:
        """The link of a run whose contract's peer is the caller, by whichever of its certificates."""
        found = self._links.get(run)
        return found[1] if found is not None and is_peer(found[0]) else None


def first_of(messages: Iterator[Message], seconds: float) -> Message | None:
    """The first message of a stream; None when there is none in time."""
    found: queue.Queue[Message | None] = queue.Queue()

    def read() -> None:
        try:
            found.put(next(messages, None))
        except Exception:  # the caller is gone
            found.put(None)

    threading.Thread(target=read, name="cleanroom-first", daemon=True).start()
    try:
        return found.get(timeout=seconds)
    except queue.Empty:
        return None
