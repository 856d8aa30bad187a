"""`cleanroom ledger`: a party that lost its ledger, what both sides are told, and how it is mended."""

from __future__ import annotations

import json

import pytest
from command_kit import Run
from live import match, serving, until
from tiny import Tiny, edit, runs

from cleanroom.errors import LedgerError, PeerLedgerError


def finished(tiny: Tiny) -> bool:
    return (runs(tiny.retailer)[0] / "results.csv").exists()


def test_a_lost_ledger_is_told_to_both_and_mended_with_the_partners_entries(
        tiny: Tiny, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    exported = tiny.folder / "entries.json"
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
        until(lambda: finished(tiny))
        (tiny.advertiser / "state" / "ledger.sqlite").unlink()
        refused = run("match", tiny.advertiser, "--contract", tiny.contract)
        assert refused.code == LedgerError.exit_code == 71
        assert "privacy ledger" in refused.err
        assert "cleanroom ledger import" in refused.err
        assert run("ledger", "export", tiny.retailer, "tiny-campaign", exported).code == 0
        assert "2 of 2 entries" in run("ledger", "import", tiny.advertiser, exported).err
        assert "0 of 2 entries" in run("ledger", "import", tiny.advertiser, exported).err
        edit(tiny.retailer / "data" / "purchases.csv", ",b0,1.00,", ",b0,1.01,")
        assert run("match", tiny.advertiser, "--contract", tiny.contract).code == 0
    shown = run("ledger", "show", tiny.advertiser).out
    assert shown.count("import") == 2
    assert shown.count("own") == 2


def test_the_initiator_is_told_that_the_nodes_ledger_is_gone(tiny: Tiny) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
        until(lambda: finished(tiny))
    (tiny.retailer / "state" / "ledger.sqlite").unlink()
    with serving(tiny.retailer), pytest.raises(PeerLedgerError, match="lacks entries that it once confirmed"):
        match(tiny.advertiser, tiny.contract)


ENTRY = {"run": "0a" * 16, "part": "release", "epsilon": 1, "delta": 0}
BAD = {
    "no json": "nonsense", "a list": "[]",
    "another format": json.dumps({"format": "x", "contract": "abc", "entries": []}),
    **{name: json.dumps({"contract": "tiny-campaign", "entries": [{**ENTRY, **change}], "format": "cleanroom-ledger/1"},
                        sort_keys=True, separators=(",", ":"))
       for name, change in {"a negative amount": {"epsilon": -1}, "an absurd amount": {"delta": 10**15},
                            "an unknown part": {"part": "all"}, "a short run": {"run": "0a"},
                            "a text": {"epsilon": "1"}, "more": {"person": "x"}}.items()},
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_export_is_refused(tiny: Tiny, run: Run, name: str) -> None:
    (tiny.advertiser / "state").mkdir(exist_ok=True)
    file = tiny.folder / "entries.json"
    file.write_text(BAD[name])
    assert run("ledger", "import", tiny.advertiser, file).code == 65


def test_entries_of_an_unknown_contract_and_an_empty_ledger_are_refused(tiny: Tiny, run: Run) -> None:
    assert run("ledger", "show", tiny.advertiser).code == 67
    (tiny.advertiser / "state").mkdir(exist_ok=True)
    assert run("ledger", "export", tiny.advertiser, "tiny-campaign", tiny.folder / "out.json").code == 64
    file = tiny.folder / "entries.json"
    file.write_text(json.dumps({"contract": "another", "entries": [ENTRY], "format": "cleanroom-ledger/1"},
                               sort_keys=True, separators=(",", ":")))
    assert run("ledger", "import", tiny.advertiser, file).code == 64
