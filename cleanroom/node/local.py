"""One party's node as an object: its desk, ledger and arithmetic, and how it executes a run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cleanroom.adapters.backends import node_arithmetic
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.private_files import make_private_folder, remove_unfinished
from cleanroom.adapters.run_files import RUNS_NAME, STATE_NAME, RunFiles
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.scratch import sweep
from cleanroom.adapters.system import SystemEntropy
from cleanroom.contract.model import Contract
from cleanroom.errors import SettingsError
from cleanroom.node.admission import Admission
from cleanroom.node.desk import Desk
from cleanroom.node.interrupted import Interrupted
from cleanroom.node.link import FrameLink
from cleanroom.ports import Progress
from cleanroom.primitives.backend import Backend
from cleanroom.table import ReleasedTable

if TYPE_CHECKING:
    from cleanroom.node.results import Results


@dataclass(frozen=True, slots=True, repr=False)
class Finished:
    """A run that both sides signed, with the files it left."""

    table: ReleasedTable
    results: Results
    notes: tuple[str, ...] = ()  # for the person at this terminal


class LocalNode(Desk):
    """Everything a party's node owns on this machine. Close it to end its workers, or leave its cluster.

    `language` is that of the HTML report of its runs.
    """

    def __init__(self, folder: Path, language: str = "en") -> None:
        super().__init__(folder)
        self.language = language
        self.entropy = SystemEntropy()
        self.runs = RunFiles(folder)
        make_private_folder(folder / STATE_NAME, SettingsError)
        sweep(folder / STATE_NAME)
        for each in (folder / STATE_NAME, folder / RUNS_NAME, self.settings.key_directory):
            remove_unfinished(each)
        self.register = RunRegister(folder / STATE_NAME, self.clock)
        self.admission = Admission(self.register, self.settings.node, self.clock)
        self.interrupted = Interrupted(self.settings, self.runs, self.register, self.clock, self.entropy)
        self.interrupted.give_up(self.keys.signing)
        self.ledger = SQLiteLedger(folder / STATE_NAME / "ledger.sqlite", self.clock)
        self._arithmetic = ExitStack()
        self.backend: Backend = self._arithmetic.enter_context(node_arithmetic(self.settings))

    def __enter__(self) -> LocalNode:
        return self

    def __exit__(self, *_: object) -> None:
        self._arithmetic.close()
        self.register.close()

    def new_run(self) -> bytes:
        """A run id: 6 bytes of time in milliseconds, so that ids sort, and 10 random bytes."""
        milliseconds = int(self.clock.now().timestamp() * 1000)
        return milliseconds.to_bytes(6, "big") + self.entropy.bytes(10)

    def used(self, run: bytes) -> bool:
        """Whether a run with this id was here before: its folder stands, the ledger has paid for it, or it asked."""
        return (self.runs.folder(run.hex()).exists() or self.ledger.knows(run.hex())
                or self.register.knows(run.hex()))

    def unbegun(self, run: bytes) -> bool:
        """Whether a run was registered here and nothing more: its process died before it kept or charged anything."""
        name = run.hex()
        return (self.register.knows(name) and name not in self.interrupted.names()
                and not self.runs.folder(name).exists() and not self.ledger.knows(name))

    def check_again(self, contract: Contract, run: bytes) -> None:
        """As `check`, for an interrupted run; one that both have signed may be completed under any contract."""
        if not self.interrupted.complete(run):
            self.check(contract)

    def quota(self, contract: Contract) -> int:
        """Most bytes that the peer can need to send in a run of the contract."""
        from cleanroom.node.runner import most_of_peer  # noqa: PLC0415 - as in `execute`

        return most_of_peer(contract, self.settings.role)

    def execute(self, contract: Contract, run: bytes, progress: Progress, connect: Callable[[], FrameLink], *,
                initiator: bool, journal: Journal | None = None) -> Finished:
        """One run from own tables to written reports.

        Contract and own files are checked before `connect` is called and before anything is written; but files so large
        that they are read in parts are read by who dials after its hello, so that both nodes do so at once. A run that
        fails later leaves its sealed audit log and nothing else, and the peer is told why in public words. An id serves
        one run: PeerViolationError when the peer chose one that was used before. It begins when `Admission` lets it.
        With `journal` the run that it is of is taken up: gone through again from the journal, then continued. A run
        that loses its peer stays for that.
        """
        from cleanroom.node.runner import Runner  # noqa: PLC0415 - 130 MB of libraries that an idle node does without

        return Runner(self).execute(contract, run, progress, connect, initiator=initiator, journal=journal)
