"""Bad input ends in one line that names the file, the row or field and what to do, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_kit import Run
from tiny import Tiny, edit, runs

FIRST_PURCHASE = "0,2025-03-02,b0,1.00,1,dairy"
Spoil = Callable[[Path], None]


def change(file: str, old: str, new: str) -> Spoil:
    return lambda party: edit(party / file, old, new)


def rewrite(file: str, content: str | bytes) -> Spoil:
    def spoil(party: Path) -> None:
        (party / file).write_bytes(content if isinstance(content, bytes) else content.encode())

    return spoil


def remove(file: str) -> Spoil:
    return lambda party: (party / file).unlink()


def purchase(line: str) -> Spoil:
    return change("data/purchases.csv", FIRST_PURCHASE + "\n", line + "\n")


DATA = [
    (remove("data/purchases.csv"), ("data/purchases.csv", "no such file")),
    (rewrite("data/purchases.csv", ""), ("data/purchases.csv", "empty")),
    (rewrite("data/purchases.csv", "person,day,basket,amount,quantity,category\n"), ("data/purchases.csv", "no rows")),
    (change("data/purchases.csv", "amount", "sum"), ("data/purchases.csv", "field amount", "missing")),
    (change("data/members.csv", "person,email", "email,email"), ("data/members.csv", "field")),
    (purchase("0,02.03.2025,b0,1.00,1,dairy"), ("data/purchases.csv, line 2, field day", "not a date")),
    (purchase("0,2025-02-30,b0,1.00,1,dairy"), ("data/purchases.csv, line 2, field day", "not a date")),
    (purchase("0,2025-03-02T10:00:00,b0,1.00,1,dairy"), ("line 2, field day", "without an offset", "time_zone")),
    (purchase("0,2025-03-02,b0,-1.00,1,dairy"), ("data/purchases.csv, line 2, field amount", "negative")),
    (purchase("0,2025-03-02,b0,1000000.01,1,dairy"), ("line 2, field amount", "absurdly large")),
    (purchase("0,2025-03-02,b0,1e3,1,dairy"), ("line 2, field amount", "not a number")),
    (purchase('0,2025-03-02,b0,"1,00",1,dairy'), ("line 2, field amount", "not a number")),
    (purchase("0,2025-03-02,b0,1.005,1,dairy"), ("line 2, field amount", "more than two decimals")),
    (purchase("0,2025-03-02,b0,,1,dairy"), ("line 2, field amount", "empty")),
    (purchase("0,2025-03-02,b0,1.00,1.5,dairy"), ("line 2, field quantity", "whole")),
    (purchase("0,2025-03-02,,1.00,1,dairy"), ("line 2, field basket", "empty")),
    (change("data/members.csv", "\n1,person1@", "\n,person1@"), ("line 3, field person", "empty")),
    (purchase("0,2025-03-02,b0,1.00,1"), ("data/purchases.csv, line 2", "not one row")),
    (purchase('0,2025-03-02,"b0,1.00,1,dairy'), ("data/purchases.csv, line 2", "not one row")),
    (rewrite("data/members.csv", b"person,email\n1,\xff\xfe@example.org\n"), ("data/members.csv, line 2", "UTF-8")),
    (change("data/members.csv", "\n1,person1@", "\n0,person1@"), ("data/members.csv, line 3, field person", "already")),
    (remove("data/consents.csv"), ("data/consents.csv", "no such file")),
    (change("data/suppressions.csv", "person", "who"), ("data/suppressions.csv", "field person", "missing")),
]


@pytest.mark.parametrize(("spoil", "parts"), DATA)
def test_a_bad_file_is_named_with_row_field_and_remedy(tiny: Tiny, run: Run, spoil: Spoil,
                                                      parts: tuple[str, ...]) -> None:
    spoil(tiny.retailer)
    line = run("check", tiny.retailer).refusal(65, *parts)
    assert "person1@" not in line


@pytest.mark.parametrize(("spoil", "parts"), DATA[::6])
def test_a_run_finds_a_bad_file_before_it_asks_the_peer(tiny: Tiny, run: Run, spoil: Spoil,
                                                       parts: tuple[str, ...]) -> None:
    spoil(tiny.retailer)  # nobody listens at the peer's address: that would be 75
    run("match", tiny.retailer, "--contract", tiny.contract).refusal(65, *parts)
    assert runs(tiny.retailer) == []


SETTINGS = [
    (remove("party.toml"), ("party.toml", "cleanroom init")),
    (rewrite("party.toml", "[party\n"), ("party.toml, line 1", "not valid TOML")),
    (change("party.toml", 'role = "retailer"', 'role = "shop"'), ("party.toml, party.role",)),
    (change("party.toml", "workers = 1", "workers = -1"), ("party.toml, node.workers",)),
    (change("party.toml", "workers = 1", "threads = 1"), ("party.toml, node.threads", "unknown key")),
    (change("party.toml", "[data.members]", "[data.people]"), ("party.toml", "data.members")),
    (change("party.toml", 'file = "data/members.csv"', 'file = "../members.csv"'), ("data.members.file", "inside")),
    (change("party.toml", 'listen = "127.0.0.1:', 'listen = "127.0.0.1:9'), ("party.toml, node.listen", "host:port")),
]


@pytest.mark.parametrize(("spoil", "parts"), SETTINGS)
def test_bad_settings_are_named_by_file_and_key(tiny: Tiny, run: Run, spoil: Spoil, parts: tuple[str, ...]) -> None:
    spoil(tiny.retailer)
    run("check", tiny.retailer).refusal(67, *parts)


KEYS = [
    (remove("keys/signing.key.pem"), ("keys/signing.key.pem", "cleanroom init")),
    (remove("keys/tls.cert.pem"), ("keys/tls.cert.pem", "cleanroom init")),
    (rewrite("keys/tls.key.pem", "not a key"), ("keys/tls.key.pem", "not an unencrypted private key")),
    (lambda party: (party / "keys/signing.key.pem").chmod(0o644), ("keys/signing.key.pem", "chmod")),
]


@pytest.mark.parametrize(("spoil", "parts"), KEYS)
def test_bad_keys_are_named_by_file(tiny: Tiny, run: Run, spoil: Spoil, parts: tuple[str, ...]) -> None:
    spoil(tiny.retailer)
    run("match", tiny.retailer, "--contract", tiny.contract).refusal(67, *parts)
    assert runs(tiny.retailer) == []


CONTRACT = [
    ("threshold = 30", "threshold = 10", ("C-10", "disclosure.threshold < 11")),
    ("threshold = 30", "minimum = 30", ("disclosure",)),
    ('budget_epsilon = "9"', 'budget_epsilon = "11"', ("C-10", "disclosure.budget_epsilon > 10")),
    ('budget_epsilon = "9"', 'budget_epsilon = "0"', ("disclosure.budget_epsilon", "greater than 0")),
    ('budget_epsilon = "9"', 'budget_epsilon = "1"', ("disclosure.budget", "one run spends")),
    ("[match]\n", "[match\n", ("not valid TOML", "line")),
    ("version = 1\n", "version = 1\nfavourite = 2\n", ("favourite", "unknown setting")),
    ("version = 1\n", "", ("version", "missing")),
    ('keys = ["email"]', 'keys = ["cookie"]', ("match.keys.0",)),
    ("lookback_days = 90", "lookback_days = 10", ("consent.lookback_days", "the calendar spans")),
    ("window_days = 28", "window_days = 4000", ("calendar.window_days",)),
    ("not_after = ", "not_after = 2020-01-01T00:00:00Z #", ("not_after",)),
    ('epsilon = "0.5"\ndelta', 'epsilon = "0.01"\ndelta', ("match", "padding takes")),
]


@pytest.mark.parametrize(("old", "new", "parts"), CONTRACT)
def test_a_contract_that_cannot_be_run_is_refused_and_not_written(
        tiny: Tiny, run: Run, old: str, new: str, parts: tuple[str, ...]) -> None:
    terms, made = tiny.folder / "terms.toml", tiny.folder / "new.toml"
    edit(terms, old, new)
    options = [f"--{role}={card}" for role, card in tiny.cards().items()]
    run("contract", "new", made, "--terms", terms, *options).refusal(66, *parts)
    assert not made.exists()


@pytest.mark.parametrize(("file", "parts"), [("nowhere.toml", ("nowhere.toml", "No such file")),
                                             ("advertiser", ("advertiser", "not a regular file"))])
def test_a_contract_file_that_is_none_is_named(tiny: Tiny, run: Run, file: str, parts: tuple[str, ...]) -> None:
    run("contract", "show", tiny.folder / file).refusal(66, *parts)
