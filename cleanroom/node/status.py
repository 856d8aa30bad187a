"""What a node's folder tells about it, as one document: for people, for probes, for Prometheus and for the page.

It is read from the disk alone, so it is the same whether the node runs or not, and it changes nothing there. It holds
ids, states, counts, amounts and times; nothing about people, no path and no key.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cleanroom import __version__
from cleanroom.adapters.audit_files import read_evidence
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.party import PartySettings, load_party
from cleanroom.adapters.private_files import read_checked
from cleanroom.adapters.run_files import MAX_REPORT_BYTES, MEASUREMENT_NAME, RUNS_NAME, STATE_NAME, read_last_head
from cleanroom.adapters.run_register import REGISTER_NAME, RunRegister
from cleanroom.adapters.run_states import WAITING, Run
from cleanroom.adapters.running import running_since
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.head import HEAD_NAME
from cleanroom.audit.verify import CONTRACT_NAME, Verified, verify_run
from cleanroom.contract.check import ROLES, signing_key
from cleanroom.contract.effective import effective
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import contract_hash, parse_signed_json
from cleanroom.errors import AuditError, CleanroomError, ContractError, MachineError
from cleanroom.limits import MAX_CONTRACT_BYTES
from cleanroom.node.desk import Desk

SCHEMA: Final = "cleanroom-node/1"
LEDGER_NAME: Final = "ledger.sqlite"
SHOWN: Final = 20  # runs
DAY: Final = timedelta(days=1)
Document = Mapping[str, Any]


def status(folder: Path) -> dict[str, Any]:
    """The document of a party's folder. SettingsError when there is no readable party.toml."""
    settings, clock = load_party(folder), SystemClock()
    now, state = clock.now(), folder / STATE_NAME
    desk, keys = _desk(folder)
    ledger, spending = _ledger(state)
    contracts = [_contract(desk, each, ledger, now) for each in desk.store.installed().values()] if desk else []
    free, needed = shutil.disk_usage(folder).free, settings.limits.bytes
    since = running_since(state)
    runs = RunRegister(state, clock).runs() if (state / REGISTER_NAME).exists() else []
    return {
        "schema": SCHEMA, "software": __version__, "role": settings.role, "at": _text(now),
        "node": {"running": since is not None, "since": _text(since), "listen": settings.node.listen},
        "ready": {
            "keys": keys, "ledger": spending,
            "contracts": "" if any(each["state"] == "in_force" for each in contracts) else "no contract is in force",
            "disk": "" if free >= needed else f"less is free than the memory budget of {settings.limits.memory}",
        },
        "certificate_days": _days(desk.keys.certificate.not_valid_after_utc - now) if desk else None,
        "disk": {"free_bytes": free, "needed_bytes": needed},
        "suppressions_age_seconds": _age(settings, now),
        "contracts": contracts,
        "proposals": len(desk.store.proposals()) if desk else 0,
        "runs": _runs(runs),
        "measured": _measured(folder, runs),
        "audit": _audit(folder, desk),
    }


def is_ready(document: Document) -> bool:
    """Whether the node could begin a run now."""
    return document["node"]["running"] and not any(document["ready"].values())


def _desk(folder: Path) -> tuple[Desk | None, str]:
    try:
        return Desk(folder), ""
    except CleanroomError as error:
        return None, _words(error)


def _ledger(state: Path) -> tuple[SQLiteLedger | None, str]:
    """The ledger, and what is wrong with it. One that is not there is not made: it may have been lost."""
    if not (state / LEDGER_NAME).exists():
        return None, "there is no privacy ledger: the first start makes it; if there were runs, it was lost"
    try:
        ledger = SQLiteLedger(state / LEDGER_NAME)
        ledger.check_writable()
    except CleanroomError as error:
        return None, _words(error)
    return ledger, ""


