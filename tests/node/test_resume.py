"""`kill -9` of either node at any step, then a restart: the same run goes on from its journal to both signatures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import mortal
import pytest
from live import failed_runs, match, serving, until
from test_cuts import check_one_whole_run
from test_kill import PARAMETERS, PROCESSES
from tiny import Tiny, edit, result_files, runs

from cleanroom import limits
from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.run_files import RunFiles
from cleanroom.audit.events import Kind
from cleanroom.cli.resume import run_resume
from cleanroom.cli.runs import cancel
from cleanroom.contract.model import Role
from cleanroom.errors import CleanroomError, DataError, MachineError, PeerLostError, ResumeError, UsageError
from cleanroom.node import interrupted
from cleanroom.node.local import LocalNode
from cleanroom.node.servicer import Servicer
from cleanroom.wire.transport import Resume


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REDIAL_FIRST", 0.05)
    monkeypatch.setattr(limits, "REDIAL_MOST", 0.5)


@pytest.fixture
def lasting(tiny: Tiny) -> Tiny:
    """Parties that keep a journal of their runs."""
    for role in ("advertiser", "retailer"):
        tiny.setting(role, "resume_within = 0", "resume_within = 600")
    return tiny


def journals(tiny: Tiny, role: Role) -> list[Path]:
    folder = tiny.party(role) / "state" / "journal"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def check_resumed(tiny: Tiny) -> None:
    until(lambda: journals(tiny, "advertiser") == journals(tiny, "retailer") == [])  # removed after the reports
    check_one_whole_run(tiny)


@contextmanager
def mortal_party(role: Role, tiny: Tiny, stage: str) -> Iterator[BaseProcess]:
    process = PROCESSES.Process(target=mortal.ROLES[role], args=(tiny.party(role), tiny.contract, stage))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


@pytest.mark.parametrize("stage", PARAMETERS)
def test_an_advertiser_that_was_killed_goes_on(lasting: Tiny, stage: str) -> None:
    with serving(lasting.retailer):
        with mortal_party("advertiser", lasting, stage) as process:
            process.join(30)
            assert process.exitcode == -9
        run_resume(lasting.advertiser, "", lasting.contract)
        check_resumed(lasting)


@pytest.mark.parametrize("stage", PARAMETERS)
def test_a_retailers_node_that_was_killed_goes_on_when_it_is_back(lasting: Tiny, stage: str) -> None:
    done: list[object] = []

    def run() -> None:
        try:
            done.append(match(lasting.advertiser, lasting.contract))
        except CleanroomError as error:
            done.append(error)

    with mortal_party("retailer", lasting, stage) as process:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        process.join(30)
        assert process.exitcode == -9
    with serving(lasting.retailer):
        thread.join(40)
        assert not isinstance(done[0], CleanroomError), done[0]
        check_resumed(lasting)


def killed(tiny: Tiny, stage: str) -> bytes:
    """The id of a run whose advertiser was killed at a stage; call it while the retailer's node is there."""
    with mortal_party("advertiser", tiny, stage) as process:
        process.join(30)
    return bytes.fromhex(runs(tiny.advertiser)[0].name)


