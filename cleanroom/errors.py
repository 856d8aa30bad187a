"""Every error the product raises on purpose, with its exit code.

An error says what is wrong, where (file, row, field, setting) and what to do. Its text may be shown to the
person at this terminal; only `public` may be sent to the peer. Neither ever contains a key, a token, an
identifier of a person or a row: at most the *position* of one.
"""

from __future__ import annotations


class CleanroomError(Exception):
    """Base of all deliberate errors.

    Attributes: `exit_code` (process status, documented in docs/exit-codes.md), `public` (what the peer may be
    told), `where` and `todo` (printed after the message).
    """

    exit_code = 1
    public = "the run was ended by the other party"

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        todo = f" — {self.todo}" if self.todo else ""
        return f"{where}{self.what}{todo}"


class UsageError(CleanroomError):
    """A command was called with arguments that do not go together."""

    exit_code = 64


class DataError(CleanroomError):
    """A party's own file is missing, malformed or out of bounds."""

    exit_code = 65
    public = "the other party's input was refused by its own checks"


class ContractError(CleanroomError):
    """The contract is unsigned, altered, expired, foreign or breaks a rule."""

    exit_code = 66
    public = "the contract was refused"


class ContractRevokedError(ContractError):
    """One of the parties revoked the contract. `record` is the signed statement, for the peer (may be empty)."""

    public = "the contract was revoked"

    def __init__(self, what: str, *, where: str = "", todo: str = "", record: bytes = b"") -> None:
        super().__init__(what, where=where, todo=todo)
        self.record = record


class ContractSupersededError(ContractError):
    """A newer version of the contract is in force."""

    public = "a newer version of the contract is in force"


class SettingsError(CleanroomError):
    """party.toml or a key file is missing, malformed or unsafe."""

    exit_code = 67
    public = "the other party's node is not set up for this run"


class BudgetError(CleanroomError):
    """The privacy budget of the contract, or of all with the partner, does not allow this run. `rule` says so."""

    rule = "X-05"
    exit_code = 68
    public = "the privacy budget of the contract is spent"


class PeriodError(BudgetError):
    """The contract allows no more runs in this period."""

    rule = "X-04"
    public = "the contract allows no more runs in this period"


class LedgerError(CleanroomError):
    """Our privacy ledger lacks entries that the peer saw in it: it was rolled back, replaced or deleted."""

    exit_code = 71
    public = "our privacy ledger lacks entries that you saw in it"


class PeerLedgerError(LedgerError):
    """The peer's privacy ledger lacks entries that we saw in it."""

    public = "your privacy ledger lacks entries that we saw in it"


class AuditError(CleanroomError):
    """Evidence does not verify; the message names the first bad item."""

    exit_code = 69


class MisuseError(CleanroomError):
    """Our own code called a protocol object out of order. A bug, never the peer's doing."""

    exit_code = 70
    public = "internal error"


class MachineError(CleanroomError):
    """This machine failed: a full or broken disk, or a worker process that died."""

    exit_code = 74
    public = "the other party's node has a fault"


class PeerUnavailableError(CleanroomError):
    """The peer cannot be reached or went away; trying again may help."""

    exit_code = 75
    public = "the connection was lost"


class PeerLostError(PeerUnavailableError):
    """The connection was cut or the peer fell silent in the middle of a run."""


class PeerNotReadyError(PeerLostError):
    """The peer's node cannot go on with an interrupted run now, and keeps it."""

    public = "the run cannot go on now, and may be taken up again"


class ResumeError(CleanroomError):
    """A run that was interrupted cannot go on: it is over or given up, or own tables, settings or software changed."""

    exit_code = 78
    public = "the run cannot be resumed"


class OvertakenError(ResumeError):
    """Another run of the contract was charged while this one was interrupted, before the ledgers were compared."""

    public = "another run of this contract was charged meanwhile"


class BusyError(PeerUnavailableError):
    """The node is in other runs, and its queue is full or did not move in time; trying again helps."""

    public = "another run of this contract is in progress"


class AttemptsError(PeerUnavailableError):
    """The peer has begun too many runs of this contract in the last hour."""

    public = "too many runs of this contract were begun in the last hour"


class ClosedError(PeerUnavailableError):
    """The node answers within hours of its own, and they begin too late for this run to wait."""

    public = "the other party's node answers at other hours"


class NotApprovedError(CleanroomError):
    """A person of this party refused the run, or nobody approved it in time."""

    exit_code = 77
    public = "nobody at the other party approved the run"


class RunCancelledError(CleanroomError):
    """A person of this party ended the run."""

    exit_code = 130
    public = "a person cancelled the run"


class PeerViolationError(CleanroomError):
    """The peer sent something the protocol or the contract does not allow."""

    exit_code = 76
    public = "protocol violation"


class VersionError(PeerViolationError):
    """The two nodes speak no common version of the protocol."""

    public = "the two nodes speak no common version of the protocol"


class PeerRefusedError(CleanroomError):
    """The peer ended the run and gave a public reason."""

    exit_code = 77


class PeerCancelledError(PeerRefusedError):
    """A person of the other party ended the run."""

    public = "a person of the other party cancelled the run"


class PeerRevokedError(PeerRefusedError):
    """The peer says that the contract was revoked. `record` is its proof; verify it before believing it."""

    def __init__(self, what: str, *, where: str = "", todo: str = "", record: bytes = b"") -> None:
        super().__init__(what, where=where, todo=todo)
        self.record = record
