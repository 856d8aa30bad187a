"""What `cleanroom runs` says about a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.party import load_party
from cleanroom.adapters.run_files import STATE_NAME
from cleanroom.adapters.run_states import Run
from cleanroom.contract.model import Contract, other
from cleanroom.disclosure.accounting import budget_of, run_cost, spent
from cleanroom.errors import PeerCancelledError, RunCancelledError
from cleanroom.flow import check_plan
from cleanroom.node.sends import sends_of
from cleanroom.report.mode import notice

STATES: Final[Mapping[str, str]] = MappingProxyType({
    "asked": "asked for", "awaiting_approval": "waits for approval", "outside_hours": "waits for our hours",
    "queued": "waits for other runs", "running": "runs", "finished": "finished", "refused": "refused",
    "failed": "failed", "cancelled": "cancelled", "interrupted": "interrupted: its process is gone"})
WHO: Final[Mapping[str, str]] = MappingProxyType({RunCancelledError.__name__: "here",
                                                 PeerCancelledError.__name__: "by the other party"})


def run_line(run: Run) -> str:
    """One line: id, state and step, contract, who dialled, when it came, what ended it."""
    who = "dialled by us" if run.dialled == "us" else "dialled by the peer"
    return "  ".join([run.run, _state(run), f"{run.contract} version {run.version}", who,
                      f"{run.asked:%Y-%m-%d %H:%M} UTC", *([run.error] if run.error else [])])


def run_lines(folder: Path, run: Run, contract: Contract | None) -> Iterator[str]:
    """The run in full: what a person reads who approves it."""
    if contract is not None and (told := notice(contract, "en")):
        yield told
    yield f"run {run.run}: {_state(run)}, since {run.changed:%Y-%m-%d %H:%M:%S} UTC"
    yield f"contract {run.contract} version {run.version}, SHA-256 {run.contract_hash}"
    if contract is not None:
        yield from _contract_lines(folder, run, contract)
    else:
        yield "the contract is not here any more"
    if run.approved is not None:
        yield f"approved by system user {run.approved_by}, {run.approved:%Y-%m-%d %H:%M:%S} UTC"
    if run.error:
        yield f"ended by {run.error}; the public reason: {run.reason}"


def cost_of_run(folder: Path, contract: Contract) -> dict[str, str]:
    """What one run spends, what is spent by now, and the budget: decimal texts."""
    plan = check_plan(contract)
    cost, budget = run_cost(plan).total, budget_of(plan.contract)
    total = spent(SQLiteLedger(folder / STATE_NAME / "ledger.sqlite"), contract.id)
    return {"run_epsilon": cost.epsilon_text, "run_delta": cost.delta_text, "spent_epsilon": total.epsilon_text,
            "spent_delta": total.delta_text, "budget_epsilon": budget.epsilon_text, "budget_delta": budget.delta_text}


def _contract_lines(folder: Path, run: Run, contract: Contract) -> Iterator[str]:
    role, cost = load_party(folder).role, cost_of_run(folder, contract)
    peer = contract.party(other(role))
    yield f"  {contract.title}"
    yield f"{'with' if run.dialled == 'us' else 'asked for by'} the {other(role)}: {peer.name} ({peer.contact})"
    yield f"privacy: the run spends epsilon {cost['run_epsilon']} and delta {cost['run_delta']}"
    yield (f"  so far {cost['spent_epsilon']} of {cost['budget_epsilon']} and {cost['spent_delta']} of "
           f"{cost['budget_delta']} are spent")
    yield "our node sends, and what it tells them:"
    yield from (f"  {title}: {text}" for title, text in sends_of(check_plan(contract), role, "en"))


def _state(run: Run) -> str:
    said = STATES[run.state]
    if run.state == "cancelled":
        said = f"{said} {WHO.get(run.error, 'here')}"
    return f"{said} (step {run.step})" if run.step and run.state not in ("finished", "interrupted") else said
