"""`cleanroom runs`: what a person sees of the runs, and what becomes of their word."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer
from command_kit import Run
from live import match, serving, until
from tiny import NAMES, Tiny

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.system import SystemClock
from cleanroom.contract.model import Role
from cleanroom.errors import PeerCancelledError
from cleanroom.flow import check_plan
from cleanroom.node.sends import sends_of

START_SECONDS = 60  # a process imports for a while on a busy machine
COMMAND = (sys.executable, "-m", "cleanroom.cli.main")


def register(tiny: Tiny, role: Role = "retailer") -> RunRegister:
    return RunRegister(tiny.party(role) / "state", SystemClock())


@contextmanager
def waiting(tiny: Tiny) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The advertiser's `cleanroom match` as a process that waits for the retailer's approval: the run's id, and it."""
    tiny.setting("retailer", "connect_timeout = 5", 'connect_timeout = 5\nanswer = "approval"')
    with serving(tiny.retailer), subprocess.Popen(
            [*COMMAND, "match", str(tiny.advertiser), "--contract", str(tiny.contract)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until(lambda: [each.state for each in register(tiny).runs()] == ["awaiting_approval"], START_SECONDS)
        try:
            yield register(tiny).runs()[0].run, process
        finally:
            process.kill()


def test_a_person_reads_what_a_run_costs_and_sends_and_approves_it(tiny: Tiny, run: Run) -> None:
    with waiting(tiny) as (found, process):
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any("the other node waits for a person's approval" in line for line in lines)
        listed = run("runs", "list", tiny.retailer)
        assert listed.out.startswith(f"{found}  waits for approval  tiny-campaign version 1  dialled by the peer")
        shown = run("runs", "show", tiny.retailer, found[:14])
        approved = run("runs", "approve", tiny.retailer, found, "--yes")
        plan = check_plan(read_contract(tiny.contract))
        sends = [f"{title}: {text}" for title, text in sends_of(plan, "retailer", "en")]
        for text in (f"asked for by the advertiser: {NAMES['advertiser']}", "spends epsilon 1.5 and delta 0.000002",
                     "so far 0 of 9 and 0 of 0.00002 are spent", *sends):
            assert text in shown.out
            assert text in approved.err
        process.communicate(timeout=60)
        assert process.returncode == 0
        until(lambda: register(tiny).runs()[0].state == "finished")
    document = json.loads(run("runs", "show", tiny.retailer, found, "--json").out)
    assert (document["state"], document["approved_by"], document["privacy"]["spent_epsilon"]) == (
        "finished", os.getuid(), "1.5")
    assert f"approved by system user {os.getuid()}" in run("runs", "show", tiny.retailer, found).out
    (listed,) = json.loads(run("runs", "list", tiny.advertiser, "--json").out)
    assert (listed["run"], listed["dialled"], listed["state"]) == (found, "us", "finished")


def test_without_a_yes_nothing_is_approved(tiny: Tiny, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(_text: str, **_options: object) -> bool:
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", no)
    with waiting(tiny) as (found, _):
        assert run("runs", "approve", tiny.retailer, found).code == 130
        assert register(tiny).get(found).approved is None


def test_a_refusal_reaches_the_other_terminal(tiny: Tiny, run: Run) -> None:
    with waiting(tiny) as (found, process):
        assert "refused" in run("runs", "refuse", tiny.retailer, found).err
        _, said = process.communicate(timeout=60)
        assert process.returncode == 77
        assert "nobody at the other party approved the run" in said
        assert "refused" in run("runs", "list", tiny.retailer).out


def test_ctrl_c_cancels_the_run_and_the_other_party_is_told(tiny: Tiny, run: Run) -> None:
    with waiting(tiny) as (found, process):
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert said.splitlines()[-1] == "cleanroom: the run was cancelled with Ctrl-C"
        until(lambda: register(tiny).get(found).state == "cancelled")
    assert register(tiny).get(found).error == PeerCancelledError.__name__
    assert "cancelled by the other party" in run("runs", "list", tiny.retailer).out
    assert re.search(r"cancelled here \(step (gate|hello)\)", run("runs", "list", tiny.advertiser).out)


def test_a_run_is_cancelled_from_another_terminal(tiny: Tiny, run: Run) -> None:
    with waiting(tiny) as (found, process):
        assert "cancelled" in run("runs", "cancel", tiny.advertiser, found).err
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "`cleanroom runs cancel`" in said
        until(lambda: register(tiny).get(found).state == "cancelled")


@pytest.mark.parametrize(("command", "text"), [("approve", "not waiting for approval"), ("refuse", "not waiting"),
                                               ("cancel", "not in progress")])
def test_what_is_over_is_not_changed(finished: Tiny, run: Run, command: str, text: str) -> None:
    newest = register(finished).runs()[0]
    run("runs", command, finished.retailer, newest.run).refusal(64, "RUN", text)
    assert register(finished).runs()[0] == newest


def test_runs_that_are_not_here_are_refused(finished: Tiny, tiny: Tiny, run: Run) -> None:
    run("runs", "show", finished.retailer, "feed").refusal(64, "0 runs")
    run("runs", "list", tiny.retailer).refusal(67, "has made no run yet")
    run("runs", "list", tiny.folder).refusal(67, "party.toml")


def test_a_run_whose_contract_was_removed_is_still_shown_and_not_approved(tiny: Tiny, run: Run) -> None:
    with waiting(tiny) as (found, _):
        for file in (tiny.retailer / "contracts").iterdir():
            file.unlink()
        assert "the contract is not here any more" in run("runs", "show", tiny.retailer, found).out
        run("runs", "approve", tiny.retailer, found, "--yes").refusal(64, "not here any more")


def test_a_second_match_of_the_same_party_says_that_it_waits(tiny: Tiny, run: Run) -> None:
    with waiting(tiny) as (found, process), subprocess.Popen(
            [*COMMAND, "match", str(tiny.advertiser), "--contract", str(tiny.contract)], text=True,
            stderr=subprocess.PIPE) as second:
        until(lambda: [each.state for each in register(tiny, "advertiser").runs()] == ["queued", "running"],
              START_SECONDS)
        threading.Timer(0, register(tiny).refuse, [found]).start()
        process.wait(60)
        until(lambda: len([each for each in register(tiny).runs() if each.state == "awaiting_approval"]) == 1)
        second.send_signal(signal.SIGINT)
        _, said = second.communicate(timeout=60)
    assert "Waiting for other runs here" in said


def test_the_states_of_runs_are_those_of_both_parties(tiny: Tiny, run: Run) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
        until(lambda: register(tiny).runs()[0].state == "finished")
    for role in ("advertiser", "retailer"):
        assert "finished" in run("runs", "list", tiny.party(role)).out
