"""A ledger that was rolled back, deleted or never charged: both sides find out, and nobody's spend ever falls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cheat import Cheat, changed, small_pair
from duplex import converse_both
from kit import MemoryLedger, Node, exchange, small_contract
from wiped import assert_dead_and_wiped

from cleanroom import limits
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.disclosure.comparison import chain
from cleanroom.errors import BudgetError, LedgerError, PeerLedgerError, PeerViolationError
from cleanroom.ports import Entry, Ledger
from cleanroom.session.messages import Account, Message

ROLES = ("advertiser", "retailer")
OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
AGREED = small_contract(threshold=0, disclosure__budget_epsilon="10", disclosure__budget_delta="0.0001")


def books(tmp_path: Path) -> dict[str, Ledger]:
    return {role: SQLiteLedger(tmp_path / f"{role}.sqlite") for role in ROLES}


def nodes_of(ledgers: dict[str, Ledger], number: int, *, retailer_dials: bool = False) -> tuple[Node, Node]:
    nodes = small_pair(AGREED, run=bytes([number]) * 16, retailer_dials=retailer_dials)
    for node in nodes:
        object.__setattr__(node.setup.ports, "ledger", ledgers[node.setup.role])
    return nodes


def run(ledgers: dict[str, Ledger], number: int, until: str = "done") -> None:
    exchange(*nodes_of(ledgers, number), until=until)


def holds(ledger: Ledger) -> list[tuple[str, str]]:
    return sorted(entry.key for entry in ledger.entries(AGREED.id))


def test_after_a_run_both_hold_the_same_and_know_it(tmp_path: Path) -> None:
    ledgers = books(tmp_path)
    run(ledgers, 1)
    both = [("01" * 16, "release"), ("01" * 16, "transcript")]
    for ledger in ledgers.values():
        assert holds(ledger) == both
        assert sorted(ledger.confirmed(AGREED.id)) == both


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("retailer_dials", [False, True])
def test_a_deleted_ledger_is_found_by_both_sides(tmp_path: Path, role: str, runs: int, retailer_dials: bool) -> None:
    ledgers = books(tmp_path)
    for number in range(runs):
        run(ledgers, number + 1)
    ledgers[role] = SQLiteLedger(tmp_path / "new.sqlite")
    nodes = nodes_of(ledgers, 9, retailer_dials=retailer_dials)
    errors = converse_both({node.setup.role: node for node in nodes})
    assert (type(errors[role]), type(errors[OTHER[role]])) == (LedgerError, PeerLedgerError)
    for error in errors.values():
        assert "cleanroom ledger import" in str(error)
    for node in nodes:
        assert_dead_and_wiped(node)
    assert holds(ledgers[role]) == []  # and the run that was stopped cost nothing


@pytest.mark.parametrize("role", ROLES)
def test_a_ledger_from_a_backup_is_found_although_it_still_has_entries(tmp_path: Path, role: str) -> None:
    ledgers = books(tmp_path)
    run(ledgers, 1)
    backup = (tmp_path / f"{role}.sqlite").read_bytes()
    run(ledgers, 2)
    (tmp_path / f"{role}.sqlite").write_bytes(backup)
    errors = converse_both({node.setup.role: node for node in nodes_of(ledgers, 3)})
    assert (type(errors[role]), type(errors[OTHER[role]])) == (LedgerError, PeerLedgerError)


@pytest.mark.parametrize("role", ROLES)
def test_entries_taken_from_the_partner_mend_a_lost_ledger(tmp_path: Path, role: str) -> None:
    ledgers = books(tmp_path)
    run(ledgers, 1)
    ledgers[role] = SQLiteLedger(tmp_path / "new.sqlite")
    ledgers[role].reconcile(AGREED.id, "", ledgers[OTHER[role]].entries(AGREED.id), "import")
    run(ledgers, 2)
    assert holds(ledgers["advertiser"]) == holds(ledgers["retailer"])
    assert ledgers["advertiser"].spent(AGREED.id) == ledgers["retailer"].spent(AGREED.id)


@pytest.mark.parametrize("until", ["account", "sizes", "blinded_cells", "commit_people", "open_sums"])
@pytest.mark.parametrize("survivor", ["one of two sizes", "both"])
def test_a_run_that_failed_half_way_is_no_disagreement(tmp_path: Path, until: str, survivor: str) -> None:
    """Whatever each side had charged by then, both hold the union after the next hello."""
    ledgers = books(tmp_path)
    run(ledgers, 1, until)
    if survivor == "one of two sizes" and until == "sizes":
        ledgers["advertiser"].charge(AGREED.id, "01" * 16, "transcript", 1.0, 2e-6, (10.0, 1e-4))  # and then it died
    before = {entry for ledger in ledgers.values() for entry in ledger.entries(AGREED.id)}
    run(ledgers, 2, "sizes")
    for ledger in ledgers.values():
        assert set(ledger.entries(AGREED.id)) == before
    run(ledgers, 3)
    assert ledgers["advertiser"].spent(AGREED.id) == ledgers["retailer"].spent(AGREED.id)


@pytest.mark.parametrize("teller", ROLES)
def test_what_only_the_partner_recorded_counts_against_the_budget(teller: str) -> None:
    ledgers = {role: MemoryLedger() for role in ROLES}
    ledgers[teller].charges[AGREED.id, "0a" * 16, "release"] = (9.5, 0.0)
    refusals = converse_both({node.setup.role: node for node in nodes_of(ledgers, 1)})
    assert BudgetError in {type(error) for error in refusals.values()}


def test_another_amount_for_an_entry_that_we_hold_is_refused_and_not_adopted(tmp_path: Path) -> None:
    """An honest amount never differs; claims of ever larger ones would fill the ledger."""
    ledgers = books(tmp_path)
    for role, epsilon in zip(ROLES, (1.0, 2.0), strict=True):
        ledgers[role].charge(AGREED.id, "0a" * 16, "release", epsilon, 0.0, (10.0, 1e-4))
    refusals = converse_both({node.setup.role: node for node in nodes_of(ledgers, 1)})
    assert PeerViolationError in {type(error) for error in refusals.values()}
    assert [ledger.spent(AGREED.id)[0] for ledger in ledgers.values()] == [1.0, 2.0]


def test_claims_cannot_fill_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_LEDGER_ENTRIES", 3)
    ledgers = books(tmp_path)
    for role, start in zip(ROLES, (0, 2), strict=True):
        for number in (start, start + 1):
            ledgers[role].charge(AGREED.id, f"{number:032x}", "transcript", 0.5, 0.0, (10.0, 1e-4))
    refusals = converse_both({node.setup.role: node for node in nodes_of(ledgers, 1)})
    assert PeerViolationError in {type(error) for error in refusals.values()}
    assert sum(len(ledger.entries(AGREED.id)) for ledger in ledgers.values()) == 4


def test_both_logs_name_the_same_chain_of_entries(tmp_path: Path) -> None:
    ledgers = books(tmp_path)
    run(ledgers, 1)
    nodes = nodes_of(ledgers, 2)
    exchange(*nodes)
    named = [[line for line in node.audit.lines if b"ledgers_compared" in line] for node in nodes]
    chains = [line.split(b'"chain":"')[1][:64] for (line,) in named]
    assert chains[0] == chains[1] != chain([]).hex().encode()


@pytest.mark.parametrize("cheat", ROLES)
def test_a_peer_cannot_lower_a_spend_by_claiming_less(cheat: str, tmp_path: Path) -> None:
    """An empty account after an earlier run is a disagreement, and so is one with an entry left out."""
    for kept in (0, 1):
        ledgers = books(tmp_path)
        if not holds(ledgers["advertiser"]):
            run(ledgers, 1)
        tamper = Cheat(cheat, "account", changed(entries=lambda old, n=kept: old[:n],
                                                 confirmed=lambda old, n=kept: old[:n]))
        with pytest.raises(PeerLedgerError):
            exchange(*nodes_of(ledgers, 2 + kept), tamper)


def test_the_chain_depends_on_every_entry_and_their_order() -> None:
    one, two = Entry("a", "release", 1, 2), Entry("b", "release", 1, 2)
    assert len({chain(entries) for entries in ([], [one], [two], [one, two], [two, one],
                                               [Entry("a", "release", 2, 1)])}) == 6


@pytest.mark.parametrize("late", ROLES)
def test_two_runs_at_once_are_no_rolled_back_ledger(tmp_path: Path, late: str) -> None:
    """Both dial at the same moment. One run goes on while the account of the other is under way: what was charged and
    confirmed meanwhile is missing from that account, and nobody rolled anything back."""
    ledgers = books(tmp_path)
    run(ledgers, 1)
    first = nodes_of(ledgers, 2)
    second = nodes_of(ledgers, 3, retailer_dials=True)

    def meanwhile(role: str, position: int, message: Message) -> Iterator[tuple[int, Message]]:
        if role == late and isinstance(message, Account):
            exchange(*second, until="blinded_cells")
        yield position, message

    exchange(*first, meanwhile)
    assert all(node.session.finished for node in first)
    exchange(*second)
    assert all(node.session.finished for node in second)
    assert holds(ledgers["advertiser"]) == holds(ledgers["retailer"])
    run(ledgers, 4)
