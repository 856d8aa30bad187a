"""Privacy is paid for before it is spent, and a ledger or audit log that cannot be written stops the run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from cheat import By, Cheat, changed, small_pair
from kit import EXACT, Lines, MemoryLedger, Node, exchange, make_setup, small_contract
from wiped import assert_dead_and_wiped

from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.audit.events import Kind, parse_event
from cleanroom.disclosure.accounting import run_cost
from cleanroom.errors import BudgetError, PeerViolationError
from cleanroom.session.messages import Message
from cleanroom.session.script import SCRIPT

ROLES = ("advertiser", "retailer")
AGREED = small_contract(threshold=0)


class Diary:
    """One list of what happened, in order: charges, audit lines, messages."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def ledger(self, role: str) -> MemoryLedger:
        diary = self

        class Watched(MemoryLedger):
            def charge(self, contract, run, part, *amounts, **more) -> None:
                super().charge(contract, run, part, *amounts, **more)
                diary.entries.append(f"{role} charges {part}")

        return Watched()

    def sink(self, role: str) -> Lines:
        diary = self

        class Watched(Lines):
            def append(self, line: bytes) -> None:
                super().append(line)
                diary.entries.append(f"{role} records {parse_event(line, len(self.lines) - 1, '').kind}")

        return Watched()

    def watch(self, role: str, position: int, message: Message) -> list[tuple[int, Message]]:
        self.entries.append(f"{role} sends {SCRIPT[position].name}")
        return [(position, message)]


def watched_run() -> list[str]:
    diary = Diary()
    nodes = small_pair(AGREED)
    for node in nodes:
        object.__setattr__(node.setup.ports, "ledger", diary.ledger(node.setup.role))
        log = node.setup.audit
        sink = diary.sink(node.setup.role)
        sink.lines = log._sink.lines
        log._sink = sink
    exchange(*nodes, diary.watch)
    return diary.entries


@pytest.mark.parametrize("role", ROLES)
def test_each_part_is_charged_and_logged_before_what_it_pays_for(role: str) -> None:
    """The transcript after the hellos and before the own sizes leave, the release before the first commitment, the
    counts before any share of a sum, the table before the receipt."""
    mine = [entry.removeprefix(f"{role} ") for entry in watched_run() if entry.startswith(role)]
    for chain in (
        ("sends hello", "charges transcript", "sends sizes", "charges release", "sends commit_people",
         "sends open_people", "sends commit_sums", "sends open_sums", "records table_released",
         "records receipt_signed", "sends receipt"),
        ("sends commit_people", "records counts_opened", "sends commit_sums"),
        ("sends commit_sums", "records sums_opened", "records table_released"),
    ):
        places = [mine.index(entry) for entry in chain]
        assert places == sorted(places)
    logged = [place for place, entry in enumerate(mine) if entry == f"records {Kind.PRIVACY_CHARGED}"]
    assert len(logged) == 2
    assert mine.index("charges transcript") < logged[0] < mine.index("sends sizes")
    assert mine.index("charges release") < logged[1] < mine.index("sends commit_people")


REFUSED: dict[str, tuple[str, By]] = {
    "another contract": ("advertiser", changed(contract=bytes(32))),
    "another version": ("advertiser", changed(version=0)),
    "a wrong clock": ("advertiser", changed(unix_time=0)),
    "another run": ("retailer", changed(run=bytes(16))),
    "another clock at the other end": ("retailer", changed(unix_time=0)),
}


