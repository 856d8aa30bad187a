"""What the parser refuses is one line with exit code 64, like every other refusal; help is help."""

from __future__ import annotations

import sys

import pytest
from command_kit import Run

import cleanroom.cli.main as command


@pytest.mark.parametrize(("arguments", "parts"), [
    (("match", "here"), ("cleanroom match: missing option '--contract'", "`cleanroom match --help`")),
    (("match",), ("cleanroom match: missing argument 'DIR'",)),
    (("mach",), ("cleanroom: no such command 'mach'", "`cleanroom --help`")),
    (("audit", "prove"), ("cleanroom audit: no such command 'prove'",)),
    (("report", "here", "--format", "pdf"), ("cleanroom report: invalid value for '--format'", "'pdf'")),
    (("synth", "here", "--rows", "many"), ("invalid value for '--rows'",)),
    (("doctor", "--loud"), ("no such option",)),
    (("doctor", "one", "two"), ("unexpected extra argument",)),
])
def test_what_the_parser_refuses_is_one_line(run: Run, arguments: tuple[str, ...], parts: tuple[str, ...]) -> None:
    run(*arguments).refusal(64, *parts)


@pytest.mark.parametrize("arguments", [("--help",), ("match", "--help"), ("contract", "sign", "--help")])
def test_help_is_a_result(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.code, result.err) == (0, "")
    assert "Usage: cleanroom" in result.out


@pytest.mark.parametrize("arguments", [(), ("audit",), ("contract",)])
def test_a_group_without_a_command_shows_its_help_and_is_an_error(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.code == 64
    assert "Usage: cleanroom" in result.out + result.err


def test_the_version_is_a_result(run: Run) -> None:
    assert run("--version").code == 0


def test_ctrl_c_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["cleanroom.cli.report"], "RunFiles", interrupted)
    result = run("report", "here")
    assert (result.code, result.err.strip()) == (command.EXIT_INTERRUPTED, "cleanroom: interrupted")
