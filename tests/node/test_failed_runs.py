"""Runs that end early without anybody cheating: silence, absence, a refusal, two at once, an empty purse."""

from __future__ import annotations

import pytest
from live import converse, converse_slowly, failed_runs, hello_of, match, sealed, serving, until
from tiny import Tiny, edit, result_files, runs

from cleanroom.adapters.audit_files import read_log
from cleanroom.audit.events import Kind
from cleanroom.errors import BudgetError, DataError, PeerRefusedError, PeerUnavailableError

SHORT = ("peer_silence = 20", "peer_silence = 1")


def test_nobody_listening_is_reported_within_the_connect_timeout(tiny: Tiny) -> None:
    tiny.setting("advertiser", "connect_timeout = 5", "connect_timeout = 1")
    with pytest.raises(PeerUnavailableError, match="the retailer's node does not answer") as caught:
        match(tiny.advertiser, tiny.contract)
    assert caught.value.exit_code == 75
    assert runs(tiny.advertiser) == []


def test_a_peer_that_falls_silent_ends_the_run(tiny: Tiny) -> None:
    tiny.setting("retailer", *SHORT)
    with serving(tiny.retailer), converse_slowly(tiny) as call:
        assert list(call)[-1].abort.reason == "the connection was lost"
        assert len(failed_runs(tiny, "retailer", "PeerLostError")) == 1


def test_a_run_that_takes_too_long_is_ended(tiny: Tiny) -> None:
    tiny.setting("retailer", "peer_silence = 20", "peer_silence = 20\nrun_limit = 1")
    with serving(tiny.retailer), converse_slowly(tiny) as call:
        assert list(call)[-1].abort.reason == "the connection was lost"
        assert len(failed_runs(tiny, "retailer", "PeerUnavailableError")) == 1


def test_a_peer_that_never_speaks_starts_no_run(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    tiny.setting("retailer", "connect_timeout = 5", "connect_timeout = 1")
    with serving(tiny.retailer):
        def wait():
            until(lambda: "no run has begun: a caller was silent for 1 s" in caplog.text)
            yield from ()

        converse(tiny, wait())
        assert runs(tiny.retailer) == []
        match(tiny.advertiser, tiny.contract)


def test_a_peer_that_hangs_up_and_does_not_come_back_ends_the_run(tiny: Tiny) -> None:
    tiny.setting("retailer", *SHORT)
    with serving(tiny.retailer):
        converse(tiny, [hello_of(tiny, bytes(range(16)))])
        assert len(failed_runs(tiny, "retailer", "PeerLostError")) == 1


def test_a_second_run_of_a_contract_waits_for_the_first_to_end(tiny: Tiny) -> None:
    tiny.setting("retailer", "peer_silence = 20", "peer_silence = 3")
    with serving(tiny.retailer), converse_slowly(tiny) as first:
        until(lambda: bool(runs(tiny.retailer)))
        match(tiny.advertiser, tiny.contract)
        list(first)
    finished, failed = runs(tiny.retailer)
    end, start = read_log(failed)[0][-1], read_log(finished)[0][0]
    assert end.kind == Kind.RUN_FAILED
    assert end.moment <= start.moment


def test_the_peers_reason_is_public_words_only(tiny: Tiny) -> None:
    """The retailer's file is broken: the advertiser learns that, and not where."""
    edit(tiny.retailer / "data" / "purchases.csv", "2025-03-02,b0,", "yesterday,b0,")
    with serving(tiny.retailer), pytest.raises(PeerRefusedError) as caught:
        match(tiny.advertiser, tiny.contract)
    assert caught.value.exit_code == 77
    assert str(caught.value) == ("DataError: the peer ended the run: the other party's input was refused by its own "
                                 "checks — ask the other party to look at its node")
    assert len(failed_runs(tiny, "advertiser", "PeerRefusedError")) == 1
    assert runs(tiny.retailer) == []


def test_an_own_broken_file_is_found_before_the_peer_is_asked(tiny: Tiny) -> None:
    edit(tiny.advertiser / "data" / "arms.csv", "0,exposed,2025-03-01\n", "0,exposed,soon\n")
    with serving(tiny.retailer), pytest.raises(DataError, match=r"arms\.csv, line 2, field day"):
        match(tiny.advertiser, tiny.contract)
    assert runs(tiny.advertiser) == runs(tiny.retailer) == []


def test_a_spent_budget_ends_the_run_before_anything_about_people_is_sent(tiny: Tiny) -> None:
    """One run costs ε 1.5 of 2: the second one is refused on both sides, and costs nothing."""
    tiny.agree(lambda text: text.replace('budget_epsilon = "9"', 'budget_epsilon = "2"'))
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
        edit(tiny.retailer / "data" / "purchases.csv", ",b0,1.00,", ",b0,1.01,")  # else the same table, for nothing
        with pytest.raises(BudgetError, match=r"has spent ε 1\.5.*asks for ε 1.*the budget is ε 2"):
            match(tiny.advertiser, tiny.contract)
        for party in (tiny.advertiser, tiny.retailer):
            _, last = runs(party)
            until(lambda last=last: sealed(last))
            log = (last / "audit.jsonl").read_bytes()
            assert b"sizes_declared" not in log
            assert b"privacy_charged" not in log
            assert result_files(last) == []


def test_an_empty_overlap_is_a_finished_run_whose_report_says_that_all_is_suppressed(tiny: Tiny) -> None:
    tiny.agree(lambda text: text.replace("threshold = 30", "threshold = 150"))
    members = tiny.retailer / "data" / "members.csv"
    members.write_text(members.read_text().replace(",person", ",stranger"))
    with serving(tiny.retailer):
        finished = match(tiny.advertiser, tiny.contract)
    assert finished.results.document["suppression"]["suppressed"] == 2
    assert [group["suppressed"] for release in finished.results.document["released"]
            for group in release["groups"]] == [True, True]
    assert "suppressed" in finished.results.report.read_text()
