"""`kill -9` at each stage: what was spent stays spent, nothing is released, and the next run works."""

from __future__ import annotations

from pathlib import Path

import pytest
from live import failed_runs, match, serving, until
from mortal import PATIENCE, mortal_party
from tiny import Tiny, result_files, runs

from cleanroom import limits
from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.adapters.run_register import RunRegister
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.events import ENDINGS
from cleanroom.audit.head import HEAD_NAME
from cleanroom.cli.audit import report
from cleanroom.contract.model import Role
from cleanroom.errors import BusyError, PeerUnavailableError

STAGES = ("hello", "account", "sizes", "blinded_cells", "reblinded_cells", "blinded_values", "lattice_key",
          "columns", "masked_sums", "commit_people", "open_people", "commit_sums", "open_sums", "receipt")
QUICK = {"hello", "sizes", "columns", "commit_people", "open_people", "receipt"}
PARAMETERS = [pytest.param(stage, marks=() if stage in QUICK else pytest.mark.soak) for stage in STAGES]


@pytest.fixture(autouse=True)
def _short_silence(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a journal a lost peer ends the run, after the silence in which it could come back."""
    monkeypatch.setattr(limits, "LAST_FRAMES", 1.0)
    for role in ("advertiser", "retailer"):
        tiny.setting(role, "peer_silence = 20", "peer_silence = 2")


def spent_parts(tiny: Tiny, role: Role) -> list[tuple[str, str]]:
    ledger = SQLiteLedger(tiny.party(role) / "state" / "ledger.sqlite")
    history = ledger.history(read_contract(tiny.contract).id)
    return [(spend.run, spend.part) for spend in history if spend.origin == "own"]


def expected_parts(role: Role, stage: str) -> list[str]:
    """What must be on the disk when the first message of a stage was made (its sender) or has come (the other)."""
    if stage in {"hello", "account"}:
        return []
    if stage == "sizes":  # the advertiser declares first; the retailer pays before it answers
        return ["transcript"] if role == "advertiser" else []
    return ["transcript"] if STAGES.index(stage) < STAGES.index("commit_people") else ["transcript", "release"]


def check_interrupted(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = (each for each in RunRegister(run.parents[1] / "state", SystemClock()).runs() if each.run == run.name)
    assert found.state == "interrupted"
    events, _ = read_log(run)
    assert events
    assert events[-1].kind not in ENDINGS
    assert not (run / HEAD_NAME).exists()
    assert result_files(run) == []
    capsys.readouterr()
    report(run)
    shown = capsys.readouterr()
    assert "run_started" in shown.out
    assert "the node stopped in the middle of" in shown.err


def matched(tiny: Tiny) -> bool:
    """Whether the next run found its turn: a node that saw only a hello keeps it for the silence."""
    try:
        match(tiny.advertiser, tiny.contract)
    except BusyError:
        return False
    return True


def check_next_run(tiny: Tiny, role: Role, before: list[tuple[str, str]]) -> None:
    until(lambda: matched(tiny))
    after = spent_parts(tiny, role)
    assert after[:len(before)] == before
    assert [part for _, part in after[len(before):]] == ["transcript", "release"]


@pytest.mark.parametrize("stage", PARAMETERS)
def test_the_advertiser_is_killed(tiny: Tiny, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(tiny.retailer):
        with mortal_party("advertiser", tiny, stage) as process:
            process.join(PATIENCE)
            assert process.exitcode == -9
        interrupted = runs(tiny.advertiser)[0]
        spent = spent_parts(tiny, "advertiser")
        assert spent == [(interrupted.name, part) for part in expected_parts("advertiser", stage)]
        check_interrupted(interrupted, capsys)
        if stage != "hello":  # of which the retailer may have seen nothing
            assert len(failed_runs(tiny, "retailer", "PeerLostError")) == 1
        check_next_run(tiny, "advertiser", spent)


@pytest.mark.parametrize("stage", PARAMETERS)
def test_the_retailers_node_is_killed(tiny: Tiny, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with mortal_party("retailer", tiny, stage) as process:
        with pytest.raises(PeerUnavailableError):
            match(tiny.advertiser, tiny.contract)
        process.join(PATIENCE)
        assert process.exitcode == -9
    interrupted = runs(tiny.retailer)[0]
    spent = spent_parts(tiny, "retailer")
    assert spent == [(interrupted.name, part) for part in expected_parts("retailer", stage)]
    check_interrupted(interrupted, capsys)
    assert len(failed_runs(tiny, "advertiser", "PeerLostError")) == 1
    with serving(tiny.retailer):
        check_next_run(tiny, "retailer", spent)
