"""`kill -9` of either node at any step, then a restart: the same run goes on from its journal to both signatures."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from pathlib import Path

import pytest
from live import converse, converse_slowly, failed_runs, hello_of, keys_of, match, serving, until
from mortal import PATIENCE, mortal_party
from test_cuts import check_one_whole_run
from test_kill import PARAMETERS
from tiny import Tiny, edit, result_files, runs

from cleanroom import limits
from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.journal import Journal
from cleanroom.adapters.journal_files import Start
from cleanroom.adapters.rotation_files import FOLDER_NAME as ROTATIONS
from cleanroom.adapters.run_files import RunFiles
from cleanroom.adapters.system import SystemClock
from cleanroom.audit.events import Kind
from cleanroom.cli.keys import accept, rotate
from cleanroom.cli.resume import run_resume
from cleanroom.cli.runs import cancel
from cleanroom.contract.model import Role
from cleanroom.contract.parse import contract_hash
from cleanroom.contract.revocation import revoke_contract
from cleanroom.errors import (
    BusyError,
    CleanroomError,
    DataError,
    MachineError,
    PeerCancelledError,
    PeerLostError,
    PeerNotReadyError,
    PeerRefusedError,
    ResumeError,
    UsageError,
)
from cleanroom.node import interrupted
from cleanroom.node.local import LocalNode
from cleanroom.node.servicer import Servicer
from cleanroom.wire.transport import Resume, encode_resume


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


@pytest.mark.parametrize("stage", PARAMETERS)
def test_an_advertiser_that_was_killed_goes_on(lasting: Tiny, stage: str) -> None:
    with serving(lasting.retailer):
        with mortal_party("advertiser", lasting, stage) as process:
            process.join(PATIENCE)
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
        process.join(PATIENCE)
        assert process.exitcode == -9
    with serving(lasting.retailer):
        thread.join(PATIENCE)
        assert not isinstance(done[0], CleanroomError), done[0]
        check_resumed(lasting)


def killed(tiny: Tiny, stage: str) -> bytes:
    """The id of a run whose advertiser was killed at a stage; call it while the retailer's node is there."""
    with mortal_party("advertiser", tiny, stage) as process:
        process.join(PATIENCE)
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


def state(tiny: Tiny, role: Role) -> tuple[str, str]:
    with LocalNode(tiny.party(role)) as node:
        newest = node.register.runs()[0]
    return newest.state, newest.error


def cancelled(tiny: Tiny, role: Role, told: Role) -> None:
    """Both sides have recorded who cancelled, and kept nothing."""
    until(lambda: journals(tiny, "advertiser") == journals(tiny, "retailer") == [])
    assert len(failed_runs(tiny, role, "RunCancelledError")) == 1
    assert len(failed_runs(tiny, told, "PeerCancelledError")) == 1
    until(lambda: state(tiny, told) == ("cancelled", "PeerCancelledError"))
    assert state(tiny, role) == ("cancelled", "RunCancelledError")


def test_who_dialled_an_interrupted_run_cancels_it_and_tells_the_peer(
        lasting: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lasting.retailer):
        run = killed(lasting, "columns")
        cancel(lasting.advertiser, run.hex())
        assert "it is over, and the other party was told" in capsys.readouterr().err
        cancelled(lasting, "advertiser", "retailer")
        with pytest.raises(UsageError, match="nothing to resume"):
            run_resume(lasting.advertiser, "", lasting.contract)