def _contract(desk: Desk, contract: Contract, ledger: SQLiteLedger | None, now: datetime) -> dict[str, Any]:
    reason: CleanroomError | None = None
    try:
        desk.check(contract)
    except CleanroomError as error:
        reason = error
    with suppress(ContractError):
        contract = effective(contract)[0]
    budget = float(contract.disclosure.budget_epsilon)
    spent = ledger.spent(contract.id)[0] if ledger is not None else None
    return {
        "id": contract.id, "version": contract.version, "state": _state(reason),
        "reason": _words(reason) if reason else "", "until": _text(contract.not_after),
        "days": _days(contract.not_after - now), "budget_epsilon": budget, "spent_epsilon": spent,
        "left_epsilon": None if spent is None else round(max(0.0, budget - spent), 6),
    }


def _state(reason: CleanroomError | None) -> str:
    if reason is None:
        return "in_force"
    known = {"ContractRevokedError": "revoked", "ContractSupersededError": "superseded"}
    return known.get(type(reason).__name__, "not_in_force")


def _runs(runs: list[Run]) -> dict[str, Any]:
    """Counts are of the runs that the register still holds."""
    times = ("asked", "changed", "started", "ended")
    newest = [{name: getattr(each, name) for name in ("run", "contract", "version", "dialled", "state", "step",
                                                      "error", "reason")}
              | {name: _text(getattr(each, name)) for name in times} for each in runs[:SHOWN]]
    return {"waiting": sum(each.state in WAITING for each in runs),
            "states": dict(Counter(each.state for each in runs)),
            "errors": dict(Counter(each.error for each in runs if each.error)), "newest": newest}


def _measured(folder: Path, runs: list[Run]) -> dict[str, Any] | None:
    """Rows, bytes and seconds of the last finished run, from its own report."""
    last = next((each for each in runs if each.state == "finished"), None)
    if last is None:
        return None
    try:
        path = folder / RUNS_NAME / last.run / MEASUREMENT_NAME
        found = json.loads(read_checked(path, MAX_REPORT_BYTES, MachineError))
    except (CleanroomError, ValueError):
        return None  # a person removed or changed it: `audit verify` says so
    own, took = found["own"], found["runtime"]
    return {"run": last.run, "contract": last.contract, "seconds": took["seconds"],
            "rows_sent": own["rows_sent"], "rows_received": own["peer_rows"],
            "bytes_sent": took["bytes_sent"], "bytes_received": took["bytes_received"]}


def _audit(folder: Path, desk: Desk | None) -> dict[str, Any]:
    """The log that was sealed last, and whether it verifies; the whole chain is for `cleanroom audit verify`."""
    head = ""
    try:
        head = read_last_head(folder / RUNS_NAME)
        found = _last_sealed(folder / RUNS_NAME, desk) if head else None
        if head and (found is None or found.root != head):
            raise AuditError("the log that was sealed last is not here, or was sealed again")
    except CleanroomError as error:
        return {"head": head, "run": "", "verifies": False, "reason": _words(error)}
    return {"head": head, "run": found.run_id if found else "", "verifies": found is not None, "reason": ""}


def _last_sealed(runs: Path, desk: Desk | None) -> Verified | None:
    heads = sorted(runs.glob(f"*/{HEAD_NAME}"), key=lambda path: path.stat().st_mtime_ns)
    if not heads:
        return None
    run = heads[-1].parent
    contract = parse_signed_json(read_checked(run / CONTRACT_NAME, MAX_CONTRACT_BYTES, AuditError), CONTRACT_NAME)
    keys = {role: signing_key(contract, role) for role in ROLES}
    if desk is not None and keys[desk.settings.role] != desk.keys.signing.public:
        raise AuditError("the log that was sealed last is signed with another key than ours")
    return verify_run(read_evidence(run, contract_hash(contract).hex()), keys)


def _age(settings: PartySettings, now: datetime) -> int | None:
    """Seconds since the oldest file of the suppression list changed. None: there is none, or it is a live table."""
    table = settings.data["suppressions"]
    named = [settings.folder / name for name in (*(table.files or {}).values(), *filter(None, [table.file]))]
    with suppress(OSError):
        files = [file for path in named for file in (path.iterdir() if path.is_dir() else [path])]
        return max((max(0, int(now.timestamp() - file.stat().st_mtime)) for file in files), default=None)
    return None


def _words(error: CleanroomError) -> str:
    """What is wrong, without where: that may be a path of this machine."""
    return f"{type(error).__name__}: {error.what}"


def _days(span: timedelta) -> float:
    return round(span / DAY, 2)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
