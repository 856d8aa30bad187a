"""Probing around one person: two runs whose people differ by a few are charged, warned about or refused (X-04)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd
import pytest
from duplex import both
from kit import KEYS, MemoryLedger, MemoryPast, contract, make_setup
from small_tables import both_tables

from cleanroom import flow
from cleanroom.adapters.progress import Silent
from cleanroom.audit.events import Kind, parse_event
from cleanroom.contract.model import Role
from cleanroom.errors import DataError, PeerRefusedError
from cleanroom.flow import Outcome
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.match.dummies import Padding
from cleanroom.node.link import FrameLink

OTHER: dict[Role, Role] = {"advertiser": "retailer", "retailer": "advertiser"}


@dataclass
class World:
    """Both parties over several runs of one contract."""

    overlap: str
    ledgers: dict[str, MemoryLedger] = field(default_factory=lambda: {role: MemoryLedger() for role in KEYS})
    past: dict[str, MemoryPast] = field(default_factory=lambda: {role: MemoryPast() for role in KEYS})
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    logs: dict[str, list[bytes]] = field(default_factory=dict)
    runs: int = 0

    def run(self, tables: dict[Role, AdvertiserTables | RetailerTables]) -> dict[str, BaseException | None]:
        """One run; each side's error."""
        self.runs += 1
        agreed = contract(disclosure__overlap=self.overlap, disclosure__threshold=50, disclosure__budget_epsilon="10",
                          disclosure__budget_delta="0.00001", match__epsilon="0.5")
        setups = {role: make_setup(agreed, role, seed=self.runs, run=bytes([self.runs]) * 16, padding=Padding(2, 1.0),
                                   ledger=self.ledgers[role], past=self.past[role]) for role in KEYS}
        self.outcomes = {}

        def side(role: str, link: FrameLink) -> None:
            self.outcomes[role] = flow.run(setups[role], lambda: tables[role], link, Silent(),
                                           initiator=role == "advertiser")

        errors = both(side)
        self.logs = {role: setup.audit._sink.lines for role, setup in setups.items()}
        return errors

    def verdicts(self, role: str) -> list[tuple[str, str]]:
        events = [parse_event(line, number, "") for number, line in enumerate(self.logs[role])]
        return [(event.fields["rule"], event.fields["verdict"]) for event in events if event.kind == Kind.RULE_CHECKED]


def without(role: Role, gone: int) -> dict[Role, AdvertiserTables | RetailerTables]:
    """120 people a side, of whom `gone` of one side objected since."""
    tables = both_tables("same", "same")
    mine = tables[role]
    objecting = mine.roster["person"].iloc[:gone]
    return {**tables, role: replace(mine, suppressions=pd.DataFrame({"person": objecting}))}


@pytest.mark.parametrize("role", KEYS)
@pytest.mark.parametrize("gone", [1, 49])
def test_a_run_that_differs_by_a_few_people_is_refused(role: Role, gone: int) -> None:
    """In both directions: one person removed since, and one added."""
    for first, second in ((0, gone), (gone, 0)):
        world = World("refuse")
        assert world.run(without(role, first)) == {"advertiser": None, "retailer": None}
        spent = {side: dict(ledger.charges) for side, ledger in world.ledgers.items()}
        errors = world.run(without(role, second))
        assert type(errors[role]) is DataError
        assert f"= {gone} < disclosure.threshold" in str(errors[role])
        assert "X-04: Sizes reach" in str(errors[role])
        assert "Les effectifs" in str(errors[role])
        assert ("X-04", "refused") in world.verdicts(role)
        assert type(errors[OTHER[role]]) is PeerRefusedError  # in the words of any refusal by own data
        assert "the other party's input was refused by its own checks" in str(errors[OTHER[role]])
        assert {side: ledger.charges for side, ledger in world.ledgers.items()} == spent


@pytest.mark.parametrize("role", KEYS)
@pytest.mark.parametrize(("overlap", "verdict"), [("warn", "warned"), ("charge", "accepted")])
def test_the_contract_may_warn_or_only_charge(role: Role, overlap: str, verdict: str) -> None:
    world = World(overlap)
    world.run(without(role, 0))
    assert world.run(without(role, 1)) == {"advertiser": None, "retailer": None}
    assert ("X-04", verdict) in world.verdicts(role)
    assert ("X-04", "accepted") in world.verdicts(OTHER[role])
    close = world.outcomes[role].own.close
    assert close is not None
    assert (close.run, close.difference.people, close.difference.exact) == ("01" * 16, 1, True)
    assert world.outcomes[OTHER[role]].own.close is None
    assert all(len(ledger.charges) == 4 for ledger in world.ledgers.values())


@pytest.mark.parametrize("role", KEYS)
@pytest.mark.parametrize("gone", [0, 50, 60])
def test_the_same_people_and_clearly_other_people_are_not_close(role: Role, gone: int) -> None:
    world = World("refuse")
    world.run(without(role, 0))
    assert world.run(without(role, gone)) == {"advertiser": None, "retailer": None}
    assert ("X-04", "accepted") in world.verdicts(role)


def test_every_earlier_run_counts_not_only_the_last() -> None:
    world = World("refuse")
    for gone in (0, 55):
        assert world.run(without("retailer", gone)) == {"advertiser": None, "retailer": None}
    errors = world.run(without("retailer", 1))
    assert "01" * 16 in str(errors["retailer"])


def test_a_run_that_was_never_charged_is_not_remembered() -> None:
    world = World("refuse")
    world.ledgers["retailer"].charges["demo-direct-mail-2017", "0a" * 16, "release"] = (9.9, 0.0)
    assert None not in world.run(without("retailer", 0)).values()
    assert world.past["retailer"].kept == {}


def test_each_run_logs_a_verdict_of_every_run_rule() -> None:
    world = World("charge")
    world.run(without("retailer", 0))
    for role in KEYS:
        assert sorted(world.verdicts(role)) == [(f"X-0{number}", "accepted") for number in range(1, 8)]


def test_two_runs_that_look_at_the_same_moment_do_not_both_go_on() -> None:
    """Two processes of a party prepare runs that differ by one person before either is remembered."""
    world, agreed = World("refuse"), contract(
        disclosure__overlap="refuse", disclosure__threshold=50, disclosure__budget_epsilon="10",
        disclosure__budget_delta="0.00001", match__epsilon="0.5")
    sides = []
    for number, gone in ((1, 0), (2, 1)):
        setup = make_setup(agreed, "retailer", run=bytes([number]) * 16, padding=Padding(2, 1.0),
                           ledger=world.ledgers["retailer"], past=world.past["retailer"])
        sides.append(flow.prepare(setup, without("retailer", gone)["retailer"])[0])
    list(sides[0].send("sizes", b""))
    with pytest.raises(DataError, match="X-04"):
        list(sides[1].send("sizes", b""))