def test_a_peer_that_comes_back_to_a_cancelled_run_is_told(lasting: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    interrupted_by_silence(lasting)
    cancel(lasting.retailer, runs(lasting.retailer)[0].name)
    assert "is told when it comes back" in capsys.readouterr().err
    with serving(lasting.retailer), pytest.raises(PeerCancelledError):
        run_resume(lasting.advertiser, "", lasting.contract)
    cancelled(lasting, "retailer", "advertiser")


def test_a_run_that_another_process_holds_is_not_cancelled(lasting: Tiny) -> None:
    interrupted_by_silence(lasting)
    run = runs(lasting.retailer)[0].name
    with LocalNode(lasting.retailer) as node, closing(node.interrupted.reopen(bytes.fromhex(run))):
        with pytest.raises(BusyError):
            cancel(lasting.retailer, run)
        assert node.register.get(run).state == "interrupted"


def interrupted_by_silence(tiny: Tiny, stage: str = "columns") -> None:
    """Both sides have interrupted a run; nobody serves."""
    patient, short = "connect_timeout = 60\npeer_silence = 1", "connect_timeout = 5\npeer_silence = 1"
    tiny.setting("advertiser", "connect_timeout = 5\npeer_silence = 20", patient)  # a process imports for a while
    with mortal_party("retailer", tiny, stage), pytest.raises(PeerLostError):
        match(tiny.advertiser, tiny.contract)
    tiny.setting("advertiser", patient, short)


def test_a_peer_that_keeps_coming_back_does_not_keep_our_journal(lasting: Tiny) -> None:
    """Its time began when the run last went on; to be asked for it again and again renews nothing."""
    interrupted_by_silence(lasting)
    run = bytes.fromhex(runs(lasting.retailer)[0].name)
    for path in journals(lasting, "retailer")[0].iterdir():
        os.utime(path, (path.stat().st_mtime - 590, path.stat().st_mtime - 590))
    with LocalNode(lasting.retailer) as node:
        for _ in range(3):
            node.interrupted.reopen(run).close()
        (folder,) = journals(lasting, "retailer")
        for path in folder.iterdir():
            os.utime(path, (path.stat().st_mtime - 11, path.stat().st_mtime - 11))
        with pytest.raises(ResumeError, match="its time is over"):
            node.interrupted.reopen(run)
        node.interrupted.give_up(node.keys.signing)
    assert journals(lasting, "retailer") == []


def test_a_run_is_taken_up_a_bounded_number_of_times(lasting: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TAKEN_UP", 2)
    interrupted_by_silence(lasting)
    with LocalNode(lasting.retailer) as node:
        run = bytes.fromhex(node.interrupted.names()[0])
        for _ in range(2):
            node.interrupted.reopen(run).close()
        with pytest.raises(ResumeError, match="too often"):
            node.interrupted.reopen(run)


def test_intermediates_go_when_the_contract_says_so_even_under_way(lasting: Tiny,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer stays and says nothing: the hours count from the run's start."""
    monkeypatch.setattr(Start, "left", lambda *_: 1.0)
    with serving(lasting.retailer), converse_slowly(lasting) as call:
        assert list(call)[-1].abort.code == "ResumeError"
        assert len(failed_runs(lasting, "retailer", "ResumeError")) == 1
        assert journals(lasting, "retailer") == []


def test_a_run_of_a_revoked_contract_is_not_taken_up(lasting: Tiny) -> None:
    interrupted_by_silence(lasting)
    with LocalNode(lasting.retailer) as node:
        node.store.revoke(read_contract(lasting.contract), revocation(lasting))
    with serving(lasting.retailer), pytest.raises(PeerRefusedError):
        run_resume(lasting.advertiser, "", lasting.contract)
    for role in ("advertiser", "retailer"):
        assert journals(lasting, role) == []
        failed_runs(lasting, role, "Revoked")


def revocation(tiny: Tiny) -> bytes:
    return revoke_contract(read_contract(tiny.contract), "retailer", keys_of(tiny, "retailer").signing,
                           SystemClock().now())


@pytest.mark.parametrize("role", ["advertiser", "retailer"])
def test_a_certificate_that_changes_between_crash_and_resume_does_not_end_the_run(lasting: Tiny, role: Role) -> None:
    interrupted_by_silence(lasting)
    other = lasting.party("retailer" if role == "advertiser" else "advertiser")
    said = rotated(lasting, role)
    accept(other, said)
    with serving(lasting.retailer):
        run_resume(lasting.advertiser, "", lasting.contract)
        check_resumed(lasting)


def test_a_certificate_that_changes_while_the_peer_waits_does_not_end_the_run(lasting: Tiny) -> None:
    with serving(lasting.retailer) as server:
        killed(lasting, "columns")
        accept(lasting.retailer, rotated(lasting, "advertiser"))
        server.refresh()
        run_resume(lasting.advertiser, "", lasting.contract)
        check_resumed(lasting)


def rotated(tiny: Tiny, role: Role) -> Path:
    """The record of a rotation whose new certificate is shown from now on; the peer has not been told."""
    tiny.setting(role, "connect_timeout = 5", "connect_timeout = 1")
    rotate(tiny.party(role), notice=0, overlap=1)
    return next((tiny.party(role) / ROTATIONS).rglob("*.json"))


def test_own_files_that_fail_on_the_answering_side_leave_both_sides_to_try_again(lasting: Tiny) -> None:
    interrupted_by_silence(lasting)
    members = lasting.retailer / "data" / "members.csv"
    away = members.rename(members.with_suffix(".away"))
    with serving(lasting.retailer):
        with pytest.raises(PeerNotReadyError, match="cannot go on with the run now"):
            run_resume(lasting.advertiser, "", lasting.contract)
        until(lambda: state(lasting, "retailer")[0] == "interrupted")
        away.rename(members)
        run_resume(lasting.advertiser, "", lasting.contract)
        check_resumed(lasting)


def test_a_node_that_died_before_it_kept_anything_of_a_run_begins_it_anew(lasting: Tiny) -> None:
    run = bytes(range(16))
    with LocalNode(lasting.retailer) as node:
        contract = read_contract(lasting.contract)
        node.register.ask(run.hex(), contract.id, contract.version, contract_hash(contract).hex(), "peer",
                          attempts=9, queue=9)
    with serving(lasting.retailer):
        answer, _ = converse(lasting, [encode_resume(Resume(run, 0)), hello_of(lasting, run)])
        assert "abort" not in {frame.WhichOneof("body") for frame in answer}
        assert "hello" in {frame.WhichOneof("body") for frame in answer}


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
        process.join(PATIENCE)
    monkeypatch.setattr(limits, "MAX_GREETING_BYTES", 3000)  # a tiny list is larger, as a real one is than a MiB
    with serving(lasting.retailer):
        waiting.join(PATIENCE)
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
    with pytest.raises(UsageError, match="cannot be cancelled"):
        cancel(lasting.advertiser, runs(lasting.advertiser)[0].name)
    alone = run_resume(lasting.advertiser, "", lasting.contract)  # nobody answers, and nobody is needed
    assert "has not confirmed our last message" in alone.notes[-1]
    assert len(journals(lasting, "advertiser")) == 1  # who does not answer may lack what we said last
    with serving(lasting.retailer):
        assert run_resume(lasting.advertiser, "", lasting.contract).notes == alone.notes[:-1]
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


def test_without_a_journal_nothing_is_kept_and_a_lost_peer_ends_the_run(tiny: Tiny,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAST_FRAMES", 1.0)
    with mortal_party("retailer", tiny, "columns"):
        tiny.setting("advertiser", "peer_silence = 20", "peer_silence = 1")
        with pytest.raises(PeerLostError):
            match(tiny.advertiser, tiny.contract)
    assert len(failed_runs(tiny, "advertiser", "PeerLostError")) == 1
    assert journals(tiny, "advertiser") == journals(tiny, "retailer") == []