def test_a_whole_run_is_the_same_run_when_both_sides_replay_it(lasting: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the journals and the own tables decides what a run does: every frame, the log, the receipt."""
    with monkeypatch.context() as keeping:
        keeping.setattr(Journal, "remove", Journal.close)
        with serving(lasting.retailer):
            first = match(lasting.advertiser, lasting.contract)
            check_one_whole_run(lasting)
    until(lambda: len(journals(lasting, "retailer")) == 1)
    before = [(run / name).read_bytes() for role in ("advertiser", "retailer") for run in runs(lasting.party(role))
              for name in ("audit.jsonl", "receipt.json", "table.json")]
    with serving(lasting.retailer):
        second = run_resume(lasting.advertiser, "", lasting.contract)
        check_resumed(lasting)
    after = [(run / name).read_bytes() for role in ("advertiser", "retailer") for run in runs(lasting.party(role))
             for name in ("audit.jsonl", "receipt.json", "table.json")]
    assert after == before
    shown = [finished.results.document["runtime"] for finished in (first, second)]
    assert shown[0]["bytes_sent"] == shown[1]["bytes_sent"]
    assert first.results.document["released"] == second.results.document["released"]


@pytest.mark.parametrize("changed", ["advertiser", "retailer"])
def test_other_tables_than_the_run_began_with_are_refused_on_both_sides(lasting: Tiny, changed: Role) -> None:
    with serving(lasting.retailer):
        killed(lasting, "columns")
        if changed == "advertiser":
            edit(lasting.advertiser / "data" / "people.csv", "Person3@", "Person3b@")
            with pytest.raises(ResumeError, match=r"that the run began with|another audit log"):
                run_resume(lasting.advertiser, "", lasting.contract)
            until(lambda: journals(lasting, "retailer") == [])
    if changed == "retailer":  # its node stops, the file changes, both come back
        edit(lasting.retailer / "data" / "purchases.csv", ",b0,1.00,", ",b0,1.01,")
        with serving(lasting.retailer), pytest.raises(CleanroomError, match=r"cannot be resumed|does not go on"):
            run_resume(lasting.advertiser, "", lasting.contract)
    for role in ("advertiser", "retailer"):
        until(lambda role=role: journals(lasting, role) == [])
        assert result_files(lasting.party(role)) == []
        assert len(failed_runs(lasting, role)) == 1


def test_an_interrupted_run_that_a_person_cancels_is_over(lasting: Tiny) -> None:
    with serving(lasting.retailer):
        run = killed(lasting, "columns")
        cancel(lasting.advertiser, run.hex())
        assert journals(lasting, "advertiser") == []
        assert len(failed_runs(lasting, "advertiser", "ResumeError")) == 1
        with pytest.raises(UsageError, match="nothing to resume"):
            run_resume(lasting.advertiser, "", lasting.contract)


def test_a_resume_that_fails_over_own_files_may_be_tried_again(lasting: Tiny) -> None:
    people = lasting.advertiser / "data" / "people.csv"
    with serving(lasting.retailer):
        killed(lasting, "columns")
        away = people.rename(people.with_suffix(".away"))
        with pytest.raises(DataError):
            run_resume(lasting.advertiser, "", lasting.contract)
        away.rename(people)
        run_resume(lasting.advertiser, "", lasting.contract)
        check_resumed(lasting)


def test_a_peer_that_comes_back_may_send_its_whole_window_at_once(lasting: Tiny,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    with mortal_party("retailer", lasting, "blinded_cells") as process:
        waiting = threading.Thread(target=lambda: done.append(match(lasting.advertiser, lasting.contract)), daemon=True)
        waiting.start()
        process.join(30)
    monkeypatch.setattr(limits, "MAX_GREETING_BYTES", 3000)  # a tiny list is larger, as a real one is than a MiB
    with serving(lasting.retailer):
        waiting.join(30)
        assert len(done) == 1
        check_resumed(lasting)


def test_a_damaged_journal_and_a_strange_file_do_not_stop_a_node(lasting: Tiny,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lasting.retailer):
        killed(lasting, "columns")
    folder = lasting.advertiser / "state" / "journal"
    (folder / "lost+found").mkdir()
    record = next(folder.glob("*/0000"))
    record.write_bytes(bytes(40) + record.read_bytes()[40:])
    monkeypatch.setattr(interrupted, "_quiet", lambda _: 3601.0)
    with LocalNode(lasting.advertiser) as node:
        assert node.interrupted.names() == []
        assert node.register.runs()[0].state == "failed"
    assert len(failed_runs(lasting, "advertiser", "ResumeError")) == 1


def test_a_run_that_nobody_takes_up_in_time_has_failed(lasting: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lasting.retailer):
        run = killed(lasting, "columns")
    with LocalNode(lasting.advertiser) as node:
        assert node.interrupted.names() == [run.hex()]
    monkeypatch.setattr(interrupted, "_quiet", lambda _: 601.0)
    for role in ("advertiser", "retailer"):
        with LocalNode(lasting.party(role)) as node:
            assert node.interrupted.names() == []
            assert (node.register.runs()[0].state, node.register.runs()[0].error) == ("failed", "ResumeError")
        assert len(failed_runs(lasting, role, "ResumeError")) == 1
        assert read_log(runs(lasting.party(role))[0])[0][-1].fields["stage"] == interrupted.STAGE
    with pytest.raises(UsageError, match="0 interrupted runs"):
        run_resume(lasting.advertiser, "", lasting.contract)


def test_reports_that_could_not_be_written_are_written_by_resume(lasting: Tiny,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    write = RunFiles.write

    def full(files: RunFiles, run: str, name: str, text: str) -> Path:
        if name == "report.html" and files._runs.is_relative_to(lasting.advertiser):
            raise MachineError("cannot be written", where=name)
        return write(files, run, name, text)

    with serving(lasting.retailer), monkeypatch.context() as broken:
        broken.setattr(RunFiles, "write", full)
        with pytest.raises(MachineError):
            match(lasting.advertiser, lasting.contract)
        until(lambda: journals(lasting, "retailer") == [])
    assert len(journals(lasting, "advertiser")) == 1
    run_resume(lasting.advertiser, "", lasting.contract)  # nobody answers, and nobody is needed
    check_resumed(lasting)


def test_a_cut_without_return_leaves_both_sides_ready_to_go_on(lasting: Tiny) -> None:
    """The advertiser gives up after its silence and says how to go on; nothing was sealed; then it goes on."""
    for role in ("advertiser", "retailer"):
        lasting.setting(role, "peer_silence = 20", "peer_silence = 2")
    with (mortal_party("retailer", lasting, "blinded_cells"),
          pytest.raises(PeerLostError, match="runs resume") as caught):
        match(lasting.advertiser, lasting.contract)
    assert runs(lasting.advertiser)[0].name in str(caught.value)
    kinds = [event.kind for event in read_log(runs(lasting.advertiser)[0])[0]]
    assert Kind.RUN_FAILED not in kinds
    with serving(lasting.retailer):
        run_resume(lasting.advertiser, "", lasting.contract)
        check_resumed(lasting)


def test_an_interrupted_run_is_taken_up_for_its_own_caller_only(lasting: Tiny) -> None:
    with mortal_party("retailer", lasting, "columns"):
        lasting.setting("advertiser", "peer_silence = 20", "peer_silence = 1")
        with pytest.raises(PeerLostError):
            match(lasting.advertiser, lasting.contract)
    run = bytes.fromhex(runs(lasting.retailer)[0].name)
    with LocalNode(lasting.retailer) as node:
        assert Servicer(node)._interrupted(Resume(run, 0), bytes(32)) is None
        assert Servicer(node)._interrupted(Resume(bytes(16), 0), bytes(32)) is None
    with LocalNode(lasting.advertiser) as node:  # who dialled is never dialled for it
        assert Servicer(node)._interrupted(Resume(run, 0), bytes(32)) is None


def test_without_a_journal_nothing_is_kept_and_a_lost_peer_ends_the_run(tiny: Tiny) -> None:
    with mortal_party("retailer", tiny, "columns"):
        tiny.setting("advertiser", "peer_silence = 20", "peer_silence = 1")
        with pytest.raises(PeerLostError):
            match(tiny.advertiser, tiny.contract)
    assert len(failed_runs(tiny, "advertiser", "PeerLostError")) == 1
    assert journals(tiny, "advertiser") == journals(tiny, "retailer") == []
