"""The node's own log: one line an event on stderr, as text for people or as JSON for collectors.

Events are a closed list. Their texts are those of `cleanroom.errors`: a position at most, never a key, token,
identifier or value. What libraries want to say could hold anything: of theirs only who says it, and the class of error.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from cleanroom import limits
from cleanroom.errors import CleanroomError, MachineError

Form = Literal["text", "json"]
MAX_TEXT = 4 * limits.MAX_TEXT
_LOG = logging.getLogger(__name__)


class Event(StrEnum):
    """What a line is about."""

    NODE_STARTED = "node_started"
    NODE_STOPPED = "node_stopped"
    CONTRACT_REFUSED = "contract_refused"
    CONTRACT_REVOKED = "contract_revoked"
    PROPOSAL_KEPT = "proposal_kept"
    ROTATION_KEPT = "rotation_kept"
    CALL_REFUSED = "call_refused"
    RUN_NOTE = "run_note"
    RUN_FINISHED = "run_finished"
    RUN_ENDED = "run_ended"
    STATUS_SERVED = "status_served"
    STATUS_FAILED = "status_failed"
    LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class About:
    """The fields of a line beside time, level and text; empty where they do not apply.

    `step`: of the protocol's script. `error`: a class of `cleanroom.errors`, or of Python for a fault of our own.
    """

    event: Event
    run: str = ""
    contract: str = ""
    step: str = ""
    error: str = ""


def note(event: Event, text: str, *, run: str = "", contract: str = "") -> None:
    """Something went as it should."""
    _LOG.info(text, extra={"about": About(event, run, contract)})


def complain(event: Event, what: str, error: BaseException, *, run: str = "", contract: str = "",
             step: str = "") -> None:
    """Something ended with an error. Of one that nobody foresaw only the class is said: its text may hold anything."""
    deliberate = isinstance(error, CleanroomError)
    level = logging.WARNING if deliberate and not isinstance(error, MachineError) else logging.ERROR
    text = f"{what}: {error}" if deliberate else f"{what} by an internal error"
    _LOG.log(level, text, extra={"about": About(event, run, contract, step, type(error).__name__)})


def configure(form: Form) -> None:
    """Everything that is logged in this process goes to stderr in this form, also what ends a thread."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Plain())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _LOG.setLevel(logging.INFO)
    threading.excepthook = _thread_ended


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        complain(Event.LIBRARY, "a thread ended", args.exc_value)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    about, text = getattr(record, "about", None), record.getMessage()
    if about is None:
        error = record.exc_info[0] if record.exc_info else None
        about, text = About(Event.LIBRARY, error=error.__name__ if error else ""), record.name
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    printable = "".join(c if c.isprintable() else " " for c in text[:MAX_TEXT])
    named = {name: value for name, value in asdict(about).items() if value}
    return {"time": moment, "level": record.levelname.lower(), **named, "text": printable}


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(record))


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        found = _fields(record)
        head = f"{found.pop('time')} {found.pop('level'):<7} {found.pop('text')}"
        return f"{head} [{' '.join(f'{name}={value}' for name, value in found.items())}]"
