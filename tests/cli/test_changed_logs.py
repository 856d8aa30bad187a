"""200 random single changes to the log of a finished run, on either side: each is caught by `audit verify`."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from tiny import Tiny, runs

from cleanroom.audit.verify import compare_runs
from cleanroom.cli.evidence import check_run_folder
from cleanroom.contract.check import ROLES
from cleanroom.errors import AuditError

CHANGES = ("change", "drop", "swap", "repeat", "insert", "truncate")


def changed(log: bytes, action: str, chance: random.Random) -> bytes:
    """The log with one change; "truncate" is what a full disk leaves of it."""
    lines = log.splitlines(keepends=True)
    first, second = sorted(chance.sample(range(len(lines)), 2))
    if action == "change":
        data = bytearray(log)
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
        return bytes(data)
    if action == "truncate":
        return log[:chance.randrange(len(log))]
    if action == "drop":
        del lines[first]
    elif action == "swap":
        lines[first], lines[second] = lines[second], lines[first]
    elif action == "repeat":
        lines.insert(second, lines[first])
    else:
        lines.insert(first, b'{"fields":{},"kind":"parameters_checked","seq":%d,"time":"2026-01-01T00:00:00.000000Z"}\n'
                     % first)
    return b"".join(lines)


@pytest.fixture(scope="module")
def folders(finished: Tiny, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Copies of both parties' folders, without the reports: the log alone decides."""
    made = {role: tmp_path_factory.mktemp("changed") / role for role in ROLES}
    for role, folder in made.items():
        shutil.copytree(runs(finished.party(role))[0], folder)
        for name in ("compliance.json", "compliance.html", "compliance.jsonld", "record.csv", "report.html",
                     "results.csv", "measurement.json"):
            (folder / name).unlink()
    return made


def verify(folders: dict[str, Path]) -> None:
    compare_runs(*(check_run_folder(folder, {}).verified for folder in folders.values()))


def test_the_two_folders_verify(folders: dict[str, Path]) -> None:
    verify(folders)


@pytest.mark.parametrize("seed", range(200))
def test_one_random_change_is_caught(folders: dict[str, Path], seed: int) -> None:
    chance = random.Random(seed)
    path = folders[chance.choice(list(ROLES))] / "audit.jsonl"
    good = path.read_bytes()
    bad = changed(good, CHANGES[seed % len(CHANGES)], chance)
    assert bad != good
    path.write_bytes(bad)
    try:
        with pytest.raises(AuditError) as caught:
            verify(folders)
    finally:
        path.write_bytes(good)
    assert "audit.jsonl line " in caught.value.where
