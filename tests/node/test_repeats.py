"""Same question, same data: two nodes give the earlier table again, for nothing; anything else is a run of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from live import match, serving, until
from tiny import Tiny, edit, runs

from cleanroom.adapters.audit_files import read_log
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.ledger import SQLiteLedger
from cleanroom.audit.events import Kind
from cleanroom.audit.verify import verify_repeats
from cleanroom.cli.evidence import check_run_folder, check_runs
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role
from cleanroom.errors import AuditError


def spent(tiny: Tiny) -> list[tuple[float, float]]:
    contract = read_contract(tiny.contract).id
    return [SQLiteLedger(tiny.party(role) / "state" / "ledger.sqlite").spent(contract) for role in ROLES]


def kinds(run: Path) -> list[Kind]:
    return [event.kind for event in read_log(run)[0]]


def twice(tiny: Tiny, between: Callable[[], object], repeats: str = 'repeats = "replay"') \
        -> tuple[list[list[Path]], list[list[tuple[float, float]]]]:
    """Two runs; both parties' run folders, and the spend after each. `repeats`: the contract's line about it."""
    tiny.agree(lambda text: text.replace("[disclosure]", f"[disclosure]\n{repeats}"))
    totals = []
    with serving(tiny.retailer):
        for meanwhile in (lambda: None, between):
            meanwhile()
            match(tiny.advertiser, tiny.contract)
            until(lambda: all((run / "results.csv").exists() for run in runs(tiny.retailer)))
            totals.append(spent(tiny))
    return [runs(tiny.party(role)) for role in ROLES], totals


def reverse_rows(tiny: Tiny) -> None:
    """The same members and purchases in another order."""
    for name in ("members", "purchases"):
        path = tiny.retailer / "data" / f"{name}.csv"
        head, *rows = path.read_text().splitlines()
        path.write_text("\n".join([head, *reversed(rows)]) + "\n")


@pytest.mark.parametrize("between", [lambda _: None, reverse_rows], ids=["nothing", "order of rows"])
def test_an_identical_run_gives_the_earlier_table_for_nothing(tiny: Tiny, between: Callable[[Tiny], None]) -> None:
    folders, totals = twice(tiny, lambda: between(tiny))
    assert totals[0] == totals[1]
    for first, second in folders:
        assert (first / "table.json").read_bytes() == (second / "table.json").read_bytes()
        assert (first / "receipt.json").read_bytes() != (second / "receipt.json").read_bytes()
        for run in (first, second):
            assert check_run_folder(run, {}).verified.outcome == Kind.RUN_ENDED
        assert {Kind.PRIVACY_CHARGED, Kind.COUNTS_OPENED} & set(kinds(second)) == set()
        repeated = next(event for event in read_log(second)[0] if event.kind == Kind.TABLE_REPEATED)
        assert repeated.fields["run_id"] == first.name
        assert check_run_folder(second, {}).verified.receipt.epsilon == "0"
        judged = [event.fields for event in read_log(second)[0] if event.kind == Kind.RULE_CHECKED]
        assert sorted((each["rule"], each["verdict"]) for each in judged) == [
            (f"X-0{number}", "accepted") for number in range(1, 8)]


def test_audit_verify_compares_a_repeat_with_the_run_it_names(tiny: Tiny) -> None:
    """The whole `runs` folder verifies; a log that names another run than it repeats does not."""
    folders, _ = twice(tiny, lambda: None)
    for first, second in folders:
        assert len(check_runs(first.parent, {}).sealed) == 2
        earlier, repeat = (check_run_folder(run, {}).verified for run in (first, second))
        verify_repeats([repeat])  # the earlier one may have been deleted in time
        sizes = next(event for event in earlier.log if event.kind == Kind.SIZES_DECLARED)
        others = tuple(replace(event, fields={**event.fields, "peer": [1]}) if event is sizes else event
                       for event in earlier.log)
        for other, says in ((replace(earlier, receipt=replace(earlier.receipt, table_sha256="00" * 32)), "its table"),
                            (replace(earlier, role="other"), "its table"), (replace(earlier, log=others), "its table"),
                            (replace(earlier, receipt=None), "had not finished"),
                            (replace(earlier, ended=repeat.ended), "had not finished"),
                            (replace(earlier, run_id="0" * 32), "is missing")):
            with pytest.raises(AuditError, match=says):
                verify_repeats([other, repeat])


CHANGES: dict[str, Callable[[Tiny], object]] = {
    "one purchase": lambda tiny: edit(tiny.retailer / "data" / "purchases.csv", ",b0,1.00,", ",b0,1.01,"),
    "one person's arm": lambda tiny: edit(tiny.advertiser / "data" / "arms.csv", "7,control,", "7,exposed,"),
    "one address": lambda tiny: edit(tiny.retailer / "data" / "members.csv", "person5@", "person5x@"),
    "an earlier table that was forged": lambda tiny: edit(runs(tiny.retailer)[0] / "table.json", "people", "People"),
    "an earlier log that was forged": lambda tiny: edit(runs(tiny.advertiser)[0] / "audit.jsonl", '"seq":3', '"seq":4'),
    "the peer's folder in place of ours": lambda tiny: [
        shutil.copy(file, runs(tiny.retailer)[0]) for file in runs(tiny.advertiser)[0].glob("*.json*")],
    "the evidence removed": lambda tiny: (runs(tiny.retailer)[0] / "receipt.json").unlink(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_anything_else_is_a_run_of_its_own(tiny: Tiny, name: str) -> None:
    folders, totals = twice(tiny, lambda: CHANGES[name](tiny))
    assert [2 * epsilon for epsilon, _ in totals[0]] == pytest.approx([epsilon for epsilon, _ in totals[1]])
    for _, second in folders:
        assert Kind.TABLE_REPEATED not in kinds(second)


@pytest.mark.parametrize("repeats", ["", 'repeats = "run"'])
def test_without_an_agreement_each_run_is_one_of_its_own(tiny: Tiny, repeats: str) -> None:
    folders, totals = twice(tiny, lambda: None, repeats)
    assert totals[0] != totals[1]
    assert all(Kind.TABLE_REPEATED not in kinds(second) for _, second in folders)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_kept_of_a_run_names_nobody_and_is_the_owners_alone(tiny: Tiny, role: Role) -> None:
    with serving(tiny.retailer):
        match(tiny.advertiser, tiny.contract)
    kept = [path for path in (tiny.party(role) / "state" / "past").rglob("*") if path.is_file()]
    assert [path.name for path in kept] == [run.name for run in runs(tiny.party(role))]
    for path in [*kept, tiny.party(role) / "keys" / "past-runs.key"]:
        assert path.stat().st_mode & 0o777 == 0o600
        assert b"person1" not in path.read_bytes().lower()
