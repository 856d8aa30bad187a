"""What a command keeps to itself when it crashes, and what the process list shows."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading

import pytest
import typer

import cleanroom.cli.main as command
from cleanroom.adapters.executors import ProcessExecutor

SECRET = "clara@example.org"

CRASH = f"""
import ctypes, os, resource, sys
import cleanroom.cli.main as command
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
def app(**_):
    secret = {SECRET!r}
    print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
    if "abort" in sys.argv:
        os.abort()
    raise ValueError(secret)
command.application = lambda *_: app
command.main()
"""


def crash(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", CRASH, *arguments], capture_output=True, text=True, check=False,
                          cwd="/", timeout=60)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
def test_a_command_that_crashes_leaves_no_core() -> None:
    """Both limits are zero, PR_GET_DUMPABLE says no, and the end is the signal's all the same."""
    ended = crash("abort")
    assert (ended.stdout, ended.returncode) == ("0 0 0\n", -6)


def test_worker_processes_leave_none_either() -> None:
    with ProcessExecutor(1) as executor:
        assert list(executor.map(resource.getrlimit, [resource.RLIMIT_CORE])) == [(0, 0)]


def test_an_unexpected_error_shows_its_class_and_place_only() -> None:
    ended = crash()
    assert ended.returncode == 70
    assert ended.stderr.startswith("cleanroom: internal error: ValueError at <string>:")
    assert SECRET not in ended.stderr


def test_so_does_one_in_a_thread(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(threading, "excepthook", command._thread_ended)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    said = capsys.readouterr().err
    assert "ValueError at test_no_secret_leaves.py" in said
    assert SECRET not in said


def test_no_command_takes_a_secret_where_the_process_list_shows_it() -> None:
    """Keys come from files with checked modes; no option or argument is one."""
    def names(group: object) -> set[str]:
        found = {name for each in group.params for name in (each.name, *each.opts)}
        return found.union(*(names(child) for child in getattr(group, "commands", {}).values()))

    said = names(typer.main.get_command(command.application()))
    assert "folder" in said
    assert not [name for name in said if any(word in name for word in ("password", "secret", "token", "pin"))]
