"""A run id serves one run: neither repeating it nor removing a folder gives a second release for the price of one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from live import abort_reason, converse, hello_of, match, serving, until
from tiny import Tiny, runs

from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.ledger import Spend, SQLiteLedger
from cleanroom.adapters.progress import Silent
from cleanroom.errors import MisuseError
from cleanroom.node.local import LocalNode


def spends(tiny: Tiny) -> list[Spend]:
    ledger = SQLiteLedger(tiny.retailer / "state" / "ledger.sqlite")
    return ledger.history(read_contract(tiny.contract).id)


@pytest.mark.parametrize("meanwhile", [shutil.rmtree, lambda _: None], ids=["folder removed", "folder kept"])
def test_a_node_refuses_an_id_that_was_used_before(tiny: Tiny, meanwhile: Callable[[Path], None]) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
        earlier = runs(tiny.retailer)[0]
        until((earlier / "results.csv").exists)
        meanwhile(earlier)
        left, paid = runs(tiny.retailer), spends(tiny)
        frames, _ = converse(tiny, [hello_of(tiny, bytes.fromhex(earlier.name))])
        assert abort_reason(frames) == ("PeerViolationError", "protocol violation")
        assert [frame.WhichOneof("body") for frame in frames] == ["abort"]
        assert (runs(tiny.retailer), spends(tiny)) == (left, paid)
        match(tiny.advertiser, tiny.contract)


def test_a_node_does_not_use_its_own_id_again(tiny: Tiny) -> None:
    (tiny.advertiser / "runs" / bytes(16).hex()).mkdir(parents=True)
    with LocalNode(tiny.advertiser) as node, pytest.raises(MisuseError, match="the id of an earlier one"):
        node.execute(read_contract(tiny.contract), bytes(16), Silent(), lambda: pytest.fail("dialled"), initiator=True)
