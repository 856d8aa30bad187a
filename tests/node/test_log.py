"""The node's log: its forms, and that it holds nothing of people and nothing secret, whatever happens."""

from __future__ import annotations

import csv
import json
import logging
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import until
from test_two_processes import COMMAND, node
from tiny import Tiny, runs

from cleanroom.errors import DataError, MachineError
from cleanroom.node.log import MAX_TEXT, Event, complain, configure, note

SECRET = "someone.unusual@example.org"
FIELDS = {"time", "level", "event", "text"}


@pytest.fixture
def restored() -> Iterator[None]:
    """Leave the logging of this process as it was."""
    root, hook = logging.getLogger(), threading.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level, threading.excepthook = handlers, level, hook


def lines(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("restored")
def test_a_line_of_json_has_the_event_and_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    note(Event.RUN_FINISHED, "finished", run="ab" * 16, contract="tiny-campaign")
    complain(Event.RUN_ENDED, "run ended", DataError("not a day", where="purchases.csv, row 7, day"), step="hello")
    finished, ended = lines(capsys.readouterr().err)[-2:]
    assert finished == {"time": finished["time"], "level": "info", "event": "run_finished", "run": "ab" * 16,
                        "contract": "tiny-campaign", "text": "finished"}
    assert ended == {"time": ended["time"], "level": "warning", "event": "run_ended", "step": "hello",
                     "error": "DataError", "text": "run ended: purchases.csv, row 7, day: not a day"}


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("form", ["text", "json"])
def test_of_errors_that_nobody_foresaw_only_the_class_is_said(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure("json" if form == "json" else "text")
    complain(Event.RUN_ENDED, "run ended", KeyError(SECRET))
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("grpc._server").exception("calling the application: %s", SECRET)
    thread = threading.Thread(target=lambda: {}[SECRET])
    thread.start()
    thread.join()
    said = capsys.readouterr().err
    assert SECRET not in said
    assert "Traceback" not in said
    assert [name in said for name in ("KeyError", "ValueError", "grpc._server", "a thread ended")] == [True] * 4


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("text", ["two\nlines", "\x1b[31mred", "x" * 100_000, "\u2028line", "\r\n{\"event\": 1}"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_text_makes_a_second_line_or_an_endless_one(form: str, text: str,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    configure("json" if form == "json" else "text")
    complain(Event.RUN_ENDED, "run ended", MachineError(text))
    said = capsys.readouterr().err
    assert len([line for line in said.splitlines() if "tiny-campaign" not in line]) == 1  # a run before may still end
    assert "\x1b" not in said
    assert len(said) < MAX_TEXT + 300


def personal(party: Path) -> set[str]:
    """Every value of a party's tables and every secret in its folder of keys, if long enough to be known again."""
    tables = (csv.reader(path.read_text(encoding="utf-8").splitlines()) for path in (party / "data").glob("*.csv"))
    values = {value for rows in tables for row in list(rows)[1:] for value in row if len(value) >= 8}
    keys = [path.read_bytes() for path in (party / "keys").glob("*key*")]
    return {*values, *(line for key in keys for line in key.decode("ascii", "ignore").split() if len(line) > 20),
            *(key.hex() for key in keys)}


def test_the_search_knows_people_and_keys(tiny: Tiny) -> None:
    found = personal(tiny.retailer)
    assert "person7@example.org" in found
    assert any(value in (tiny.retailer / "keys" / "signing.key.pem").read_text() for value in found)


@pytest.mark.parametrize("spoiled", [False, True], ids=["finished", "refused"])
def test_the_log_of_a_run_holds_nothing_of_people_and_no_key(tiny: Tiny, spoiled: bool) -> None:
    tiny.setting("retailer", "workers = 1", 'workers = 1\nlog = "json"')
    if spoiled:
        members = tiny.retailer / "data" / "members.csv"
        members.write_text(members.read_text().replace("7,person7@example.org", "7,person7@example.org,surplus"))
    with node(tiny.retailer) as process:
        done = subprocess.run([*COMMAND, "match", str(tiny.advertiser), "--contract", str(tiny.contract)],
                              capture_output=True, text=True, check=False)
        log = tiny.retailer / "node.log"
        until(lambda: b"run_finished" in log.read_bytes() or b"run_ended" in log.read_bytes())
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    said = log.read_text(encoding="utf-8")
    found = {line["event"]: line for line in lines(said)}
    assert list(found) == ["node_started", "run_ended" if spoiled else "run_finished", "node_stopped"]
    assert all(set(line) >= FIELDS for line in found.values())
    assert found.get("run_ended", {}).get("error") == ("DataError" if spoiled else None)
    assert (done.returncode == 0, len(runs(tiny.retailer))) == ((False, 0) if spoiled else (True, 1))
    for text in (said, done.stdout, done.stderr):
        assert [value for role in (tiny.advertiser, tiny.retailer) for value in personal(role) if value in text] == []


def test_a_closed_terminal_ends_the_node_cleanly(tiny: Tiny) -> None:
    with node(tiny.retailer) as process:
        process.send_signal(signal.SIGHUP)
        assert process.wait(20) == 0
    assert "node_stopped" in (tiny.retailer / "node.log").read_text()
