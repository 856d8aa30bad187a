"""docs/exit-codes.md lists every error class with its code, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import cleanroom.cli.main as command
from cleanroom import errors

TABLE = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (?:`(\w+)`)? ?\|", TABLE, re.MULTILINE)


def classes(base: type[errors.CleanroomError] = errors.CleanroomError) -> list[type[errors.CleanroomError]]:
    return [base, *(found for child in base.__subclasses__() if child.__module__ == errors.__name__
                    for found in classes(child))]


def test_every_error_class_is_listed_with_its_code() -> None:
    listed = sorted((name, int(code)) for code, name in ROWS if name)
    assert listed == sorted((error.__name__, error.exit_code) for error in classes())


def test_every_code_without_a_class_is_one_of_the_commands_own() -> None:
    own = {int(code) for code, name in ROWS if not name}
    assert own - {command.EXIT_INTERRUPTED} == {0}
    assert command.EXIT_INTERRUPTED in own
    assert errors.MisuseError.exit_code == command.EXIT_INTERNAL


def test_every_row_says_what_it_means() -> None:
    meanings = [line.split("|")[3].strip() for line in TABLE.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(meanings) == len(ROWS)
    assert all(meanings)
