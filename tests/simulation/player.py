"""Plays one list: both nodes and their commands, the faults that strike them, then a calm in which all recover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from disk import unwatched, watched
from lists import Fault, Operation, Play
from network import Network, Stream
from tiny import Tiny
from watch import Watch
from world import Process, Task, World

from cleanroom.adapters.key_files import load_keys
from cleanroom.adapters.system import SystemClock
from cleanroom.cli.match import run_match
from cleanroom.cli.resume import run_resume
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role, other
from cleanroom.errors import CleanroomError, UsageError
from cleanroom.node.local import LocalNode
from cleanroom.node.servicer import Servicer
from cleanroom.v1.node_pb2 import Frame
from parties import RESUME_WITHIN, Clocks, fresh, simulated

SWEEP = 5.0  # seconds between two looks for journals that nobody needs
TIRED = 4  # times that a person tries to resume
LIMIT = 3600.0  # seconds that a command may take; `node.run_limit` is longer


@dataclass
class Trouble:
    """Counts the events of each party and lets the faults of an operation strike."""

    player: Player
    pending: list[Fault] = field(default_factory=list)
    events: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, float] = field(default_factory=dict)
    frames: list[Fault] = field(default_factory=list)  # that strike the party's next frame

    def arm(self, faults: tuple[Fault, ...]) -> None:
        """An operation begins."""
        self.events = dict.fromkeys(ROLES, 0)
        self.pending += faults

    def calm(self) -> None:
        """No fault from here on; clocks are right again."""
        self.player.clocks.skew = dict.fromkeys(self.player.clocks.skew, 0.0)
        self.pending.clear()
        self.frames.clear()
        self.refusals.clear()

    def event(self, role: str) -> None:
        """One more event of a party."""
        self.events[role] = self.events.get(role, 0) + 1
        for fault in [each for each in self.pending if each.role == role and each.at <= self.events[role]]:
            self.pending.remove(fault)
            self._strike(fault)

    def write(self, process: Process) -> bool:
        """A process is about to write; whether its disk refuses."""
        self.event(process.role)
        left = self.refusals.get(process.role, 0)
        self.refusals[process.role] = max(0, left - 1)
        return left > 0

    def frame(self, sender: Role, stream: Stream) -> tuple[int, float]:
        """A party is about to send a frame: how many times it goes out, and how much later."""
        self.event(sender)
        copies, delay = 1, 0.0
        for fault in [each for each in self.frames if each.role == sender]:
            self.frames.remove(fault)
            if fault.kind == "cut":
                self.player.network.cut(stream, fault.amount)
            elif fault.kind == "mute":
                self.player.network.silence(stream)
            copies += fault.kind == "twice"
            delay += fault.amount if fault.kind == "delay" else 0
        return copies, delay

    def _strike(self, fault: Fault) -> None:
        if fault.kind == "kill":
            self.player.kill(fault.role, fault.amount)
        elif fault.kind == "full":
            self.refusals[fault.role] = fault.amount
        elif fault.kind == "clock":
            self.player.clocks.skew[fault.role] += fault.amount
        else:
            self.frames.append(fault)


class Player:
    """Both parties in one world, for one list."""

    def __init__(self, play: Play, template: Tiny, folder: Path) -> None:
        self.play, self.parties = play, fresh(template, folder)
        self.pointless: set[tuple[Role, str]] = set()  # commands: it was the other party that began the run
        self.said: list[str] = []  # by the nodes, and how each command ended
        self.world = World(play.seed)
        self.clocks = Clocks(self.world)
        self.trouble = Trouble(self)
        self.watch = Watch(self.parties)
        self.network = Network(self.world, self.trouble, self._leaves)
        for role in ROLES:
            keys = load_keys(self.parties.party(role) / "keys", role, SystemClock())
            self.network.certificates[role] = keys.tls_pem()[1]
        self._processes: list[Process] = []

    def run(self) -> None:
        """The whole list, and the calm after it. HangError, or AssertionError for what must never be."""
        with (self.world, watched(self.world, self.trouble.write, self.clocks.seconds),
              simulated(self.world, self.network, self.clocks, self.play.seed, self.said)):
            for role in ROLES:
                self._serve(role)
            self._wait_for_nodes()
            self._operations()
            self._recover()
            self._give_up()
            self._check()

    def _leaves(self, sender: Role, run: bytes, frame: Frame) -> None:
        with unwatched():
            self.watch.frame(sender, run, frame)

    def _check(self) -> None:
        faults = [fault for operation in self.play.operations for fault in operation.faults]
        failing = {fault.role for fault in faults if fault.kind in {"full", "clock"}}
        failing |= {other(fault.role) for fault in faults if fault.kind == "twice"}
        # A clock far ahead ends its party's patience at once: it may hold both receipts while the peer lacks one.
        failing |= {other(fault.role) for fault in faults if fault.kind == "clock" and fault.amount >= RESUME_WITHIN}
        self.watch.check(harmless=self.play.harmless, failing=frozenset(failing))

    def kill(self, role: Role, back: float) -> None:
        """All processes of a party die now. Its node is back after some seconds."""
        for process in [each for each in self._processes if each.role == role]:
            self._gone(process)
        self.network.nodes.pop(role, None)
        self.world.start(self.world.main.process, lambda: self._back(role, back), "start again")

    def _wait_for_nodes(self) -> None:
        assert self.world.wait(lambda: all(map(self.network.reachable, ROLES)), LIMIT), "a node does not come back"

    def _operations(self) -> None:
        commands: list[Task] = []
        for operation in self.play.operations:
            self.trouble.arm(operation.faults)
            if operation.what == "wait":
                self.world.sleep(30)
            else:
                commands.append(self._command(operation))
            if not operation.beside:
                self._join(commands)
        self._join(commands)

    def _command(self, operation: Operation) -> Task:
        party, contract = self.parties.party(operation.role), self.parties.contract
        work: Callable[[], Any] = {"match": lambda: run_match(party, contract),
                                   "resume": lambda: run_resume(party, "", contract)}[operation.what]
        return self._start(operation.role, operation.what, work)

    def _start(self, role: Role, name: str, work: Callable[[], Any]) -> Task:
        process = Process(role, name)
        self._processes.append(process)

        def command() -> None:
            try:
                work()
                self.said.append(f"{role}: {name} finished")
            except CleanroomError as error:
                self.said.append(f"{role}: {name} ended: {type(error).__name__}: {error}")
                if isinstance(error, UsageError):
                    self.pointless.add((role, name))
            if not process.dead:
                self._gone(process)

        return self.world.start(process, command, name)

    def _gone(self, process: Process) -> None:
        self.world.end(process)
        self.network.forget(process)
        self._processes.remove(process)

    def _join(self, commands: list[Task]) -> None:
        assert self.world.wait(lambda: all(task.ended for task in commands), LIMIT), "a command takes for ever"
        self.trouble.pending.clear()
        commands.clear()

    def _back(self, role: Role, seconds: float) -> None:
        self.world.sleep(seconds)
        if role not in self.network.nodes:
            self._serve(role)

    def _serve(self, role: Role) -> None:
        """A party's node, as a process of its own."""
        process = Process(role, "node")
        self._processes.append(process)

        def serve() -> None:
            try:
                with LocalNode(self.parties.party(role)) as node:
                    self.network.nodes[role] = (process, Servicer(node))
                    while True:
                        self.world.sleep(SWEEP)
                        node.interrupted.give_up(node.keys.signing)
            except CleanroomError as error:  # the supervisor starts it again, as systemd does
                self.said.append(f"{role}: node ended: {type(error).__name__}: {error}")
                self.kill(role, SWEEP)

        self.world.start(process, serve, "node")

    def _recover(self) -> None:
        """No more faults: whoever began a run takes it up again."""
        self.trouble.calm()
        self._wait_for_nodes()
        for _ in range(TIRED):
            for role in ROLES:
                for run in self.watch.to_resume(role):
                    self._resume(role, run)
        self.world.sleep(60)  # answers that are on their way

    def _resume(self, role: Role, run: str) -> None:
        party, contract, name = self.parties.party(role), self.parties.contract, f"resume {run}"
        if (role, name) not in self.pointless:
            self._join([self._start(role, name, lambda: run_resume(party, run, contract))])

    def _give_up(self) -> None:
        """Long after, what nobody took up is given up."""
        for process in list(self._processes):
            self._gone(process)
        self.world.sleep(2 * RESUME_WITHIN)
        for role in ROLES:
            self._join([self._start(role, "doctor", lambda r=role: LocalNode(self.parties.party(r)).__exit__())])
