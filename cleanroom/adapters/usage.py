"""What a process has used so far, from Linux's /proc: its largest memory and its processor time."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """`memory`: the largest resident size so far, bytes. `seconds`: of processor time. Worker processes included."""

    memory: int
    seconds: float


def usage(pid: int) -> Usage:
    """Usage of a process and the processes it has started that still run; zeros when it has ended.

    The memory is the sum of each one's own largest size, so pages that they share count more than once.
    """
    found = [_own(one) for one in (pid, *_children(pid))]
    return Usage(sum(each.memory for each in found), sum(each.seconds for each in found))


def _own(pid: int) -> Usage:
    try:
        status = (_PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
        after_name = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return Usage(0, 0.0)
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    ticks = after_name.split()[11:13]  # utime, stime: proc(5) counts them as 14 and 15
    return Usage(1024 * int(peak[1]) if peak else 0, sum(map(int, ticks)) / _TICKS)


def _children(pid: int) -> list[int]:
    try:
        lists = [path.read_text(encoding="ascii") for path in (_PROC / str(pid) / "task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for text in lists for child in text.split()]