@pytest.mark.parametrize("retailer_dials", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_what_ends_a_run_before_the_sizes_costs_nothing(name: str, retailer_dials: bool) -> None:
    """Whoever dials and whoever refuses: nothing is charged, so trying again is free."""
    cheat, by = REFUSED[name]
    nodes, said = small_pair(AGREED, retailer_dials=retailer_dials), []
    tamper = Cheat(cheat, "hello", by)

    def note(sender: str, position: int, message: Message) -> Iterable[tuple[int, Message]]:
        said.append((sender, message.label))
        return tamper(sender, position, message)

    with pytest.raises(PeerViolationError):
        exchange(*nodes, note)
    for node in nodes:
        assert node.ledger.charges == {}
        assert (node.setup.role, "sizes") not in said
        assert not any(b"privacy_charged" in line for line in node.audit.lines)


@pytest.mark.parametrize("retailer_dials", [False, True])
def test_the_advertiser_declares_its_sizes_first(retailer_dials: bool) -> None:
    sent = exchange(*small_pair(AGREED, retailer_dials=retailer_dials), until="blinded_cells")
    first, second = ("retailer", "advertiser") if retailer_dials else ("advertiser", "retailer")
    assert [(item.role, item.step) for item in sent] == [
        (first, "hello"), (second, "hello"), (first, "account"), (second, "account"), ("advertiser", "sizes"),
        ("retailer", "sizes")]


def spend(ledger: SQLiteLedger | MemoryLedger, times: int) -> None:
    budget = (float(AGREED.disclosure.budget_epsilon), float(AGREED.disclosure.budget_delta))
    cost = run_cost(make_setup(AGREED, "advertiser").plan).total
    for number in range(times):
        ledger.charge(AGREED.id, f"{number:032x}", "release", float(cost.epsilon),
                      float(cost.delta), budget)


def with_ledger(role: str, ledger: SQLiteLedger | MemoryLedger) -> tuple[Node, Node]:
    nodes = small_pair(AGREED)
    object.__setattr__(nodes[ROLES.index(role)].setup.ports, "ledger", ledger)
    return nodes


@pytest.mark.parametrize("role", ROLES)
def test_a_spent_budget_leaves_nothing_about_people_sent(role: str, tmp_path: Path) -> None:
    """Two earlier runs have used up the δ of the contract: the third ends when this side said no more than hello."""
    ledger = SQLiteLedger(tmp_path / "ledger.sqlite")
    spend(ledger, 2)
    nodes = with_ledger(role, ledger)
    sent: list[str] = []

    def note(sender: str, position: int, message: Message) -> list[tuple[int, Message]]:
        sent.extend([message.label] if sender == role else [])
        return [(position, message)]

    with pytest.raises(BudgetError):
        exchange(*nodes, note)
    assert sent == ["hello", "account"]
    assert_dead_and_wiped(nodes[ROLES.index(role)])
    assert ledger.spent(AGREED.id) == (4.0, 4e-6)  # the refused run was not charged


class BrokenLedger(MemoryLedger):
    """Fails like a full disk when asked to charge `part`."""

    broken = ""

    def charge(self, contract, run, part, *amounts, **more) -> None:
        if part == self.broken:
            raise OSError(28, "No space left on device")
        super().charge(contract, run, part, *amounts, **more)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("part", "unsaid"), [("transcript", "sizes"), ("release", "commit_people")])
def test_a_ledger_that_cannot_write_stops_the_run(role: str, part: str, unsaid: str) -> None:
    """What the charge would have paid for is never said, and the session is dead and wiped."""
    ledger = BrokenLedger()
    ledger.broken = part
    nodes, sent = with_ledger(role, ledger), []

    def note(sender: str, position: int, message: Message) -> list[tuple[int, Message]]:
        sent.append((sender, SCRIPT[position].name))
        return [(position, message)]

    with pytest.raises(OSError, match="No space left"):
        exchange(*nodes, note)
    assert (role, unsaid) not in sent
    assert_dead_and_wiped(nodes[ROLES.index(role)])


class FullDisk(Lines):
    """Takes `room` more lines, then fails."""

    room = 0

    def append(self, line: bytes) -> None:
        if self.room == 0:
            raise OSError(28, "No space left on device")
        self.room -= 1
        super().append(line)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("room", "unsaid"), [
    (0, "sizes"), (1, "sizes"), (2, "sizes"), (3, "sizes"), (5, "commit_people"), (6, "commit_sums"), (7, "receipt"),
    (8, "receipt"), (9, "receipt"), (10, "receipt")])
def test_an_audit_log_that_cannot_be_written_stops_the_run(role: str, room: int, unsaid: str) -> None:
    """At each line of the log in turn: X-02, ledgers compared, X-05, transcript charged, sizes, release charged, counts
    opened, sums opened, X-03, table released, receipt signed. No table is released by this side."""
    nodes, sent = small_pair(AGREED), []
    mine = nodes[ROLES.index(role)]
    sink = FullDisk()
    sink.room = room
    mine.setup.audit._sink = sink

    def note(sender: str, position: int, message: Message) -> list[tuple[int, Message]]:
        sent.append((sender, SCRIPT[position].name))
        return [(position, message)]

    with pytest.raises(OSError, match="No space left"):
        exchange(*nodes, note)
    assert (role, unsaid) not in sent
    assert not mine.setup.audit.open
    assert_dead_and_wiped(mine)


def test_the_log_of_an_honest_run_is_complete() -> None:
    """The order of the lines that the test above breaks one by one."""
    nodes = small_pair(AGREED)
    exchange(*nodes)
    for node in nodes:
        kinds = [parse_event(line, number, "").kind for number, line in enumerate(node.audit.lines)]
        assert kinds[1:3] == [Kind.RULE_CHECKED, Kind.LEDGERS_COMPARED]
        assert sorted(kinds[3:6]) == [Kind.PRIVACY_CHARGED, Kind.RULE_CHECKED, Kind.SIZES_DECLARED]
        assert kinds[6:11] == [Kind.PRIVACY_CHARGED, Kind.COUNTS_OPENED, Kind.SUMS_OPENED, Kind.RULE_CHECKED,
                               Kind.TABLE_RELEASED]
        assert sorted(kinds[11:]) == [Kind.RECEIPT_SIGNED, Kind.RECEIPT_VERIFIED]


def test_nothing_is_random_in_these_runs() -> None:
    assert watched_run() == watched_run()
    assert EXACT["padding"].most == 0
