"""What a command printed and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    def refusal(self, code: int, *parts: str) -> str:
        """The one line of a refusal, checked: nothing on stdout, and after the lines of stages (indented) one line that
        says where and what to do."""
        assert self.code == code, self.err
        assert self.out == ""
        (line,) = [line for line in self.err.splitlines(keepends=True) if not line.startswith("  ")]
        assert self.err.endswith(line)
        assert line.startswith("cleanroom: ")
        assert " — " in line, line
        for part in parts:
            assert part in line, line
        return line


Run = Callable[..., Result]
