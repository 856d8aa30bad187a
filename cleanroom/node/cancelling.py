"""A run that was interrupted is ended here: the other party is told, now or when it comes back."""

from __future__ import annotations

from cleanroom.adapters.journal import Journal
from cleanroom.contract.model import Contract
from cleanroom.errors import CleanroomError, RunCancelledError, UsageError
from cleanroom.node.client import Dial
from cleanroom.node.link import ANSWER
from cleanroom.node.local import LocalNode


def cancel_interrupted(node: LocalNode, run: bytes, contract: Contract | None) -> bool:
    """A person ends the run; see `end_interrupted`. UsageError when both parties have signed it."""
    if node.interrupted.complete(run):
        raise UsageError("both parties have signed this run: it is complete, and cannot be cancelled", where="RUN",
                         todo="`cleanroom runs resume` writes what is missing")
    return end_interrupted(node, run, contract, RunCancelledError("the run was cancelled with `cleanroom runs cancel`"))


def end_interrupted(node: LocalNode, run: bytes, contract: Contract | None, error: CleanroomError) -> bool:
    """Record that the run ended by `error`, and destroy its journal. Whether the peer was told: who dialled the run can
    tell it at once. BusyError when the run is being taken up."""
    with node.interrupted.ending(run, error, node.keys.signing) as journal:
        return (journal is not None and journal.start.initiator and contract is not None
                and _told(node, contract, run, journal, error))


def _told(node: LocalNode, contract: Contract, run: bytes, journal: Journal, error: CleanroomError) -> bool:
    try:
        with Dial(node, contract) as dial:
            dial.reach()
            link = dial.again(run, journal)
            link.abort(error)
            link.drain(ANSWER)
            return link.spoken
    except CleanroomError:  # it is not there, or does not accept us
        return False
