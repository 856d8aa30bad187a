"""The compiled ladder: its only conditional jump is the loop, and it calls nothing."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess

import pytest
from native_kit import all_kernels

SPEC = importlib.util.find_spec("cleanroom._native._kernel")
OBJDUMP = shutil.which("objdump")
READABLE = SPEC is not None and OBJDUMP is not None and platform.machine() == "x86_64"
pytestmark = pytest.mark.skipif(not READABLE, reason="needs the built extension, objdump and x86-64")

CONDITIONAL = re.compile(r"\sj(?!mp)\w+\s+(?:[0-9a-f]+)")
SECRET_TIME = re.compile(r"\s(?:i?div|v?div\w+|v?gather\w*|vpgather\w*)\s")


def ladders() -> list[list[str]]:
    """The instructions of each function called `ladder` (the compiler may add a suffix), a list a kernel."""
    assert SPEC is not None
    assert SPEC.origin is not None
    command = [str(OBJDUMP), "-d", "--no-show-raw-insn", SPEC.origin]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    parts = re.split(r"\n[0-9a-f]+ <([^>]+)>:\n", text)
    return [body.splitlines() for name, body in zip(parts[1::2], parts[2::2], strict=True)
            if re.fullmatch(r"ladder(\.\w+)*", name)]


def test_the_ladder_has_one_conditional_jump_and_no_call() -> None:
    found = ladders()
    assert len(found) >= len(all_kernels()) > 0
    for lines in found:
        assert sum(bool(CONDITIONAL.search(line)) for line in lines) == 1, "a branch other than the loop"
        assert not [line for line in lines if "call" in line]
        assert not [line for line in lines if SECRET_TIME.search(line)]


def test_the_jump_closes_the_loop() -> None:
    for lines in ladders():
        jump = next(line for line in lines if CONDITIONAL.search(line))
        here, target = int(jump.split(":")[0], 16), int(jump.split()[2], 16)
        assert target < here
        addresses = [int(line.split(":")[0], 16) for line in lines if ":" in line]
        assert sum(target <= address <= here for address in addresses) > 0.8 * len(addresses)
